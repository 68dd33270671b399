/* A client of the line protocol tchatator: a raw socket that counts the pieces an answer comes in,
 * because deployed clients read once. */
import net from 'node:net';
import tls from 'node:tls';

import { within } from './server.mjs';

/* The lines of a command: its name and what is given for each parameter, in that order. */
export const lines = (name, parameters = {}) =>
    [name, ...Object.entries(parameters).map(([key, value]) => `${key}:${value}`)]
        .map((line) => `${line}\n`).join('');

/* An answer: { status, and each key's value }. Fails for what a simple client could not read. */
export function parse(text) {
    const all = text.split('\n');
    if (all.pop() !== '' || all.some((line) => line === '')) {
        throw new Error(`an empty line, or no line feed at the end: ${JSON.stringify(text)}`);
    }
    const [status, ...rest] = all;
    const answer = { status };
    for (const line of rest) {
        const colon = line.indexOf(':');
        if (colon < 1 || colon === line.length - 1) {
            throw new Error(`no key, or an empty value: ${JSON.stringify(line)}`);
        }
        answer[line.slice(0, colon)] = line.slice(colon + 1);
    }
    return answer;
}

export class Tchatator {
    #socket;
    #pieces = [];
    #waiting = [];
    #isOver = false;

    /* Connects to HOST:PORT; `secure`: options of tls.connect. */
    static async connect(address, { secure } = {}) {
        const client = new Tchatator();
        const colon = address.lastIndexOf(':');
        const at = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
        const socket = secure ? tls.connect({ ...at, ...secure }) : net.connect(at);
        client.#socket = socket;
        socket.setNoDelay(true);
        socket.on('data', (piece) => {
            client.#pieces.push(piece);
            client.#wake();
        });
        socket.on('error', () => {});
        socket.once('close', () => {
            client.#isOver = true;
            client.#wake();
        });
        const event = secure ? 'secureConnect' : 'connect';
        await within(new Promise((resolve, reject) => {
            socket.once(event, resolve);
            socket.once('error', reject);
        }), () => `a connection to ${address}`);
        return client;
    }

    #wake() {
        for (const wake of this.#waiting.splice(0)) {
            wake();
        }
    }

    async #until(isSo, what, isPatient = false) {
        const look = async () => {
            while (!isSo()) {
                await new Promise((wake) => this.#waiting.push(wake));
            }
        };
        await (isPatient ? look() : within(look(), what));
    }

    /* Writes text, or bytes, in one go. */
    write(what) {
        this.#socket.write(what);
    }

    /* Writes them piece by piece, each in a packet of its own. */
    async dribble(...pieces) {
        for (const piece of pieces) {
            await new Promise((resolve) => this.#socket.write(piece, resolve));
            await new Promise((resolve) => setImmediate(resolve));
        }
    }

    /* The next piece that arrives, as text; `isPatient`: whenever that is. */
    async read(isPatient = false) {
        await this.#until(() => this.#pieces.length > 0 || this.#isOver, () => 'an answer',
            isPatient);
        if (this.#pieces.length === 0) {
            throw new Error('closed instead of an answer');
        }
        return this.#pieces.shift().toString();
    }

    /* One command in one write, its answer in one read. */
    async ask(name, parameters) {
        this.write(lines(name, parameters));
        return parse(await this.read());
    }

    /* Asks what is new, and expects that something is, until nothing is; all of it. */
    async drain(token) {
        const changes = [];
        for (;;) {
            const { type, ...change } = await this.ask('NEW_CHG_AVAILABLE', { token });
            if (type === undefined) {
                return changes;
            }
            changes.push({ type, ...change });
        }
    }

    /* What has come and was not read; for the end of a test. */
    get unread() {
        return Buffer.concat(this.#pieces).toString();
    }

    /* Waits for the other side to close. */
    async closed() {
        await this.#until(() => this.#isOver, () => 'the end of the connection');
    }

    /* Sends our end, after which answers may still come. */
    end() {
        this.#socket.end();
    }

    /* Goes away as a crash does. */
    vanish() {
        this.#socket.resetAndDestroy?.() ?? this.#socket.destroy();
        return this.closed();
    }

    leave() {
        this.#socket.end();
        return this.closed();
    }
}

/* Adds a user with an API token: { id, name, token }. */
export async function member(server, name, ...flags) {
    const id = Number(await server.cli('user', 'add', name, ...flags));
    return { id, name, token: await server.cli('token', 'add', name) };
}
