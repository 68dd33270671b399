// 9: large messages, many fragments, small writes, and what is over the limits. All are for
// a server with the default limits (16 MiB, 65,537 fragments) but SMALL, which is for one with
// --message-bytes 1000 --fragments 10.
import { BINARY, CONTINUATION, TEXT, binary, cut, deflate, fragments, frame, ping, text }
  from "../wire.mjs";
import { group, textOf } from "./shared.mjs";

const KIB = 1024;
const MIB = 1024 * KIB;
export const MESSAGE_BYTES = 16 * MIB;

// Made when they are needed, not all of them at once.
const letters = (n) => textOf(n, "Grüße, 你好 und 😀! ");
const octets = (n) => Buffer.alloc(n, Buffer.from([0, 255, 17, 128, 3, 99, 254]));

const SIZES = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
const whole = SIZES.flatMap((n) => [[TEXT, letters], [BINARY, octets]].map(([opcode, make]) => ({
  what: `${opcode === TEXT ? "text" : "binary"} of ${n / KIB} KiB`,
  make() {
    const payload = make(n);
    return { send: [frame(opcode, payload)], want: [[opcode, payload]] };
  },
})));

const FRAGMENT_SIZES = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
const fragmented = FRAGMENT_SIZES.flatMap((size) => [TEXT, BINARY].map((opcode) => ({
  what: `opcode ${opcode}, 4 MiB in fragments of ${size} bytes`,
  make() {
    const payload = opcode === TEXT ? letters(4 * MIB) : octets(4 * MIB);
    return {
      send: [Buffer.concat(fragments(opcode, cut(payload, size)))],
      want: [[opcode, payload]],
    };
  },
})));

const CHOPS = [64, 128, 256, 512, KIB, 2 * KIB];
const chopped = CHOPS.flatMap((size) => [TEXT, BINARY].map((opcode) => ({
  what: `opcode ${opcode}, 1 MiB in writes of ${size} bytes`,
  make() {
    const payload = opcode === TEXT ? letters(MIB) : octets(MIB);
    return { send: [cut(frame(opcode, payload), size)], want: [[opcode, payload]] };
  },
})));

const hard = [
  {
    what: "64 KiB of text in writes of one byte",
    make() {
      const payload = letters(64 * KIB);
      return { send: [cut(text(payload), 1)], want: [[TEXT, payload]] };
    },
  },
  {
    what: "65,536 fragments of one byte",
    make() {
      const payload = letters(64 * KIB);
      return { send: [Buffer.concat(fragments(TEXT, cut(payload, 1)))], want: [[TEXT, payload]] };
    },
  },
  {
    what: "16 MiB in 65,536 fragments",
    make() {
      const payload = octets(16 * MIB);
      return {
        send: [Buffer.concat(fragments(BINARY, cut(payload, 256)))],
        want: [[BINARY, payload]],
      };
    },
  },
  ...[TEXT, BINARY].map((opcode) => ({
    what: `4 MiB of ${opcode === TEXT ? "text" : "bytes"} in 65,536 fragments, and an empty one`,
    make() {
      const payload = letters(4 * MIB);
      return {
        send: [Buffer.concat(fragments(opcode, [...cut(payload, 64), Buffer.alloc(0)]))],
        want: [[opcode, payload]],
      };
    },
  })),
  {
    what: "65,538 fragments",
    make: () => ({
      send: [Buffer.concat(fragments(BINARY, cut(Buffer.alloc(65538), 1)))],
      fails: 1008,
    }),
  },
  {
    what: "20 messages of 1 MiB, read only when all are sent",
    make() {
      const payload = octets(MIB);
      return {
        send: [Array.from({ length: 20 }, () => binary(payload))],
        want: Array.from({ length: 20 }, () => [BINARY, payload]),
      };
    },
  },
];

