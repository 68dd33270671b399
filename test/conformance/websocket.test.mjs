// Our own conformance run: the families of cases that suites for RFC 6455 and RFC 7692 have,
// against the echo server on our net/. Each case has a number that stays; `node --test` and its
// options run some of them:
//
//     PARLOIR_ECHO=build/gcc/test/parloir-echo \
//       node --test --test-name-pattern='^6\.4\.' test/conformance/websocket.test.mjs
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import closingCases from "./cases/closing.mjs";
import deflateCases from "./cases/deflate.mjs";
import fragmentCases from "./cases/fragments.mjs";
import framingCases from "./cases/framing.mjs";
import limitCases, { ROUNDS, SMALL } from "./cases/limits.mjs";
import reservedCases from "./cases/reserved.mjs";
import utf8Cases from "./cases/utf8.mjs";
import { startEcho } from "./echo.mjs";
import { play, playRounds } from "./play.mjs";

// Runs the cases against one server, which must be alive and well afterwards.
function family(name, cases, { args = [], concurrency = 8, run = play } = {}) {
  describe(name, { concurrency }, () => {
    let echo;
    before(async () => (echo = await startEcho(...args)));
    for (const kase of cases) {
      it(`${kase.id} ${kase.what}`, () => run(echo.port, { ...kase, ...kase.make?.() }));
    }
    after(async () => assert.equal(await echo.stop(), 0, "the server did not end in order"));
  });
}

describe("websocket", { concurrency: 1 }, () => {
  family("1, 2 framing, pings", framingCases);
  family("3, 4 reserved bits and opcodes", reservedCases);
  family("5, 10 fragments", fragmentCases);
  family("6 UTF-8", utf8Cases);
  family("7 the end", closingCases);
  family("9 limits", limitCases, { concurrency: 2 });
  family("9.7 rounds", ROUNDS, { concurrency: 2, run: playRounds });
  family("9.11 small limits", SMALL, { args: ["--message-bytes", "1000", "--fragments", "10"] });
  family("12, 13 compression", deflateCases, { concurrency: 4 });
});
