// 5: messages in fragments. 10: the same, cut by size. (RFC 6455 section 5.4)
import { BINARY, CONTINUATION, PONG, TEXT, binary, cut, fragments, frame, ping, text }
  from "../wire.mjs";
import { group } from "./shared.mjs";

const SENTENCE = "Fragments of one message, put together again.";

// Every way to send the same frames.
const ways = (what, frames, want) => [
  { what, send: frames, want },
  { what: `${what}, in one write`, send: [Buffer.concat(frames)], want },
  { what: `${what}, in writes of one byte`, send: [cut(Buffer.concat(frames), 1)], want },
];

const good = [
  ...ways("text in two fragments", fragments(TEXT, ["one ", "two"]), [[TEXT, "one two"]]),
  ...ways("binary in two fragments", fragments(BINARY, ["one ", "two"]), [[BINARY, "one two"]]),
  ...ways("three fragments, the middle one empty", fragments(TEXT, ["a", "", "b"]), [[TEXT, "ab"]]),
  ...ways("three empty fragments", fragments(TEXT, ["", "", ""]), [[TEXT, ""]]),
  ...ways("an empty first fragment", fragments(TEXT, ["", "ab"]), [[TEXT, "ab"]]),
  ...ways("an empty last fragment", fragments(BINARY, ["ab", ""]), [[BINARY, "ab"]]),
  ...ways(
    "a ping between two fragments",
    [text("a", { fin: false }), ping("p"), frame(CONTINUATION, "b")],
    [[PONG, "p"], [TEXT, "ab"]],
  ),
  ...ways(
    "pings between five fragments",
    fragments(TEXT, ["1", "2", "3", "4", "5"]).flatMap((f, i) => [f, ping(`p${i}`)]),
    [0, 1, 2, 3].map((i) => [PONG, `p${i}`]).concat([[TEXT, "12345"], [PONG, "p4"]]),
  ),
  ...ways(
    "two messages in fragments",
    [...fragments(TEXT, ["a", "b"]), ...fragments(BINARY, ["c", "d"])],
    [[TEXT, "ab"], [BINARY, "cd"]],
  ),
  ...ways("1000 fragments of one byte", fragments(TEXT, cut("x".repeat(1000), 1)),
    [[TEXT, "x".repeat(1000)]]),
];

const splits = Array.from({ length: SENTENCE.length + 1 }, (_, at) => ({
  what: `two fragments, cut at ${at}`,
  send: fragments(TEXT, [SENTENCE.slice(0, at), SENTENCE.slice(at)]),
  want: [[TEXT, SENTENCE]],
}));

const sizes = [1, 2, 125, 126, 127, 1300, 4096, 65535, 65536].map((size) => {
  const payload = Buffer.alloc(size < 100 ? 2000 : 200000, SENTENCE);
  return {
    what: `fragments of ${size} bytes`,
    send: [Buffer.concat(fragments(BINARY, cut(payload, size)))],
    want: [[BINARY, payload]],
  };
});

const start = () => text("a", { fin: false });
const bad = [
  { what: "a last fragment without a first", send: [frame(CONTINUATION, "a")] },
  { what: "a middle fragment without a first", send: [frame(CONTINUATION, "a", { fin: false })] },
  { what: "an empty fragment without a first", send: [frame(CONTINUATION)] },
  {
    what: "a fragment behind the last one",
    send: [...fragments(TEXT, ["a", "b"]), frame(CONTINUATION, "c")],
    want: [[TEXT, "ab"]],
  },
  {
    what: "a fragment behind a whole message",
    send: [text("whole"), frame(CONTINUATION, "c", { fin: false })],
    want: [[TEXT, "whole"]],
  },
  { what: "a whole text inside a fragmented one", send: [start(), text("b")] },
  { what: "a whole binary inside a fragmented text", send: [start(), binary("b")] },
  { what: "two first fragments", send: [start(), text("b", { fin: false })] },
  {
    what: "a whole text inside a fragmented one, in one write",
    send: [Buffer.concat([start(), text("b"), frame(CONTINUATION, "c")])],
  },
  {
    what: "a whole text inside a fragmented one, in writes of one byte",
    send: [cut(Buffer.concat([start(), text("b"), frame(CONTINUATION, "c")]), 1)],
  },
  {
    what: "fragments without a first, each time a message is over",
    send: [...fragments(BINARY, ["a", "b"]), ping("p"), frame(CONTINUATION, "c", { fin: false })],
    want: [[BINARY, "ab"], [PONG, "p"]],
  },
].map((kase) => ({ ...kase, fails: 1002 }));

export default [
  ...group("5.1", good),
  ...group("5.2", splits),
  ...group("5.3", bad),
  ...group("10.1", sizes),
];
