/* A load: people who talk while something is done to the server, remember everything they saw, and
 * do what a good client does when it comes back. oracle.mjs reads what they remember.
 *
 *     const load = new Load(server, { clients: 8 });
 *     await load.prepare();       // rooms
 *     await load.connect();
 *     load.talk();
 *     ... something terrible ...
 *     load.hush();                // nothing new is said
 *     load.healed();              // from now on, an acknowledgement is due within 5 s
 *     await load.comeBack();      // reconnect, say again what was not acknowledged
 *     await load.readAll();       // whole histories
 *     assert.deepEqual(check(load.recording), []);
 *
 * Who talks keeps `window` messages unacknowledged, no more. Rooms are joined by some and not by
 * others; neighbours also write to each other directly. What is refused because the store is away
 * is said again, before anything new, so that the order of one's messages is one's own. */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

import { token, within } from '../../e2e/lib/server.mjs';

/* The clients' library is the one that test/e2e has installed. */
export const WebSocket =
    createRequire(new URL('../../e2e/package.json', import.meta.url))('ws');

const AGAIN_MS = 50;    // between two tries after a refusal, or to connect
let loads = 0;
let connections = 0;
let nextUser = 1;

/* By the attempt that may have been the one; what was only refused comes last. */
const sentAt = (message) =>
    message.attempts.find((attempt) => !attempt.isRefused)?.at ?? Infinity;
const bySent = (a, b) =>
    sentAt(a) === sentAt(b) ? a.attempts[0].at - b.attempts[0].at : sentAt(a) - sentAt(b);

export const direct = (a, b) => `${Math.min(a, b)}>${Math.max(a, b)}`;

/* One person: one connection at a time, what has been said, what waits for its acknowledgement. */
class Client {
    #load;
    #socket;
    #waiting = new Map();    // key -> message, sent and not answered
    #again = [];             // refused, to be sent again
    #asked = new Map();      // ref -> the one who waits for that answer
    #said = 0;
    #pause;    // timers: of pauseMs, of AGAIN_MS
    #retry;
    #ended;
    conn = 0;
    talks = true;
    closes = [];    // the codes of its connections' ends

    constructor(load, name, rooms) {
        this.#load = load;
        this.id = nextUser++;
        this.username = `${name}-${this.id}`;
        this.token = token({ user_id: this.id, username: this.username });
        this.rooms = rooms;
        this.peers = [];
    }

    get isOpen() {
        return this.#socket?.readyState === WebSocket.OPEN;
    }

    get hasWaiting() {
        return this.#waiting.size > 0 || this.#again.length > 0;
    }

    get socket() {
        return this.#socket;
    }

    /* Ends when the connection has. */
    get ended() {
        return this.#ended;
    }

    /* ---- the connection */

