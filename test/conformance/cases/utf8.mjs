// 6: text must be UTF-8, and what cannot become UTF-8 any more fails at once, not at the end of the
// message. (RFC 6455 section 8.1, RFC 3629)
import { BINARY, CONTINUATION, TEXT, binary, cut, fragments, frame, text } from "../wire.mjs";
import { group } from "./shared.mjs";

const hex = (digits) => Buffer.from(digits.replaceAll(" ", ""), "hex");
const of = (...codes) => Buffer.from(String.fromCodePoint(...codes));

const VALID = [
  ["Greek", Buffer.from("κόσμε")],
  ["four scripts and a face", Buffer.from("Grüße, Привет, 你好, 😀")],
  ["nothing", hex("")],
  ["U+0000", hex("00")],
  ["U+0001", of(0x1)],
  ["U+007F, the last of one byte", of(0x7f)],
  ["U+0080, the first of two", of(0x80)],
  ["U+07FF, the last of two", of(0x7ff)],
  ["U+0800, the first of three", of(0x800)],
  ["U+0FFF", of(0xfff)],
  ["U+1000", of(0x1000)],
  ["U+CFFF", of(0xcfff)],
  ["U+D000", of(0xd000)],
  ["U+D7FF, before the surrogates", hex("ed 9f bf")],
  ["U+E000, behind the surrogates", hex("ee 80 80")],
  ["U+FEFF, a byte order mark", of(0xfeff)],
  ["U+FFFD", of(0xfffd)],
  ["U+FFFE, not a character and yet valid", of(0xfffe)],
  ["U+FFFF, the last of three", of(0xffff)],
  ["U+10000, the first of four", of(0x10000)],
  ["U+1FFFE", of(0x1fffe)],
  ["U+3FFFF", of(0x3ffff)],
  ["U+40000", of(0x40000)],
  ["U+FFFFF", of(0xfffff)],
  ["U+100000", of(0x100000)],
  ["U+10FFFF, the last of all", of(0x10ffff)],
];

// What is bad, and how many of its bytes show it.
const INVALID = [
  ["a lone continuation, 80", "80", 1],
  ["a lone continuation, BF", "bf", 1],
  ["two lone continuations", "80 bf", 1],
  ["all 64 continuations", "80 81 82 83 84 85 86 87 88 89 8a 8b 8c 8d 8e 8f", 1],
  ["C0", "c0 20", 1],
  ["C1", "c1 bf", 1],
  ["F5", "f5 80 80 80", 1],
  ["F8, of five bytes", "f8 88 80 80 80", 1],
  ["FC, of six bytes", "fc 84 80 80 80 80", 1],
  ["FE", "fe", 1],
  ["FF", "ff", 1],
  ["FE FE FF FF", "fe fe ff ff", 1],
  ["/ in two bytes", "c0 af", 1],
  ["/ in three bytes", "e0 80 af", 2],
  ["/ in four bytes", "f0 80 80 af", 2],
  ["U+007F in two bytes", "c1 bf", 1],
  ["U+07FF in three bytes", "e0 9f bf", 2],
  ["U+FFFF in four bytes", "f0 8f bf bf", 2],
  ["U+0000 in two bytes", "c0 80", 1],
  ["U+0000 in three bytes", "e0 80 80", 2],
  ["U+0000 in four bytes", "f0 80 80 80", 2],
  ["U+D800, the first surrogate", "ed a0 80", 2],
  ["U+DB7F, a surrogate", "ed ad bf", 2],
  ["U+DBFF, a surrogate", "ed af bf", 2],
  ["U+DC00, a surrogate", "ed b0 80", 2],
  ["U+DFFF, the last surrogate", "ed bf bf", 2],
  ["a pair of surrogates", "ed a0 81 ed b0 80", 2],
  ["U+110000", "f4 90 80 80", 2],
  ["U+13FFFF", "f4 bf bf bf", 2],
  ["two bytes, a letter in the second place", "c3 41", 2],
  ["two bytes, a first byte in the second place", "c3 c3", 2],
  ["three bytes, a letter in the second place", "e2 41 ac", 2],
  ["three bytes, a letter in the third place", "e2 82 41", 3],
  ["four bytes, a letter in the second place", "f0 41 98 80", 2],
  ["four bytes, a letter in the third place", "f0 9f 41 80", 3],
  ["four bytes, a letter in the fourth place", "f0 9f 98 41", 4],
  ["good Greek and then a surrogate", "ce ba e1 bd b9 cf 83 ed a0 80 65", 9],
].map(([what, digits, shows]) => [what, hex(digits), shows]);

