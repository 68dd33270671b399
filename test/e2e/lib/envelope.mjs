/* A client of the envelope dialect that can be waited for, and the scene it plays in. Nothing here
 * sleeps: what is still on its way has come when a ping sent after it was answered.
 *
 *     const scene = await Scene.start();
 *     const salon = await scene.room();
 *     const ann = await scene.join('ann', salon);
 *     const said = await ann.ask('room_message', { room: salon, content: 'hello' });
 *     await scene.remove(); */
import assert from 'node:assert/strict';

import WebSocket from 'ws';

import { HubClient, person } from './hub.mjs';
import { Inbox, matches, shown } from './inbox.mjs';
import { Server, within } from './server.mjs';

export const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/* What every message of the server has. */
export function assertEnvelope(frame) {
    const text = shown(frame);
    assert.equal(typeof frame.type, 'string', text);
    assert.ok(frame.data !== null && typeof frame.data === 'object', text);
    assert.ok(!Array.isArray(frame.data), text);
    assert.match(frame.timestamp, RFC3339, text);
}

/* The query and headers a connection is opened with; `who` brings a token into the query unless
 * another place has one. */
function addressOf(server, who, { path = '/ws/chat', query = '', headers = {}, protocols = [] }) {
    const isElsewhere = headers.Authorization || protocols.includes('bearer') ||
        /[?&]token=/.test(query);
    const token = who && !isElsewhere ? `${query === '' ? '?' : '&'}token=${who.token}` : '';
    return `ws://${server.http}${path}${query}${token}`;
}

export class EnvelopeClient {
    #socket;
    #inbox = new Inbox();
    #closed;
    #ids = 0;
    #isFlat;    // its frames may have another form than the envelope's

    /* Connects, which succeeds also for those who are closed at once. */
    static async connect(server, who, options = {}) {
        const client = new EnvelopeClient();
        client.who = who;
        client.#isFlat = options.flat ?? false;
        await client.#open(addressOf(server, who, options), options);
        return client;
    }

    #open(url, { headers = {}, protocols = [], deflate = false }) {
        const socket = new WebSocket(url, protocols, { headers, perMessageDeflate: deflate });
        this.#socket = socket;
        this.#closed = new Promise((resolve) => {
            socket.once('close', (code, reason) => {
                this.#inbox.end();
                resolve({ code, reason: reason.toString() });
            });
        });
        socket.on('message', (data, isBinary) => {
            assert.equal(isBinary, false, 'the envelope is text');
            this.#inbox.push(JSON.parse(data.toString()));
        });
        const opened = new Promise((resolve, reject) => {
            socket.once('open', resolve);
            socket.once('error', reject);
        });
        return within(opened, () => `101 at ${url}`).then(() => socket.on('error', () => {}));
    }

    /* The subprotocol and the extensions that were agreed on. */
    get protocol() {
        return this.#socket.protocol;
    }

    get extensions() {
        return this.#socket.extensions;
    }

    /* Sends text and bytes as they are, anything else as JSON. */
    write(what) {
        const raw = typeof what === 'string' || Buffer.isBuffer(what);
        this.#socket.send(raw ? what : JSON.stringify(what), { binary: Buffer.isBuffer(what) });
    }

    /* Sends bytes as a text frame. */
    writeText(bytes) {
        this.#socket.send(bytes, { binary: false });
    }

    send(type, data = {}, more = {}) {
        this.write({ type, data, ...more });
    }

    async #take(pick, what) {
        const frame = await this.#inbox.take(pick, what);
        if (!this.#isFlat) {
            assertEnvelope(frame);
        }
        return frame;
    }

    /* The next frame, whatever it is. */
    next() {
        return this.#take(() => true, () => 'a frame');
    }

    /* The next frame of a type, which has everything `wanted` has; others stay where they are. */
    async take(type, wanted = {}) {
        const frame = await this.#take((f) => f.type === type, () => `${type} ${shown(wanted)}`);
        assert.ok(matches(frame, wanted), `got ${shown(frame)}, wanted ${shown(wanted)}`);
        return frame;
    }

    /* The next error, which has this code. */
    error(code, details = {}) {
        return this.take('error', { data: { code, details } });
    }

    /* Sends a request and returns the frame that bears its id. */
    ask(type, data = {}) {
        this.#ids += 1;
        const id = `ask-${this.#ids}`;
        this.send(type, data, { id });
        return this.#take((f) => f.id === id, () => `the answer to ${type} ${shown(data)}`);
    }

    /* Everything that was on its way has come. */
    async settle() {
        const pong = await this.ask('ping');
        assert.equal(pong.type, 'pong');
    }

    /* What has come and was not taken; all of it, or of these types. */
    async rest(...types) {
        await this.settle();
        return this.#inbox.items.filter((f) => types.length === 0 || types.includes(f.type));
    }

    /* Nothing of these types has come that was not taken; without types: nothing at all. */
    async none(...types) {
        assert.deepEqual(await this.rest(...types), [], `${types.join()}: there should be none`);
    }

    /* Takes out all of a type that has come. */
    async takeAll(type) {
        const frames = await this.rest(type);
        this.#inbox.drop((f) => frames.includes(f));
        return frames;
    }

    /* The code and reason it was closed with. */
    closed() {
        return within(this.#closed, () => 'the end of the connection');
    }

    /* Leaves in order. */
    close() {
        this.#socket.close(1000);
        return this.closed();
    }

    /* Breaks the connection off. */
    vanish() {
        this.#socket.terminate();
        return this.closed();
    }
}

/* A server, its rooms, and the people in them. */
export class Scene {
    #rooms = 0;

    /* Starts one without limits, unless `set` has some; bare: with the settings of `args` alone. */
    static async start({ set = {}, bare = false, ...options } = {}) {
        const scene = new Scene();
        const usual = { 'limits.profile': 'open', 'limits.connections_per_address': 0,
            'server.workers': 2 };
        scene.server = await Server.start({ set: { ...(!bare && usual), ...set }, ...options });
        return scene;
    }

    /* Runs with a scene of its own. */
    static async with(options, run) {
        const scene = await Scene.start(options);
        try {
            await run(scene);
        } finally {
            await scene.remove();
        }
    }

    /* A room of one test alone; `flags` as the command line takes them. */
    async room(...flags) {
        this.#rooms += 1;
        const name = `room-${this.#rooms}`;
        await this.server.cli('room', 'add', name, ...flags);
        return name;
    }

    /* Connects somebody: a new person of this name, or one who is known. */
    connect(who, options) {
        return EnvelopeClient.connect(this.server, typeof who === 'string' ? person(who) : who,
            options);
    }

    /* Connects somebody who joins these rooms. */
    async join(who, ...rooms) {
        const client = await this.connect(who);
        for (const room of rooms) {
            const ack = await client.ask('join_room', { room });
            assert.equal(ack.type, 'join_room_ack', shown(ack));
            assert.equal(ack.data.success, true);
        }
        return client;
    }

    /* The same through the hub. */
    async hub(who, ...rooms) {
        const client = await HubClient.connect(this.server.http,
            typeof who === 'string' ? person(who) : who);
        for (const room of rooms) {
            assert.equal((await client.ask({ type: 'join', room })).type, 'join_ack');
        }
        return client;
    }

    remove() {
        return this.server?.remove();
    }
}