    /* One try. Joins the rooms, and catches up with a page of each if `isCatchingUp`. */
    async connect(isCatchingUp = false) {
        const { server } = this.#load;
        const socket = new WebSocket(`ws://${server.http}/ws/hub?token=${this.token}`,
            { perMessageDeflate: false, skipUTF8Validation: true });
        this.#socket = socket;
        this.conn = ++connections;
        this.#ended = new Promise((resolve) => {
            socket.once('close', (code) => {
                this.closes.push(code);
                this.#onClose(socket);
                resolve(code);
            });
        });
        socket.on('message', (data) => this.#onFrame(socket, JSON.parse(data.toString())));
        const opened = new Promise((resolve, reject) => {
            socket.once('open', resolve);
            socket.once('error', reject);
        });
        await within(opened, () => `${this.username} to be let in`);
        socket.on('error', () => {});
        await Promise.all(this.rooms.map((room) => this.#join(room)));
        if (isCatchingUp) {
            await Promise.all(this.rooms.map((room) => this.readPage(`#${room}`)));
        }
    }

    async #join(room) {
        const answer = await this.ask({ type: 'join', room });
        if (answer.type !== 'join_ack') {
            this.#load.recording.problems.push(`${room}: ${JSON.stringify(answer)}`);
        }
    }

    /* Tries until it works. */
    async connectAgain(isCatchingUp) {
        for (;;) {
            try {
                return await this.connect(isCatchingUp);
            } catch (error) {
                this.#load.failures.push(error.message);
                this.#socket.terminate();
                if (this.#load.isOver) {
                    throw error;
                }
                await sleep(AGAIN_MS);
            }
        }
    }

    terminate() {
        this.#socket?.terminate();
    }

    #onClose(socket) {
        if (socket !== this.#socket) {
            return;
        }
        clearTimeout(this.#pause);
        clearTimeout(this.#retry);
        this.#pause = undefined;
        this.#retry = undefined;
        for (const { reject } of this.#asked.values()) {
            reject(new Error('the connection is gone'));
        }
        this.#asked.clear();
    }

    /* ---- asking */

    /* A request and the promise of its answer; an error is an answer too. */
    ask(frame) {
        const ref = `q${++this.#load.attempts}`;
        const answer = new Promise((resolve, reject) => {
            if (!this.isOpen) {
                throw new Error('there is no connection');
            }
            this.#asked.set(ref, { resolve, reject });
            this.#socket.send(JSON.stringify({ ...frame, id: ref }));
        });
        return within(answer, () => `the answer to ${JSON.stringify(frame)}`);
    }

    /* The newest page of a place, or the one before a message; kept in the recording. */
    async readPage(place, before) {
        const { conn } = this;
        const isRoom = place[0] === '#';
        const other = isRoom ? 0 : Number(place.split('>').find((id) => Number(id) !== this.id));
        const answer = await this.ask({
            ...(isRoom ? { type: 'room_history', room: place.slice(1) }
                : { type: 'dm_history', with: other }),
            limit: this.#load.options.page,
            ...(before && { before }),
        });
        if (answer.type === 'error') {
            throw new Error(`${place} cannot be read: ${JSON.stringify(answer.data)}`);
        }
        const rows = answer.data.map(({ seq, id, fromUser, content }) =>
            ({ seq, id, from: fromUser, content }));
        const history = { user: this.id, conn, place, isWhole: false, rows };
        if (!before) {
            this.#load.recording.histories.push(history);
        }
        return { history, rows, hasMore: answer.has_more };
    }

    /* The whole history of a place. */
    async readWhole(place) {
        const { history, hasMore } = await this.readPage(place);
        const pages = [history.rows];
        for (let isMore = hasMore; isMore;) {
            const page = await this.readPage(place, pages.at(-1)[0].id);
            pages.push(page.rows);
            isMore = page.hasMore;
        }
        history.rows = pages.reverse().flat();
        history.isWhole = true;
        return history.rows;
    }

    /* ---- saying */

    /* Says something in a place, now. Returns the message as the recording has it. */
    say(place) {
        const key = `${this.#load.name}.${this.id}.${++this.#said}`;
        const message = {
            key,
            user: this.id,
            place,
            content: key.padEnd(this.#load.options.bytes),
            attempts: [],
            acks: [],
        };
        this.#load.recording.messages.push(message);
        this.#load.byKey.set(key, message);
        this.#send(message);
        return message;
    }

    #send(message) {
        const { key, place, content } = message;
        const at = ++this.#load.attempts;
        const to = place[0] === '#' ? { type: 'message', room: place.slice(1) }
            : { type: 'dm', to: Number(place.split('>').find((id) => Number(id) !== this.id)) };
        message.attempts.push({ at, sentAt: performance.now(), isRefused: false });
        this.#waiting.set(key, message);
        this.#socket.send(JSON.stringify({ ...to, content, client_id: key, id: `m${at}` }));
    }

    /* Says as much as the window lets it. */
    pump() {
        if (!this.talks || !this.isOpen || this.#again.length > 0) {
            return;
        }
        const { window, pauseMs } = this.#load.options;
        while (this.#load.isTalking && this.#waiting.size < window && !this.#pause) {
            const places = this.#places;
            this.say(places[this.#said % places.length]);
            if (pauseMs > 0) {
                this.#pause = setTimeout(() => {
                    this.#pause = undefined;
                    this.pump();
                }, pauseMs);
            }
        }
    }

    /* Everything unacknowledged once more, in the old order. */
    sayAgain() {
        const messages = [...this.#waiting.values(), ...this.#again];
        this.#waiting.clear();
        this.#again = [];
        messages.sort(bySent).forEach((message) => this.#send(message));
        this.pump();
    }

    /* Forgets a message: it is not said again. */
    giveUp(message) {
        this.#waiting.delete(message.key);
        this.#again = this.#again.filter((other) => other !== message);
    }

    get #places() {
        return [...this.rooms.map((room) => `#${room}`),
            ...this.peers.map((peer) => direct(this.id, peer))];
    }

    /* ---- hearing */

    #onFrame(socket, frame) {
        const { recording } = this.#load;
        if (socket !== this.#socket) {
            return;    // the rest of one that we gave up
        }
        if (frame.type === 'message') {
            this.#onSaid(`#${frame.data.room}`, frame.data);
        } else if (frame.type === 'dm') {
            const { fromUser, to } = frame.data;
            this.#onSaid(direct(fromUser, to ?? this.id), frame.data);
        } else if (frame.type === 'dm_ack') {
            this.#onDirectAck(frame.data);
        } else if (this.#asked.has(frame.ref)) {
            this.#asked.get(frame.ref).resolve(frame);
            this.#asked.delete(frame.ref);
        } else if (frame.type === 'error') {
            this.#onError(frame);
        } else {
            recording.problems.push(`nobody asked for ${JSON.stringify(frame)}`);
        }
    }

    #onSaid(place, { seq, id, fromUser, content, client_id: key }) {
        this.#load.heard += 1;
        this.#load.recording.deliveries.push({ user: this.id, conn: this.conn, place, seq, id,
            from: fromUser, content, isAnswer: key !== undefined, at: performance.now() });
        if (key !== undefined) {
            this.#onAck(key, id, seq);
        }
    }

    #onDirectAck({ to, id, seq, client_id: key }) {
        const content = this.#load.byKey.get(key)?.content ?? `(an unknown client_id: ${key})`;
        this.#load.recording.deliveries.push({ user: this.id, conn: this.conn,
            place: direct(this.id, to), seq, id, from: this.id, content, isAnswer: true,
            at: performance.now() });
        this.#onAck(key, id, seq);
    }

    #onAck(key, id, seq) {
        const message = this.#load.byKey.get(key);
        if (!message) {
            this.#load.recording.problems.push(`an acknowledgement of ${key}, never sent`);
            return;
        }
        message.acks.push({ id, seq, at: performance.now() });
        this.#waiting.delete(key);
        this.pump();
    }

    /* The store is away: once more, in a moment. Anything else is a surprise. */
    #onError(frame) {
        const attempt = Number(/^m(\d+)$/.exec(frame.ref)?.[1]);
        const message = [...this.#waiting.values()]
            .find((m) => m.attempts.at(-1).at === attempt);
        if (!message || frame.data.code !== 'INTERNAL_ERROR') {
            if (!this.#load.mayEnd(frame)) {
                this.#load.recording.problems.push(`not expected: ${JSON.stringify(frame)}`);
            }
            return;
        }
        message.attempts.at(-1).isRefused = true;
        this.#load.refusals += 1;
        this.#waiting.delete(message.key);
        this.#again.push(message);
        this.#sayAgainSoon();
    }

    #sayAgainSoon() {
        this.#retry ??= setTimeout(() => {
            this.#retry = undefined;
            if (this.isOpen) {
                const messages = this.#again;
                this.#again = [];
                messages.sort(bySent).forEach((message) => this.#send(message));
            }
        }, AGAIN_MS);
    }
}

