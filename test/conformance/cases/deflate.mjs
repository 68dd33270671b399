// 12: compressed messages. 13: every combination of parameters. (RFC 7692)
import zlib from "node:zlib";
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, binary, closing, cut, deflate, fragments,
  frame, ping, text } from "../wire.mjs";
import { group, textOf } from "./shared.mjs";

const OFFER = "permessage-deflate";
const PACKED = { rsv: 4 };

// ---- contents

// A small generator of its own, so that a case is the same on every run.
function noise(n, seed = 1) {
  const out = Buffer.alloc(n);
  for (let i = 0, x = seed; i < n; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    out[i] = x >>> 16;
  }
  return out;
}

const PROSE = "Jetzt reden wir alle durcheinander, und jeder versteht jeden. Ça va? 你好! ";
const words = (n) => textOf(n, PROSE);
const json = (n) => {
  const line = (i) => JSON.stringify({ type: "msg", id: i, room: "lobby", text: `so ${i * 7}` });
  let out = "";
  for (let i = 0; out.length < n; i++) {
    out += line(i);
  }
  return Buffer.from(out.slice(0, n));
};

const KINDS = [
  ["JSON", TEXT, json],
  ["prose", TEXT, words],
  ["noise", BINARY, noise],
  ["zeros", BINARY, (n) => Buffer.alloc(n)],
];
const SIZES = [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072];

const packedWith = (options) => (opcode, payload) =>
  frame(opcode, deflate(payload, options), PACKED);

const contents = KINDS.flatMap(([name, opcode, make]) => SIZES.map((n) => ({
  what: `${name}, ${n} bytes, ten messages`,
  offer: OFFER,
  make() {
    const payloads = Array.from({ length: 10 }, (_, i) => make(n + i));
    return {
      send: payloads.map((payload) => packedWith()(opcode, payload)),
      want: payloads.map((payload) => [opcode, payload]),
    };
  },
})));

const cuts = KINDS.flatMap(([name, opcode, make]) => [
  ["in fragments of 100 bytes", (packed) => fragments(opcode, cut(packed, 100), PACKED)],
  ["in fragments of one byte", (packed) => fragments(opcode, cut(packed, 1), PACKED), 64],
  ["in writes of 7 bytes", (packed) => [cut(frame(opcode, packed, PACKED), 7)]],
].map(([how, send, n = 3000]) => ({
  what: `${name} ${how}`,
  offer: OFFER,
  make() {
    const payload = make(n);
    return { send: send(deflate(payload)), want: [[opcode, payload]] };
  },
})));

// ---- ways to pack, all of which must be understood

const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED, Z_FINISH, Z_FULL_FLUSH } = zlib.constants;
const SAMPLE = words(5000);

// The message in one final block (section 7.2.3.4), and the octet that stands for the cut-off tail.
const final = Buffer.concat([
  zlib.deflateRawSync(SAMPLE, { finishFlush: Z_FINISH }),
  Buffer.from([0]),
]);
const blocks = Buffer.concat([
  zlib.deflateRawSync(SAMPLE.subarray(0, 2500), { finishFlush: Z_FULL_FLUSH }),
  deflate(SAMPLE.subarray(2500)),
]);
const stored = Buffer.concat([
  Buffer.from([0, SAMPLE.length & 255, SAMPLE.length >> 8, ~SAMPLE.length & 255,
    (~SAMPLE.length >> 8) & 255]),
  SAMPLE, Buffer.from([0])]);

const ways = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => [`level ${level}`, deflate(SAMPLE, { level })]),
  ...[9, 10, 11, 12, 13, 14, 15].map((windowBits) =>
    [`a window of ${windowBits} bits`, deflate(SAMPLE, { windowBits })]),
  ...Object.entries({ Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED }).map(([name, strategy]) =>
    [name, deflate(SAMPLE, { strategy })]),
  ["little memory", deflate(SAMPLE, { memLevel: 1 })],
  ["a final block", final],
  ["two blocks with a flush between", blocks],
  ["a stored block", stored],
].map(([what, packed]) => ({
  what,
  offer: OFFER,
  send: [text(packed, PACKED)],
  want: [[TEXT, SAMPLE]],
  packed: true,
}));

