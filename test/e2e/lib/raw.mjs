/* A client without manners: it writes exactly the bytes it is given, cut where it likes, and shows
 * exactly what comes back. Nothing here sleeps: everything waits for bytes, or for the end.
 *
 *     const raw = await Raw.open(server.http);
 *     raw.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
 *     (await raw.response()).status;
 *
 *     const ws = await Raw.upgrade(server.http, person('ann'));
 *     ws.write(frame(TEXT, '{"type":"ping"}'));
 *     (await ws.frame()).json; */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import zlib from 'node:zlib';

import { within } from './server.mjs';

export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

const bytesOf = (value) => (typeof value === 'string' ? Buffer.from(value) : value);

function lengthBytes(n) {
    if (n > 65535) {
        const bytes = Buffer.alloc(9, 127);
        bytes.writeBigUInt64BE(BigInt(n), 1);
        return bytes;
    }
    return Buffer.from(n > 125 ? [126, n >> 8, n & 255] : [n]);
}

/* A frame as a client sends it. declared: the length its header names, a BigInt if it is large. */
export function frame(opcode, payload = '', { fin = true, rsv = 0, masked = true, declared } = {}) {
    const plain = bytesOf(payload);
    const length = lengthBytes(declared ?? plain.length);
    const first = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode]);
    if (!masked) {
        return Buffer.concat([first, length, plain]);
    }
    length[0] |= 0x80;
    const mask = randomBytes(4);
    return Buffer.concat([first, length, mask, plain.map((byte, i) => byte ^ mask[i & 3])]);
}

/* One message in these fragments. */
export function fragments(opcode, parts, { rsv = 0 } = {}) {
    return parts.map((part, i) => frame(i === 0 ? opcode : CONTINUATION, part,
        { fin: i === parts.length - 1, rsv: i === 0 ? rsv : 0 }));
}