// Refused at the header: no payload is sent, and none is waited for.
const tooBig = [
  { what: "16 MiB and a byte", send: [binary("", { declared: MESSAGE_BYTES + 1 })] },
  { what: "4 GiB", send: [binary("", { declared: 2 ** 32 })] },
  { what: "2^40 bytes", send: [text("", { declared: 2 ** 40 })] },
  { what: "2^63-1 bytes", send: [text("", { declared: 2n ** 63n - 1n })] },
  {
    what: "fragments that together are a byte too many",
    make: () => ({
      send: [binary(Buffer.alloc(MESSAGE_BYTES), { fin: false }),
        frame(CONTINUATION, "", { declared: 1 })],
    }),
  },
  {
    what: "a good message before it is echoed",
    send: [text("good"), binary("", { declared: 2 ** 40 }), ping()],
    want: [[TEXT, "good"]],
  },
].map((kase) => ({ ...kase, fails: 1009 }));

const small = [
  {
    what: "a message of the limit",
    send: [text("x".repeat(1000))],
    want: [[TEXT, "x".repeat(1000)]],
  },
  { what: "a byte more", send: [text("x".repeat(1001))], fails: 1009 },
  {
    what: "fragments of the limit",
    send: fragments(TEXT, cut("x".repeat(1000), 100)),
    want: [[TEXT, "x".repeat(1000)]],
  },
  {
    what: "fragments, a byte more",
    send: fragments(TEXT, ["x".repeat(999), "xx"]),
    fails: 1009,
  },
  {
    what: "ten fragments",
    send: fragments(BINARY, cut("0123456789", 1)),
    want: [[BINARY, "0123456789"]],
  },
  { what: "eleven fragments", send: fragments(BINARY, cut("0123456789a", 1)), fails: 1008 },
  {
    what: "eleven fragments, all but the first empty",
    send: fragments(BINARY, ["a", "", "", "", "", "", "", "", "", "", ""]),
    fails: 1008,
  },
  {
    what: "two messages of the limit, the second not counted with the first",
    send: [text("x".repeat(1000)), text("y".repeat(1000))],
    want: [[TEXT, "x".repeat(1000)], [TEXT, "y".repeat(1000)]],
  },
  {
    what: "a packed message of the limit",
    offer: "permessage-deflate",
    send: [text(deflate("x".repeat(1000)), { rsv: 4 })],
    want: [[TEXT, "x".repeat(1000)]],
  },
  {
    what: "a packed message, a byte more",
    offer: "permessage-deflate",
    send: [text(deflate("x".repeat(1001)), { rsv: 4 })],
    fails: 1009,
  },
  {
    what: "a bomb: 64 MiB packed into little",
    offer: "permessage-deflate",
    make: () => ({ send: [binary(deflate(Buffer.alloc(64 * MIB)), { rsv: 4 })] }),
    fails: 1009,
  },
];

const bombs = [
  {
    what: "16 MiB packed into little",
    make: () => ({
      send: [binary(deflate(Buffer.alloc(MESSAGE_BYTES)), { rsv: 4 })],
      want: [[BINARY, Buffer.alloc(MESSAGE_BYTES)]],
    }),
  },
  {
    what: "16 MiB and a byte packed into little",
    make: () => ({
      send: [binary(deflate(Buffer.alloc(MESSAGE_BYTES + 1)), { rsv: 4 })],
      fails: 1009,
    }),
  },
  {
    what: "1 GiB packed into little",
    make: () => ({
      // A quarter of a GiB, packed once; its blocks four times in a row are a whole one.
      send: [binary(Buffer.concat(Array(4).fill(Buffer.concat([
        deflate(Buffer.alloc(256 * MIB)), Buffer.from([0, 0, 255, 255])]))), { rsv: 4 })],
      fails: 1009,
    }),
  },
].map((kase) => ({ ...kase, offer: "permessage-deflate" }));

export default [
  ...group("9.1", whole),
  ...group("9.3", fragmented),
  ...group("9.5", chopped),
  ...group("9.6", hard),
  ...group("9.9", tooBig),
  ...group("9.10", bombs),
];

export const SMALL = group("9.11", small);

// One message at a time, and back.
export const ROUNDS = group("9.7", [0, 16, 64, 256, 1024, 4096, 16384, 65536].flatMap((n) => [
  { what: `500 rounds of text of ${n} bytes`, opcode: TEXT, payload: "x".repeat(n), rounds: 500 },
  { what: `500 rounds of ${n} bytes`, opcode: BINARY, payload: octets(n), rounds: 500 },
]));
