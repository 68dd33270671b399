// 3: bits nobody has given a meaning. 4: opcodes nobody has. All are 1002, and what came before
// them is echoed. (RFC 6455 section 5.2)
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, cut, frame, ping, text } from "../wire.mjs";
import { group } from "./shared.mjs";

const bits = [1, 2, 3, 4, 5, 6, 7].flatMap((rsv) => [
  { what: `rsv ${rsv} in the first text`, send: [text("hello", { rsv })] },
  { what: `rsv ${rsv} in empty text`, send: [text("", { rsv })] },
  {
    what: `rsv ${rsv} in the second text, a ping behind it`,
    send: [text("good"), text("bad", { rsv }), ping()],
    want: [[TEXT, "good"]],
  },
  {
    what: `rsv ${rsv} in the second text, all in one write`,
    send: [Buffer.concat([text("good"), text("bad", { rsv }), ping()])],
    want: [[TEXT, "good"]],
  },
  {
    what: `rsv ${rsv} in the second text, in writes of one byte`,
    send: [cut(Buffer.concat([text("good"), text("bad", { rsv }), ping()]), 1)],
    want: [[TEXT, "good"]],
  },
  { what: `rsv ${rsv} in binary`, send: [frame(BINARY, "hello", { rsv })] },
  { what: `rsv ${rsv} in a ping`, send: [frame(PING, "hello", { rsv })] },
  { what: `rsv ${rsv} in a pong`, send: [frame(PONG, "hello", { rsv })] },
  { what: `rsv ${rsv} in a close frame`, send: [frame(CLOSE, "", { rsv })] },
  {
    what: `rsv ${rsv} in a continuation`,
    send: [text("a", { fin: false }), frame(CONTINUATION, "b", { rsv })],
  },
]).map((kase) => ({ ...kase, fails: 1002 }));

const withDeflate = [1, 2, 3, 5, 6, 7].flatMap((rsv) => [
  { what: `rsv ${rsv} in text, although compression is on`, send: [text("hello", { rsv })] },
  { what: `rsv ${rsv} in a ping, although compression is on`, send: [ping("hello", { rsv })] },
]).map((kase) => ({ ...kase, offer: "permessage-deflate", fails: 1002 }));

const opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  { what: `opcode ${opcode}, empty`, send: [frame(opcode)] },
  { what: `opcode ${opcode} with payload`, send: [frame(opcode, "reserved")] },
  { what: `opcode ${opcode}, not final`, send: [frame(opcode, "reserved", { fin: false })] },
  {
    what: `opcode ${opcode} behind a good text`,
    send: [text("good"), frame(opcode, "x"), ping()],
    want: [[TEXT, "good"]],
  },
  {
    what: `opcode ${opcode} behind a good text, in writes of one byte`,
    send: [cut(Buffer.concat([text("good"), frame(opcode, "x"), ping()]), 1)],
    want: [[TEXT, "good"]],
  },
  {
    what: `opcode ${opcode} between fragments`,
    send: [text("a", { fin: false }), frame(opcode, "x"), frame(CONTINUATION, "b")],
  },
]).map((kase) => ({ ...kase, fails: 1002 }));

export default [
  ...group("3.1", bits),
  ...group("3.2", withDeflate),
  ...group("4.1", opcodes),
];