const ordinary = [
  {
    what: "an empty message",
    send: [text(Buffer.from([0]), PACKED), text("after")],
    want: [[TEXT, ""], [TEXT, "after"]],
  },
  {
    what: "messages that are not compressed, although they might be",
    send: [text("plain"), text(deflate("packed"), PACKED), binary("plain")],
    want: [[TEXT, "plain"], [TEXT, "packed"], [BINARY, "plain"]],
  },
  {
    what: "a plain message in fragments, although compression is on",
    send: fragments(TEXT, ["one ", "two"]),
    want: [[TEXT, "one two"]],
  },
  {
    what: "a ping between the fragments of a packed message",
    send: fragments(TEXT, cut(deflate(SAMPLE), 500), PACKED).flatMap((f) => [f, ping("p")]),
    want: cut(deflate(SAMPLE), 500).flatMap((_, i, all) => (i < all.length - 1
      ? [[PONG, "p"]] : [[TEXT, SAMPLE], [PONG, "p"]])),
  },
  {
    what: "an empty first fragment",
    send: fragments(TEXT, ["", deflate(SAMPLE)], PACKED),
    want: [[TEXT, SAMPLE]],
  },
  {
    what: "an empty last fragment",
    send: fragments(TEXT, [deflate(SAMPLE), ""], PACKED),
    want: [[TEXT, SAMPLE]],
  },
  {
    what: "the example of RFC 7692, section 7.2.3.1",
    send: [text(Buffer.from("f248cdc9c90700", "hex"), PACKED)],
    want: [[TEXT, "Hello"]],
  },
  {
    what: "the same in two fragments",
    send: fragments(TEXT, [Buffer.from("f248cd", "hex"), Buffer.from("c9c90700", "hex")], PACKED),
    want: [[TEXT, "Hello"]],
  },
  {
    what: "the example of section 7.2.3.3, a stored block",
    send: [text(Buffer.from("000500faff48656c6c6f00", "hex"), PACKED)],
    want: [[TEXT, "Hello"]],
  },
  {
    what: "the example of section 7.2.3.4, a final block",
    send: [text(Buffer.from("f348cdc9c9070000", "hex"), PACKED)],
    want: [[TEXT, "Hello"]],
  },
  {
    what: "the example of section 7.2.3.5, two blocks",
    send: [text(Buffer.from("f24805000000ffffcac9c90700", "hex"), PACKED)],
    want: [[TEXT, "Hello"]],
  },
  {
    what: "the end behind a packed message",
    send: [text(deflate(SAMPLE), PACKED), closing(1001)],
    want: [[TEXT, SAMPLE]],
    closed: { code: 1001 },
  },
].map((kase) => ({ offer: OFFER, ...kase }));

const bad = [
  { what: "RSV1 where nothing was negotiated", offer: undefined, send: [text(deflate("a"), PACKED)],
    fails: 1002 },
  { what: "RSV1 in a continuation", send: [text("a", { fin: false, rsv: 4 }),
    frame(CONTINUATION, "b", PACKED)], fails: 1002 },
  { what: "RSV1 in a ping", send: [frame(PING, deflate("a"), PACKED)], fails: 1002 },
  { what: "RSV1 in a close frame", send: [frame(CLOSE, "", PACKED)], fails: 1002 },
  { what: "bytes that are not DEFLATE", send: [text(Buffer.alloc(20, 255), PACKED)], fails: 1007 },
  { what: "a reserved block type", send: [text(Buffer.from([6, 0]), PACKED)], fails: 1007 },
  { what: "a distance before the beginning",
    send: [binary(deflate("abcabcabcabcabc", { dictionary: Buffer.from("xyzabcabc") }), PACKED)],
    fails: 1007 },
  { what: "data that is cut short", send: [text(deflate(SAMPLE).subarray(0, 100), PACKED)],
    fails: 1007 },
  { what: "a stored block that is longer than its message",
    send: [text(Buffer.from("00ff0000ff48656c6c6f", "hex"), PACKED)], fails: 1007 },
  { what: "text that unpacks to what is not UTF-8", send: [text(deflate(noise(50)), PACKED)],
    fails: 1007 },
  { what: "text that unpacks to half a character",
    send: [text(deflate(Buffer.from([0x41, 0xe2, 0x82])), PACKED)], fails: 1007 },
  { what: "a good message before a bad one",
    send: [text(deflate("good"), PACKED), text(Buffer.alloc(20, 255), PACKED)],
    want: [[TEXT, "good"]], fails: 1007 },
].map((kase) => ({ offer: OFFER, ...kase }));

