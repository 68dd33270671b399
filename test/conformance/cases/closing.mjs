// 7: how a connection ends. (RFC 6455 sections 5.5.1 and 7)
import { CLOSE, CONTINUATION, PONG, TEXT, closing, cut, frame, ping, text } from "../wire.mjs";
import { group } from "./shared.mjs";

const GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
  3000, 3001, 3999, 4000, 4401, 4999];
const BAD_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 1999, 2000, 2999,
  5000, 32768, 65535];

const orders = [
  { what: "a message, then the end", send: [text("last")], want: [[TEXT, "last"]] },
  { what: "the end without a message" },
  {
    what: "two close frames",
    send: [closing(1000), closing(1001)],
    closed: { code: 1000 },
  },
  {
    what: "a message and the end in one write",
    send: [Buffer.concat([text("last"), closing(1000)])],
    want: [[TEXT, "last"]],
    closed: { code: 1000 },
  },
  {
    what: "a message behind the end is not echoed",
    send: [closing(1000), text("too late")],
    closed: { code: 1000 },
  },
  {
    what: "a message behind the end in the same write is not echoed",
    send: [Buffer.concat([closing(1000), text("too late")])],
    closed: { code: 1000 },
  },
  {
    what: "256 KiB behind the end do not drown the close frame",
    send: [Buffer.concat([closing(1000), text("x".repeat(262144))])],
    closed: { code: 1000 },
  },
  {
    what: "the end between fragments",
    send: [text("a", { fin: false }), closing(1000), frame(CONTINUATION, "b")],
    closed: { code: 1000 },
  },
  {
    what: "a ping and the end in one write",
    send: [Buffer.concat([ping("p"), closing(1000)])],
    want: [[PONG, "p"]],
    closed: { code: 1000 },
  },
  {
    what: "garbage behind the end",
    send: [Buffer.concat([closing(1000), Buffer.alloc(500, 255)])],
    closed: { code: 1000 },
  },
];

const payloads = [
  { what: "no payload", send: [closing()], closed: { code: undefined } },
  { what: "one byte", send: [frame(CLOSE, Buffer.from([3]))], fails: 1002 },
  { what: "a code alone", send: [closing(1000)], closed: { code: 1000 } },
  { what: "a reason", send: [closing(1000, "done")], closed: { code: 1000 } },
  { what: "a reason of 123 bytes", send: [closing(1000, "*".repeat(123))], closed: { code: 1000 } },
  { what: "a reason of 124 bytes", send: [closing(1000, "*".repeat(124))], fails: 1002 },
  { what: "a reason of 4 scripts", send: [closing(1000, "é 你 😀")], closed: { code: 1000 } },
  {
    what: "a reason that is not UTF-8",
    send: [closing(1000, Buffer.from([0xce, 0xba, 0xed, 0xa0, 0x80]))],
    fails: 1007,
  },
  {
    what: "a reason that ends inside a character",
    send: [closing(1000, Buffer.from([0xe2, 0x82]))],
    fails: 1007,
  },
  {
    what: "a code and a reason in writes of one byte",
    send: [cut(closing(3000, "done"), 1)],
    closed: { code: 3000 },
  },
  {
    what: "a close frame that is not final",
    send: [frame(CLOSE, "", { fin: false })],
    fails: 1002,
  },
];

const goodCodes = GOOD_CODES.flatMap((code) => [
  { what: `code ${code} comes back`, send: [closing(code)], closed: { code } },
  { what: `code ${code} with a reason comes back`, send: [closing(code, "why")], closed: { code } },
]);

const badCodes = BAD_CODES.flatMap((code) => [
  { what: `code ${code} is refused`, send: [closing(code)], fails: 1002 },
  { what: `code ${code} with a reason is refused`, send: [closing(code, "why")], fails: 1002 },
]);

export default [
  ...group("7.1", orders),
  ...group("7.3", payloads),
  ...group("7.7", goodCodes),
  ...group("7.9", badCodes),
];