export class Load {
    recording = {
        messages: [], deliveries: [], histories: [], members: {}, isOpen: {}, healedAt: null,
        problems: [],
    };
    byKey = new Map();
    clients = [];
    attempts = 0;
    refusals = 0;    // attempts refused because the store was away
    failures = [];   // why tries to connect came to nothing
    heard = 0;
    isTalking = false;
    isOver = false;
    isStopping = false;

    /* clients, rooms: how many. joins(i, r): whether the i-th person joins the r-th room; all but
     * every third, unless said otherwise. talks(i): whether that person talks. isDirect: neighbours
     * write to each other. window: messages that one keeps unacknowledged. bytes: of a message.
     * pauseMs: between two messages of one person. page: of a history. */
    constructor(server, options = {}) {
        this.server = server;
        this.options = {
            clients: 8, rooms: 3, window: 4, bytes: 60, pauseMs: 0, page: 200, isDirect: true,
            joins: (i, r) => (i + r) % 3 !== 0, talks: () => true, ...options,
        };
        loads += 1;
        this.name = `load${loads}`;
    }

    /* Makes the rooms and the people; and one more room, which is private and nobody's. */
    async prepare() {
        const { clients, rooms, joins, talks, isDirect } = this.options;
        const names = [...Array(rooms).keys()].map((r) => `${this.name}-room${r}`);
        for (const name of names) {
            await this.server.cli('room', 'add', name);
            this.recording.isOpen[`#${name}`] = true;
        }
        this.closed = `${this.name}-closed`;
        await this.server.cli('room', 'add', this.closed, '--private');
        this.recording.members[`#${this.closed}`] = [];

        for (let i = 0; i < clients; i++) {
            const client = new Client(this, this.name, names.filter((_, r) => joins(i, r)));
            client.talks = talks(i);
            this.clients.push(client);
        }
        for (const [i, client] of this.clients.entries()) {
            const peer = this.clients[i ^ 1];    // neighbours
            if (peer && isDirect) {
                client.peers.push(peer.id);
                this.recording.members[direct(client.id, peer.id)] = [client.id, peer.id];
            }
            for (const room of client.rooms) {
                (this.recording.members[`#${room}`] ??= []).push(client.id);
            }
        }
    }

