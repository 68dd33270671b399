// A WebSocket client that may do everything wrong: it sends exactly the bytes it is given and
// reports exactly the frames that come back. Only sockets, hashes and zlib of Node are used.
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import zlib from "node:zlib";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const SLOW = Number(process.env.PARLOIR_SLOW ?? 1);
export const DEADLINE_MS = 20000 * SLOW;

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const bytesOf = (payload) => (typeof payload === "string" ? Buffer.from(payload) : payload);

function lengthBytes(n, form) {
  if (form === 64 || (form === undefined && n > 65535)) {
    const out = Buffer.alloc(9, 127);
    out.writeBigUInt64BE(BigInt(n), 1);
    return out;
  }
  if (form === 16 || (form === undefined && n > 125)) {
    return Buffer.from([126, n >> 8, n & 255]);
  }
  return Buffer.from([n]);
}

// XORs in place, a word at a time where that pays.
function mask(payload, key) {
  for (let i = 0; i < payload.length; i++) {
    payload[i] ^= key[i & 3];
  }
  return payload;
}

// A frame as a client sends it. Options: fin, rsv (0..7), masked, lengthForm (7, 16, 64), declared
// (the length the header names, if not the payload's).
export function frame(opcode, payload = "", options = {}) {
  const { fin = true, rsv = 0, masked = true, lengthForm, declared } = options;
  const plain = bytesOf(payload);
  const length = lengthBytes(declared ?? plain.length, lengthForm);
  length[0] |= masked ? 0x80 : 0;
  const first = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode]);
  if (!masked) {
    return Buffer.concat([first, length, plain]);
  }
  const key = randomBytes(4);
  return Buffer.concat([first, length, key, mask(Buffer.from(plain), key)]);
}

export const text = (payload, options) => frame(TEXT, payload, options);
export const binary = (payload, options) => frame(BINARY, payload, options);
export const ping = (payload, options) => frame(PING, payload, options);
export const pong = (payload, options) => frame(PONG, payload, options);

export function closing(code, reason = "") {
  if (code === undefined) {
    return frame(CLOSE);
  }
  return frame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), bytesOf(reason)]));
}

// One message in fragments of these payloads.
export function fragments(opcode, payloads, options = {}) {
  return payloads.map((payload, i) =>
    frame(i === 0 ? opcode : CONTINUATION, payload, {
      fin: i === payloads.length - 1,
      rsv: i === 0 ? (options.rsv ?? 0) : 0,
    }));
}

// Cuts into pieces of `size` bytes; nothing gives one empty piece.
export function cut(payload, size) {
  const plain = bytesOf(payload);
  const out = [];
  for (let at = 0; at < plain.length; at += size) {
    out.push(plain.subarray(at, at + size));
  }
  return out.length > 0 ? out : [plain];
}

// Compresses for permessage-deflate: no context from before, the 00 00 FF FF tail gone.
export function deflate(payload, options = {}) {
  const out = zlib.deflateRawSync(bytesOf(payload), {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    ...options,
  });
  return out.subarray(0, out.length - 4);
}

const TAIL = Buffer.from([0, 0, 255, 255]);

// Reads frames out of chunks as they come, without ever copying a chunk twice.
class FrameReader {
  chunks = [];
  bytes = 0;
  need = 2;

  push(chunk) {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
  }

  take(n) {
    const out = Buffer.allocUnsafe(n);
    let at = 0;
    let used = 0;
    while (at < n) {
      const chunk = this.chunks[used];
      const part = Math.min(chunk.length, n - at);
      chunk.copy(out, at, 0, part);
      at += part;
      if (part < chunk.length) {
        this.chunks[used] = chunk.subarray(part);
      } else {
        used++;
      }
    }
    this.chunks.splice(0, used);
    this.bytes -= n;
    return out;
  }

  peek(n) {
    if (this.chunks[0].length < n) {
      const head = Buffer.concat(this.chunks);
      this.chunks = [head];
    }
    return this.chunks[0];
  }

  // The next frame, or null while it is not whole.
  next() {
    if (this.bytes < this.need) {
      return null;
    }
    const head = this.peek(2);
    const short = head[1] & 0x7f;
    const headBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (this.bytes < headBytes) {
      this.need = headBytes;
      return null;
    }
    const whole = this.peek(headBytes);
    const length = short === 127 ? Number(whole.readBigUInt64BE(2))
      : short === 126 ? whole.readUInt16BE(2) : short;
    if (this.bytes < headBytes + length) {
      this.need = headBytes + length;
      return null;
    }
    this.need = 2;
    this.take(headBytes);
    return {
      fin: (head[0] & 0x80) !== 0,
      rsv: (head[0] >> 4) & 7,
      opcode: head[0] & 15,
      isMasked: (head[1] & 0x80) !== 0,
      lengthBytes: headBytes,
      payload: length > 0 ? this.take(length) : Buffer.alloc(0),
    };
  }
}

function parseHead(head) {
  const [first, ...lines] = head.split("\r\n");
  const headers = {};
  for (const line of lines.filter((l) => l !== "")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    headers[name] = (name in headers ? headers[name] + ", " : "") + line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(" ")[1]), headers };
}