// Good so far, but it ends inside a character.
const CUT_SHORT = [
  ["two bytes, one of them there", "c3"],
  ["three bytes, one of them there", "e2"],
  ["three bytes, two of them there", "e2 82"],
  ["four bytes, one of them there", "f0"],
  ["four bytes, two of them there", "f0 9f"],
  ["four bytes, three of them there", "f0 9f 98"],
  ["a whole character and half a one", "c3 a9 c3"],
].map(([what, digits]) => [what, hex(digits)]);

const valid = VALID.flatMap(([what, payload]) => [
  { what: `${what}, whole`, send: [text(payload)], want: [[TEXT, payload]] },
  {
    what: `${what}, in writes of one byte`,
    send: [cut(text(payload), 1)],
    want: [[TEXT, payload]],
  },
  {
    what: `${what}, in fragments of one byte`,
    send: fragments(TEXT, cut(payload, 1)),
    want: [[TEXT, payload]],
  },
]);

const LONG = Buffer.from("Grüße 你好 😀");
const splits = Array.from({ length: LONG.length - 1 }, (_, i) => ({
  what: `cut into two fragments at byte ${i + 1}`,
  send: fragments(TEXT, [LONG.subarray(0, i + 1), LONG.subarray(i + 1)]),
  want: [[TEXT, LONG]],
}));

const invalid = INVALID.flatMap(([what, payload]) => [
  { what: `${what}, whole`, send: [text(payload)] },
  {
    what: `${what}, in the middle of good text`,
    send: [text(Buffer.concat([Buffer.from("good "), payload, Buffer.from(" good")]))],
  },
  { what: `${what}, in writes of one byte`, send: [cut(text(payload), 1)] },
  { what: `${what}, in fragments of one byte`, send: fragments(TEXT, cut(payload, 1)) },
]).map((kase) => ({ ...kase, fails: 1007 }));

// The bytes that show it are sent, and nothing after them: the server must not wait.
const atOnce = INVALID.flatMap(([what, payload, shows]) => [
  {
    what: `${what}: fails although the frame is not over`,
    send: [text(payload.subarray(0, shows), { declared: 1000 })],
  },
  {
    what: `${what}: fails although the message is not over`,
    send: [text("good ", { fin: false }),
      frame(CONTINUATION, payload.subarray(0, shows), { fin: false })],
  },
]).map((kase) => ({ ...kase, fails: 1007 }));

const cutShort = CUT_SHORT.flatMap(([what, payload]) => [
  { what: `${what}, whole`, send: [text(payload)] },
  { what: `${what}, in fragments of one byte`, send: fragments(TEXT, cut(payload, 1)) },
  {
    what: `${what}, the last fragment empty`,
    send: fragments(TEXT, [payload, ""]),
  },
]).map((kase) => ({ ...kase, fails: 1007 }));

const others = [
  {
    what: "binary may be anything",
    send: INVALID.map(([, payload]) => binary(payload)),
    want: INVALID.map(([, payload]) => [BINARY, payload]),
  },
  {
    what: "a message cut inside a character does not spoil the next",
    send: [...fragments(TEXT, [hex("e2 82"), hex("ac")]), text("good")],
    want: [[TEXT, "€"], [TEXT, "good"]],
  },
  {
    what: "good text before bad text is echoed",
    send: [text("good"), text(hex("ff"))],
    want: [[TEXT, "good"]],
    fails: 1007,
  },
];

export default [
  ...group("6.1", valid),
  ...group("6.2", splits),
  ...group("6.3", invalid),
  ...group("6.4", atOnce),
  ...group("6.5", cutShort),
  ...group("6.6", others),
];