    /* Connects everybody, `atOnce` at a time. */
    async connect(atOnce = 50) {
        await this.#each(atOnce, (client) => client.connect());
    }

    async #each(atOnce, work) {
        const left = [...this.clients];
        const one = async () => {
            while (left.length > 0) {
                await work(left.shift());
            }
        };
        await Promise.all(Array.from({ length: atOnce }, one));
    }

    talk() {
        this.isTalking = true;
        this.clients.forEach((client) => client.pump());
    }

    hush() {
        this.isTalking = false;
    }

    healed() {
        this.recording.healedAt = performance.now();
    }

    /* Whether this frame is a goodbye that a drain explains. */
    mayEnd(frame) {
        return this.isStopping && frame.data.code === 'INTERNAL_ERROR' && frame.ref === undefined;
    }

    /* Reconnects who is not connected, says again what was not acknowledged, and waits until all of
     * it is. Returns the milliseconds that took. */
    async comeBack({ atOnce = 50 } = {}) {
        const began = performance.now();
        await this.#each(atOnce, async (client) => {
            if (!client.isOpen) {
                await within(client.connectAgain(true), () => `${client.username} to come back`);
                client.sayAgain();
            }
        });
        await this.settled();
        return performance.now() - began;
    }

    /* Everything that was said is acknowledged. */
    async settled() {
        const waiting = () => this.clients.filter((client) => client.hasWaiting);
        const settle = async () => {
            while (waiting().length > 0 && !this.isOver) {
                await sleep(5);
            }
        };
        await within(settle(), () => `acknowledgements; waiting: ${waiting()
            .map((client) => client.username)}`);
    }

    /* Waits until so many messages were heard from now on. */
    async hears(count) {
        const until = this.heard + count;
        const hear = async () => {
            while (this.heard < until && !this.isOver) {
                await sleep(2);
            }
        };
        await within(hear(), () => `${until - this.heard} more messages`);
    }

    /* Reads the whole history of every place something was said in, each by one of its members; and
     * nobody gets into the room that is closed. */
    async readAll() {
        const places = new Map();
        for (const { place, user } of this.recording.messages) {
            places.set(place, user);
        }
        const byId = new Map(this.clients.map((client) => [client.id, client]));
        for (const [place, user] of places) {
            await byId.get(user).readWhole(place);
        }
        await this.#tryClosed(this.clients[0]);
    }

    async #tryClosed(client) {
        const room = this.closed;
        for (const type of ['join', 'room_history', 'message']) {
            const { type: answer, data } = await client.ask({ type, room, content: 'let me in' });
            if (answer !== 'error' || data.code !== 'NOT_FOUND') {
                this.recording.problems.push(`${type} in a private room: ${answer}`);
            }
        }
    }

    /* How many are acknowledged, for people. */
    get summary() {
        const { messages, deliveries } = this.recording;
        const acked = messages.filter((message) => message.acks.length > 0).length;
        return `${messages.length} messages, ${acked} acknowledged, ${deliveries.length} ` +
            `delivered, ${this.attempts} frames sent, ${this.refusals} refused`;
    }

    /* Ends all connections. */
    end() {
        this.isOver = true;
        this.hush();
        this.clients.forEach((client) => client.terminate());
    }
}