/* Packed for permessage-deflate. */
export function deflated(payload) {
    const packed = zlib.deflateRawSync(payload, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    return packed.subarray(0, packed.length - 4);
}

/* The payload of a close frame. */
export const closing = (code, reason = '') =>
    Buffer.concat([Buffer.from([code >> 8, code & 255]), bytesOf(reason)]);

/* A request as text. `headers` is a list, so that one may stand in it twice. */
export function request(target, { method = 'GET', version = '1.1', host = 'parloir.test',
    headers = [], body = '' } = {}) {
    const lines = [`${method} ${target} HTTP/${version}`,
        ...(host === null ? [] : [`Host: ${host}`]),
        ...headers];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/* An opening handshake. Headers may be replaced, or left out (null). */
export function upgradeRequest(who, { path = '/ws/hub', change = {}, extra = [] } = {}) {
    const headers = {
        Host: 'parloir.test', Upgrade: 'websocket', Connection: 'Upgrade',
        'Sec-WebSocket-Key': randomBytes(16).toString('base64'), 'Sec-WebSocket-Version': '13',
        Authorization: who ? `Bearer ${who.token}` : null, ...change,
    };
    const lines = Object.entries(headers).filter(([, value]) => value !== null)
        .map(([name, value]) => `${name}: ${value}`);
    return request(path, { host: null, headers: [...lines, ...extra] });
}

export class Raw {
    #socket;
    #bytes = Buffer.alloc(0);
    #wake = () => {};
    #how = null;    // how it ended: 'end' or an error's code

    /* Connects. from: the local address; tls: options of a TLS client; path: a Unix socket. */
    static async open(address, { from, tls: options } = {}) {
        const raw = new Raw();
        const [, host, port] = /^(.*):(\d+)$/.exec(address.replace(/^tls:/, '')) ?? [];
        const where = port ? { host, port: Number(port), localAddress: from } : { path: address };
        const opened = new Promise((resolve, reject) => {
            const settings = { ...where, noDelay: true, allowHalfOpen: true };
            raw.#socket = options
                ? tls.connect({ ...settings, rejectUnauthorized: false, ...options }, resolve)
                : net.connect(settings, resolve);
            raw.#socket.once('error', reject);
        });
        raw.#listen();
        await within(opened, () => `a connection to ${address}`);
        return raw;
    }

    /* Connects and goes through the upgrade. */
    static async upgrade(address, who, { deflate = false, ...options } = {}) {
        const raw = await Raw.open(address, options);
        const extra = deflate ? ['Sec-WebSocket-Extensions: permessage-deflate'] : [];
        raw.write(upgradeRequest(who, { extra }));
        const { status } = await raw.response();
        if (status !== 101) {
            throw new Error(`the upgrade was answered with ${status}`);
        }
        return raw;
    }

    #listen() {
        const socket = this.#socket;
        socket.on('data', (chunk) => {
            this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
            this.#wake();
        });
        socket.on('end', () => this.#ended('end'));
        socket.on('error', (error) => this.#ended(error.code));
        socket.on('close', () => this.#ended('close'));
    }

    #ended(how) {
        this.#how ??= how;
        this.#wake();
    }

    /* The client's socket itself. */
    get socket() {
        return this.#socket;
    }

    /* Bytes that came and were not asked for. */
    get waiting() {
        return this.#bytes.length;
    }

    /* Writes bytes; ignores that nobody may want them. */
    write(...pieces) {
        for (const piece of pieces.flat()) {
            if (this.#socket.writable) {
                this.#socket.write(piece);
            }
        }
    }

    /* Writes and waits until the system has taken it, or the connection is gone. */
    async pour(bytes) {
        if (!this.#socket.writable) {
            return;
        }
        await within(new Promise((resolve) => {
            this.#socket.once('close', resolve);
            this.#socket.write(bytes, () => {
                this.#socket.removeListener('close', resolve);
                resolve();
            });
        }), () => 'the server to read');
    }

    /* Sends our end, and goes on reading. */
    finish() {
        this.#socket.end();
    }

    /* Breaks the connection off, with RST. */
    reset() {
        this.#socket.resetAndDestroy();
    }

    stopReading() {
        this.#socket.pause();
    }

    readOn() {
        this.#socket.resume();
    }

    /* Waits until `find` makes something of the bytes: [the thing, bytes it took]. */
    async #take(find, what) {
        const search = async () => {
            for (;;) {
                const [found, n] = find(this.#bytes) ?? [];
                if (n !== undefined) {
                    this.#bytes = this.#bytes.subarray(n);
                    return found;
                }
                if (this.#how !== null) {
                    throw new Error(`${this.#how} instead of ${what}, after ` +
                        JSON.stringify(this.#bytes.toString('latin1').slice(0, 300)));
                }
                await new Promise((wake) => { this.#wake = wake; });
            }
        };
        return within(search(), () => what);
    }

    /* The next HTTP response. bodiless: it answers a HEAD. */
    response({ bodiless = false } = {}) {
        return this.#take((bytes) => {
            const end = bytes.indexOf('\r\n\r\n');
            if (end < 0) {
                return null;
            }
            const [line, ...rest] = bytes.toString('latin1', 0, end).split('\r\n');
            const headers = Object.fromEntries(rest.map((header) => {
                const colon = header.indexOf(':');
                return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
            }));
            const status = Number(line.split(' ')[1]);
            const n = bodiless || status === 101 ? 0 : Number(headers['content-length'] ?? 0);
            if (bytes.length < end + 4 + n) {
                return null;
            }
            const body = bytes.toString('utf8', end + 4, end + 4 + n);
            return [{ line, status, headers, body }, end + 4 + n];
        }, 'a response');
    }

    /* The next frame: its opcode, payload, and what that is: `code` of a close frame, `json`. */
    frame() {
        return this.#take((bytes) => {
            const short = (bytes[1] ?? 0) & 127;
            const head = short === 127 ? 10 : short === 126 ? 4 : 2;
            if (bytes.length < head) {
                return null;
            }
            const n = short === 127 ? Number(bytes.readBigUInt64BE(2))
                : short === 126 ? bytes.readUInt16BE(2) : short;
            if (bytes.length < head + n) {
                return null;
            }
            const payload = bytes.subarray(head, head + n);
            const opcode = bytes[0] & 15;
            const seen = { opcode, payload };
            if (opcode === CLOSE && n >= 2) {
                seen.code = payload.readUInt16BE(0);
                seen.reason = payload.toString('utf8', 2);
            } else if (opcode === TEXT && (bytes[0] & 0x40) === 0) {
                seen.json = JSON.parse(payload.toString());
            }
            return [seen, head + n];
        }, 'a frame');
    }

    /* The next frame of this opcode; what comes before it is dropped. */
    async frameOf(opcode) {
        for (;;) {
            const next = await this.frame();
            if (next.opcode === opcode) {
                return next;
            }
        }
    }

    /* Sends a request of the hub dialect and returns the answer that bears its id. */
    async ask(what) {
        const id = randomBytes(6).toString('hex');
        this.write(frame(TEXT, JSON.stringify({ ...what, id })));
        for (;;) {
            const { json } = await this.frameOf(TEXT);
            if (json.ref === id) {
                return json;
            }
        }
    }

    /* All bytes up to this mark, which is included. */
    line(mark = '\n') {
        return this.#take((bytes) => {
            const at = bytes.indexOf(mark);
            return at < 0 ? null : [bytes.toString('utf8', 0, at + mark.length), at + mark.length];
        }, `a line`);
    }

    /* The code of the close frame that comes, whatever comes before it. */
    async closeCode() {
        return (await this.frameOf(CLOSE)).code;
    }

    /* Waits for the server's end of the connection and leaves: 'end', or an error's code. What had
     * come until then is in `rest`. */
    async ended() {
        const search = async () => {
            while (this.#how === null) {
                await new Promise((wake) => { this.#wake = wake; });
            }
        };
        this.#socket.resume();
        await within(search(), () => 'the end of the connection');
        this.#socket.destroy();
        return this.#how;
    }

    get rest() {
        return this.#bytes.toString('latin1');
    }

    /* Leaves without a word. */
    leave() {
        this.#socket.destroy();
    }
}

/* The value of a metric, all its series together. */
export async function metric(server, name) {
    const raw = await Raw.open(server.http);
    raw.write(request('/metrics', { headers: ['Connection: close'] }));
    const { body } = await raw.response();
    raw.leave();
    const series = body.split('\n')
        .filter((line) => line.startsWith(name) && /^[ {]/.test(line[name.length]));
    return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/* Asks until a metric has this value, and no longer than patience lasts. */
export function metricIs(server, name, value) {
    let last;
    const ask = async () => {
        while ((last = await metric(server, name)) !== value) {
            // each round is a request to the server and back
        }
    };
    return within(ask(), () => `${name} to be ${value}, it is ${last}`);
}

/* What a process holds in memory; always 0 for one with a sanitizer, which keeps what was freed. */
export async function rssBytes(pid) {
    if (Number(process.env.PARLOIR_SLOW || 1) > 1) {
        return 0;
    }
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
}

/* How many descriptors a process has. */
export const descriptors = async (pid) => (await readdir(`/proc/${pid}/fd`)).length;
