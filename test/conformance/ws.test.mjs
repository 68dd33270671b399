// The same echo server, spoken to by a client that other people wrote: the `ws` package, which
// test/e2e installs.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { after, before, it } from "node:test";
import { startEcho } from "./echo.mjs";

const WebSocket = createRequire(new URL("../e2e/package.json", import.meta.url))("ws");

let echo;
before(async () => (echo = await startEcho()));
after(async () => assert.equal(await echo.stop(), 0));

async function open(options) {
  const socket = new WebSocket(`ws://127.0.0.1:${echo.port}/`, options);
  await once(socket, "open");
  return socket;
}

async function close(socket, code) {
  socket.close(code);
  const [got] = await once(socket, "close");
  assert.equal(got, code);
}

async function echoed(socket, message) {
  socket.send(message);
  const [data, isBinary] = await once(socket, "message");
  assert.equal(isBinary, typeof message !== "string");
  assert.ok(data.equals(Buffer.from(message)));
}

const OPTIONS = [
  ["plain", { perMessageDeflate: false }, false],
  ["compressed", { perMessageDeflate: { threshold: 0 } }, true],
  ["compressed, windows of 10 and 12 bits", { perMessageDeflate: { threshold: 0,
    serverMaxWindowBits: 10, clientMaxWindowBits: 12 } }, true],
  ["compressed, no context taken over", { perMessageDeflate: { threshold: 0,
    serverNoContextTakeover: true, clientNoContextTakeover: true } }, true],
];

for (const [what, options, isPacked] of OPTIONS) {
  it(`ws, ${what}: messages of every size come back`, async () => {
    const socket = await open(options);
    assert.equal(socket.extensions !== "", isPacked);
    for (const n of [0, 1, 125, 126, 1000, 65535, 65536, 1000000]) {
      await echoed(socket, "é".repeat(n));
      await echoed(socket, Buffer.alloc(n, "0123456789"));
    }
    await close(socket, 1000);
  });
}

it("ws: a ping is answered", async () => {
  const socket = await open();
  socket.ping("are you there");
  const [payload] = await once(socket, "pong");
  assert.equal(payload.toString(), "are you there");
  await close(socket, 4321);
});

it("ws: fragments are put together", async () => {
  const socket = await open();
  for (let i = 0; i < 100; i++) {
    socket.send(`piece ${i} `, { fin: i === 99 });
  }
  const [data] = await once(socket, "message");
  assert.equal(data.toString(), Array.from({ length: 100 }, (_, i) => `piece ${i} `).join(""));
  await close(socket, 1000);
});

it("ws: a hundred clients at once each get their own", async () => {
  const sockets = await Promise.all(Array.from({ length: 100 }, () => open()));
  await Promise.all(sockets.map(async (socket, i) => {
    for (let round = 0; round < 10; round++) {
      await echoed(socket, `client ${i}, round ${round}`);
    }
    await close(socket, 1000);
  }));
});