// The lines of a good opening handshake. `change` may replace or (null) leave out headers.
export function requestLines(port, key, change = {}) {
  const headers = {
    Host: `127.0.0.1:${port}`,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Version": "13",
    ...change,
  };
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== null)
    .flatMap(([name, value]) => [value].flat().map((v) => `${name}: ${v}`));
  return lines.join("\r\n");
}

export class Client {
  response = null;
  frames = []; // that arrived and were not asked for yet
  hasEnded = false; // the server's FIN came
  error = null;
  #reader = new FrameReader();
  #head = Buffer.alloc(0);
  #wake = () => {};

  constructor(port) {
    this.port = port;
    this.key = randomBytes(16).toString("base64");
    this.socket = net.connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    this.socket.on("data", (chunk) => this.#onData(chunk));
    this.socket.on("end", () => this.#change(() => (this.hasEnded = true)));
    this.socket.on("error", (error) => this.#change(() => (this.error = error)));
  }

  #change(what) {
    what();
    this.#wake();
  }

  #onData(chunk) {
    if (this.response === null) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) {
        return;
      }
      this.response = parseHead(this.#head.toString("latin1", 0, end));
      chunk = this.#head.subarray(end + 4);
    }
    if (this.response.status === 101) {
      this.#reader.push(chunk);
      for (let f; (f = this.#reader.next()) !== null;) {
        this.frames.push(f);
      }
    }
    this.#wake();
  }

  // Waits until `test` holds. Says what it waited for when it never does.
  async until(test, what) {
    const deadline = Date.now() + DEADLINE_MS;
    while (!test()) {
      if (this.error !== null) {
        throw new Error(`waiting for ${what}: ${this.error.message}`);
      }
      await new Promise((resolve, reject) => {
        const late = () => reject(new Error(`${what} did not come`));
        const timer = setTimeout(late, Math.max(0, deadline - Date.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  // Sends one Buffer, or an array of them each in a write of its own.
  async send(what) {
    for (const piece of [what].flat()) {
      const isTaken = this.socket.write(piece);
      if (!isTaken && this.error === null && !this.socket.destroyed) {
        await new Promise((resolve) => {
          this.socket.once("drain", resolve);
          this.socket.once("close", resolve);
        });
      }
    }
  }

  async handshake({ offer, change = {}, chop, behind } = {}) {
    const headers = { ...change };
    if (offer !== undefined) {
      headers["Sec-WebSocket-Extensions"] = offer;
    }
    const head = `GET /echo HTTP/1.1\r\n${requestLines(this.port, this.key, headers)}\r\n\r\n`;
    const bytes = Buffer.concat([Buffer.from(head), ...(behind ?? [])]);
    await this.send(chop ? cut(bytes, chop) : bytes);
    await this.until(() => this.response !== null, "the response");
    return this.response;
  }

  get acceptWanted() {
    return createHash("sha1").update(this.key + GUID).digest("base64");
  }

  // The next frame, null at the end of the stream.
  async nextFrame() {
    await this.until(() => this.frames.length > 0 || this.hasEnded, "a frame or the end");
    return this.frames.shift() ?? null;
  }

  // The next message or control frame as { opcode, payload, isPacked }, null at the end. Checks
  // what every frame of a server must keep to.
  async nextMessage(windowBits) {
    let first = null;
    const parts = [];
    for (;;) {
      const f = await this.nextFrame();
      if (f === null) {
        if (first !== null) {
          throw new Error("the stream ended inside a message");
        }
        return null;
      }
      checkFrame(f, first, windowBits);
      if (f.opcode >= CLOSE) {
        return { opcode: f.opcode, payload: f.payload, isPacked: false };
      }
      first ??= f;
      parts.push(f.payload);
      if (f.fin) {
        return { opcode: first.opcode, ...unpack(first, parts, windowBits) };
      }
    }
  }

  destroy() {
    this.socket.destroy();
  }
}

function unpack(first, parts, windowBits) {
  const packed = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  if (first.rsv === 0) {
    return { payload: packed, isPacked: false };
  }
  const payload = zlib.inflateRawSync(Buffer.concat([packed, TAIL]), {
    windowBits,
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
  });
  return { payload, isPacked: true };
}

function checkFrame(f, first, windowBits) {
  const shortest = f.payload.length > 65535 ? 10 : f.payload.length > 125 ? 4 : 2;
  if (f.isMasked || f.lengthBytes !== shortest || (f.rsv & 3) !== 0) {
    throw new Error("the server's frame is masked, reserved, or longer than need be");
  }
  if (f.rsv !== 0 && (windowBits === undefined || f.opcode === CONTINUATION || f.opcode >= CLOSE)) {
    throw new Error("the server's frame is marked compressed and may not be");
  }
  if (f.opcode >= CLOSE ? !f.fin || f.payload.length > 125
    : (f.opcode === CONTINUATION) !== (first !== null)) {
    throw new Error("the server's frame is out of order, or a control frame in pieces");
  }
}
