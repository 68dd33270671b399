// 1: lengths of messages and how they are written. 2: pings and pongs. (RFC 6455 sections 5.2, 5.5)
import { BINARY, CONTINUATION, PING, PONG, TEXT, binary, closing, cut, fragments, frame, ping, pong,
  text } from "../wire.mjs";
import { group } from "./shared.mjs";

const LENGTHS = [0, 1, 2, 3, 63, 124, 125, 126, 127, 128, 129, 255, 256,
  65534, 65535, 65536, 65537];

const letters = (n) => "*".repeat(n);
const octets = (n) => Buffer.from(Array.from({ length: n }, (_, i) => (i * 7) & 255));

const whole = LENGTHS.flatMap((n) => [
  { what: `text of ${n} bytes`, send: [text(letters(n))], want: [[TEXT, letters(n)]] },
  { what: `${n} bytes of binary`, send: [binary(octets(n))], want: [[BINARY, octets(n)]] },
]);

const chopped = LENGTHS.flatMap((n) => [TEXT, BINARY].map((opcode) => {
  const payload = opcode === TEXT ? Buffer.from(letters(n)) : octets(n);
  const size = n > 1000 ? 997 : 1;
  return {
    what: `opcode ${opcode}, ${n} bytes in writes of ${size}`,
    send: [cut(frame(opcode, payload), size)],
    want: [[opcode, payload]],
  };
}));

const forms = [
  { what: "125 bytes with a 16-bit length", send: [text(letters(125), { lengthForm: 16 })] },
  { what: "no bytes with a 16-bit length", send: [text("", { lengthForm: 16 })] },
  { what: "65535 bytes with a 64-bit length", send: [text(letters(65535), { lengthForm: 64 })] },
  { what: "5 bytes with a 64-bit length", send: [binary("hello", { lengthForm: 64 })] },
  {
    what: "a 64-bit length with the top bit set",
    send: [binary("hello", { lengthForm: 64, declared: 2n ** 63n + 5n })],
  },
  { what: "text that is not masked", send: [text("hello", { masked: false })] },
  { what: "a ping that is not masked", send: [ping("hello", { masked: false })] },
  { what: "a close frame that is not masked", send: [frame(8, "", { masked: false })] },
  {
    what: "a good message, then one that is not masked",
    send: [text("good"), text("bad", { masked: false })],
    want: [[TEXT, "good"]],
  },
].map((kase) => ({ ...kase, fails: 1002 }));

const many = [
  {
    what: "100 messages in one write",
    send: [Buffer.concat(Array.from({ length: 100 }, (_, i) => text(`message ${i}`)))],
    want: Array.from({ length: 100 }, (_, i) => [TEXT, `message ${i}`]),
  },
  {
    what: "100 messages in writes of 3 bytes",
    send: [cut(Buffer.concat(Array.from({ length: 100 }, (_, i) => text(`message ${i}`))), 3)],
    want: Array.from({ length: 100 }, (_, i) => [TEXT, `message ${i}`]),
  },
  {
    what: "text and binary by turns keep their kind",
    send: [text("a"), binary("b"), text("c"), binary("")],
    want: [[TEXT, "a"], [BINARY, "b"], [TEXT, "c"], [BINARY, ""]],
  },
];

const pings = [
  { what: "a ping without payload", send: [ping()], want: [[PONG, ""]] },
  { what: "a ping with payload", send: [ping("hello")], want: [[PONG, "hello"]] },
  {
    what: "a ping with bytes that are not UTF-8",
    send: [ping(Buffer.from([0, 255, 254, 253, 0, 128]))],
    want: [[PONG, Buffer.from([0, 255, 254, 253, 0, 128])]],
  },
  { what: "a ping of 125 bytes", send: [ping(octets(125))], want: [[PONG, octets(125)]] },
  { what: "a ping of 126 bytes", send: [ping(octets(126))], fails: 1002 },
  { what: "a ping of 65536 bytes", send: [ping(octets(65536))], fails: 1002 },
  {
    what: "a ping of 125 bytes in writes of one",
    send: [cut(ping(octets(125)), 1)],
    want: [[PONG, octets(125)]],
  },
  { what: "a pong nobody asked for, empty", send: [pong(), ping("a")], want: [[PONG, "a"]] },
  { what: "a pong nobody asked for", send: [pong("x"), ping("a")], want: [[PONG, "a"]] },
  { what: "a pong of 126 bytes", send: [pong(octets(126))], fails: 1002 },
  {
    what: "10 pings in writes of their own",
    send: Array.from({ length: 10 }, (_, i) => ping(`ping ${i}`)),
    want: Array.from({ length: 10 }, (_, i) => [PONG, `ping ${i}`]),
  },
  {
    what: "10 pings in writes of one byte",
    send: Array.from({ length: 10 }, (_, i) => cut(ping(`ping ${i}`), 1)),
    want: Array.from({ length: 10 }, (_, i) => [PONG, `ping ${i}`]),
  },
  {
    what: "1000 pings in one write",
    send: [Buffer.concat(Array.from({ length: 1000 }, (_, i) => ping(`ping ${i}`)))],
    want: Array.from({ length: 1000 }, (_, i) => [PONG, `ping ${i}`]),
  },
  {
    what: "a ping between two messages is answered between their echoes",
    send: [text("a"), ping("b"), text("c")],
    want: [[TEXT, "a"], [PONG, "b"], [TEXT, "c"]],
  },
  { what: "a ping in fragments", send: [ping("a", { fin: false })], fails: 1002 },
  { what: "a pong in fragments", send: [pong("a", { fin: false })], fails: 1002 },
  {
    what: "the second half of a ping",
    send: [frame(PING, "a", { fin: false }), frame(CONTINUATION, "b")],
    fails: 1002,
  },
  {
    what: "a ping between fragments is answered at once",
    send: [...fragments(TEXT, ["one ", "two"]).flatMap((f, i) => (i === 0 ? [f, ping("p")] : [f]))],
    want: [[PONG, "p"], [TEXT, "one two"]],
  },
  {
    what: "a ping behind a close frame is not answered",
    send: [Buffer.concat([closing(1000), ping("late")])],
    closed: { code: 1000 },
  },
];

export default [
  ...group("1.1", whole),
  ...group("1.2", chopped),
  ...group("1.3", forms),
  ...group("1.4", many),
  ...group("2.1", pings),
];
