/* A client of the hub dialect that can be waited for. It keeps what arrives in order and never
 * sleeps: silence is shown by a round trip, since whatever was on its way comes before the pong. */
import assert from 'node:assert/strict';

import WebSocket from 'ws';

import { token, within } from './server.mjs';

let people = 1000;

/* Somebody nobody else is: an id, a name, and the claims of a token. */
export function person(name) {
    people += 1;
    const id = people;
    const username = `${name}-${id}`;
    return { id, username, token: token({ user_id: id, username }) };
}

/* Whether `frame` has everything `wanted` has; a function is asked. */
function matches(frame, wanted) {
    if (typeof wanted === 'function') {
        return wanted(frame);
    }
    if (wanted === null || typeof wanted !== 'object') {
        return Object.is(frame, wanted);
    }
    return frame !== null && typeof frame === 'object' &&
        Object.keys(wanted).every((key) => matches(frame[key], wanted[key]));
}

const shown = (value) =>
    JSON.stringify(value, (_, v) => (typeof v === 'function' ? v.toString() : v));

/* An upgrade that is expected to be refused: its status, headers and JSON body. */
export function refusal(url, headers = {}) {
    const socket = new WebSocket(url, { headers });
    const answer = new Promise((resolve, reject) => {
        socket.once('open', () => {
            socket.terminate();
            reject(new Error(`${url} was let in`));
        });
        socket.once('error', reject);
        socket.once('unexpected-response', async (request, response) => {
            let text = '';
            for await (const piece of response) {
                text += piece;
            }
            const { statusCode: status, headers: theirs } = response;
            resolve({ status, headers: theirs, body: JSON.parse(text) });
        });
    });
    return within(answer, () => `a refusal at ${url}`);
}

export class HubClient {
    #socket;
    #frames = [];
    #waiting = [];
    #closed;
    #refs = 0;

    /* Connects; `who` brings a token into the query unless the headers have one. */
    static async connect(address, who, { path = '/ws/hub', query: more = '', headers = {}, deflate = false } = {}) {
        const query = who && !headers.Authorization ? `?token=${who.token}` : '';
        const client = new HubClient();
        client.who = who;
        await client.#open(`ws://${address}${path}${query}${more}`, headers, deflate);
        return client;
    }

    #open(url, headers, deflate) {
        const socket = new WebSocket(url, { headers, perMessageDeflate: deflate });
        this.#socket = socket;
        this.#closed = new Promise((resolve) => {
            socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
        });
        this.#closed.then(() => this.#wake());
        socket.on('message', (data, isBinary) => {
            assert.equal(isBinary, false, 'the hub speaks text');
            this.#frames.push(JSON.parse(data.toString()));
            this.#wake();
        });
        const opened = new Promise((resolve, reject) => {
            socket.once('open', resolve);
            socket.once('error', reject);
        });
        return within(opened, () => `101 at ${url}`).then(() => socket.on('error', () => {}));
    }

    #wake() {
        for (const wake of this.#waiting.splice(0)) {
            wake();
        }
    }

    /* Sends a frame: an object as JSON, text and bytes as they are. */
    send(frame) {
        const raw = typeof frame === 'string' || Buffer.isBuffer(frame);
        this.#socket.send(raw ? frame : JSON.stringify(frame));
    }

    /* Takes out the first frame that `pick` likes, once there is one. */
    async #take(pick, what) {
        const search = async () => {
            for (;;) {
                const i = this.#frames.findIndex(pick);
                if (i >= 0) {
                    return this.#frames.splice(i, 1)[0];
                }
                if (this.#socket.readyState > WebSocket.CLOSING) {
                    throw new Error(`closed while waiting for ${what()}`);
                }
                await new Promise((wake) => this.#waiting.push(wake));
            }
        };
        return within(search(), () => `${what()}; there is ${shown(this.#frames)}`);
    }

    /* The next frame, whatever it is. */
    next() {
        return this.#take(() => true, () => 'a frame');
    }

    /* The next frame, which has everything `wanted` has. */
    async expect(wanted) {
        const frame = await this.#take(() => true, () => shown(wanted));
        assert.ok(matches(frame, wanted), `got ${shown(frame)}, wanted ${shown(wanted)}`);
        return frame;
    }

    /* Sends a request and returns its answer; what comes before it stays where it is. */
    ask(frame) {
        this.#refs += 1;
        const id = `ask-${this.#refs}`;
        this.send({ ...frame, id });
        return this.#take((f) => f.ref === id, () => `the answer to ${shown(frame)}`);
    }

    /* Nothing has come that was not taken yet, and nothing is on its way. */
    async silence() {
        const pong = await this.ask({ type: 'ping' });
        assert.equal(pong.type, 'pong');
        assert.deepEqual(this.#frames, [], 'there should be silence');
    }

    /* The code and reason it was closed with. */
    closed() {
        return within(this.#closed, () => 'the end of the connection');
    }

    /* Leaves in order. */
    async close() {
        this.#socket.close(1000);
        return this.closed();
    }

    /* Sends a WebSocket ping and waits for its pong. */
    pong() {
        const heard = new Promise((resolve) => this.#socket.once('pong', resolve));
        this.#socket.ping();
        return within(heard, () => 'a pong frame');
    }
}