// ---- parameters

const parameters = [
  "",
  "; server_no_context_takeover",
  "; client_no_context_takeover",
  "; server_no_context_takeover; client_no_context_takeover",
];
const serverBits = [undefined, 9, 10, 11, 12, 13, 14, 15];
const clientBits = [undefined, "", 8, 9, 12, 15];

// The window our side packs with. zlib has none of 8 bits, and nobody holds us to one.
const ourBits = (client) => (typeof client === "number" && client > 8 ? client : 15);

const combinations = parameters.flatMap((takeover) => serverBits.flatMap((server) =>
  clientBits.map((client) => {
    const bits = [
      server === undefined ? "" : `; server_max_window_bits=${server}`,
      client === undefined ? "" : client === "" ? "; client_max_window_bits"
        : `; client_max_window_bits=${client}`,
    ].join("");
    return {
      what: `permessage-deflate${takeover}${bits}`,
      offer: `permessage-deflate${takeover}${bits}`,
      make() {
        const payloads = [words(100), json(3000), json(100000)];
        const pack = packedWith({ windowBits: ourBits(client) });
        return {
          send: payloads.map((payload) => pack(TEXT, payload)),
          want: payloads.map((payload) => [TEXT, payload]),
          packed: true,
        };
      },
    };
  })));

const lists = [
  ["two offers, the first is good",
    "permessage-deflate, permessage-deflate; server_max_window_bits=9"],
  ["an unknown extension before it", "x-unknown; a=b, permessage-deflate"],
  ["an offer we cannot keep, then one we can",
    "permessage-deflate; server_max_window_bits=8, permessage-deflate"],
  ["an offer with a parameter nobody knows, then a good one",
    "permessage-deflate; x=1, permessage-deflate"],
  ["the value in quotes", 'permessage-deflate; server_max_window_bits="10"'],
  ["spaces wherever they may be",
    "  permessage-deflate  ;  server_max_window_bits  =  12  ;client_max_window_bits "],
  ["two header lines", ["x-unknown", "permessage-deflate"]],
].map(([what, offer]) => ({
  what,
  offer,
  send: [text(deflate(SAMPLE), PACKED)],
  want: [[TEXT, SAMPLE]],
  packed: true,
}));

const declined = [
  "x-webkit-deflate-frame",
  "permessage-deflate; server_max_window_bits=8",
  "permessage-deflate; server_max_window_bits=7",
  "permessage-deflate; server_max_window_bits=16",
  "permessage-deflate; server_max_window_bits=09",
  "permessage-deflate; server_max_window_bits=x",
  "permessage-deflate; server_max_window_bits",
  "permessage-deflate; client_max_window_bits=7",
  "permessage-deflate; client_max_window_bits=16",
  "permessage-deflate; client_max_window_bits=1000000",
  "permessage-deflate; server_no_context_takeover=1",
  "permessage-deflate; client_no_context_takeover=0",
  "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
  "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
  "permessage-deflate; unknown",
  "permessage-bzip2",
].map((offer) => ({
  what: `declined: ${offer}`,
  offer,
  answer: null,
  send: [text("plain")],
  want: [[TEXT, "plain"]],
}));

export default [
  ...group("12.1", contents),
  ...group("12.2", cuts),
  ...group("12.3", ways),
  ...group("12.4", ordinary),
  ...group("12.5", bad),
  ...group("13.1", combinations),
  ...group("13.2", lists),
  ...group("13.3", declined),
];
