/* A stage for scripts: a server of its own, and the connections of the people in it. What has come
 * is told from what is still on its way by a round trip, or because each command has an answer;
 * never by waiting. */
import net from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import WebSocket from 'ws';

import { Server, token, within } from './server.mjs';
import { lines, parse, Tchatator } from './tchatator.mjs';

const PATHS = { hub: '/ws/hub', envelope: '/ws/chat' };
const SETTLE = 'settle-';    // an id of ours, which no script uses
const CLOSED_IN_ORDER = 1000;

/* What all connections have: a list of what came, and whoever waits for more. */
class Ear {
    heard = [];
    isOver = false;
    code = 0;
    #waiting = [];

    wake() {
        for (const wake of this.#waiting.splice(0)) {
            wake();
        }
    }

    async until(isSo, what) {
        const look = async () => {
            while (!isSo()) {
                await new Promise((wake) => this.#waiting.push(wake));
            }
        };
        await within(look(), what);
    }

    /* The next message as text; undefined: the connection is over and there is none. */
    async next() {
        await this.until(() => this.heard.length > 0 || this.isOver, () => 'a message');
        return this.heard.shift();
    }

    over(code) {
        this.isOver = true;
        this.code = code;
        this.wake();
    }
}

/* One connection in a dialect of JSON over WebSocket. */
export class Guest extends Ear {
    #socket;
    #settled = 0;

    /* Knocks; `status` is the answer's. Whoever is not let in hears the body. */
    async knock(url) {
        const socket = new WebSocket(url, { perMessageDeflate: false });
        this.#socket = socket;
        socket.on('message', (data) => this.#hear(data.toString()));
        socket.on('error', () => {});
        const answer = new Promise((resolve) => {
            socket.once('open', () => resolve(101));
            socket.once('unexpected-response', async (request, response) => {
                let body = '';
                for await (const piece of response) {
                    body += piece;
                }
                this.heard.push(body);
                resolve(response.statusCode);
            });
        });
        socket.once('close', (code) => this.over(code));
        this.status = await within(answer, () => `an answer at ${url}`);
    }

    #hear(text) {
        const frame = JSON.parse(text);
        const ref = frame.ref ?? frame.id;
        if (typeof ref === 'string' && ref.startsWith(SETTLE)) {
            this.#settled = Number(ref.slice(SETTLE.length));
        } else {
            this.heard.push(text);
        }
        this.wake();
    }

    say(text) {
        this.#socket.send(text);
    }

    /* Everything it has said has been answered, and everything said before by others has come. */
    async settle() {
        const n = this.#settled + 1;
        if (this.#socket.readyState === WebSocket.OPEN) {
            this.say(JSON.stringify({ type: 'ping', id: `${SETTLE}${n}` }));
        }
        await this.until(() => this.#settled === n || this.isOver, () => 'a pong, or the end');
    }

    async closed() {
        await this.until(() => this.isOver, () => 'the end of the connection');
        return this.code;
    }

    leave() {
        this.#socket.close(CLOSED_IN_ORDER);
        return this.closed();
    }

    vanish() {
        this.#socket.terminate();
        return this.closed();
    }
}

/* A command as lines, and an answer as an object: test/talk/tongue.h. */
function commandOf(text, token) {
    let object;
    try {
        object = JSON.parse(text);
    } catch {
        return `${text.replaceAll('⏎', '\n')}\n`;
    }
    const { command, ...parameters } = object;
    const own = command === 'LOGIN' ? { 'api-token': token } : { token };
    const all = command === 'DISCONNECTED' || 'token' in parameters || 'api-token' in parameters
        ? parameters : { ...own, ...parameters };
    return `${lines(command, all)}\n`;
}

function answerOf(text) {
    const answer = parse(text);
    for (const [key, value] of Object.entries(answer)) {
        if (/^\d+$/.test(value) || value.startsWith('{')) {
            answer[key] = JSON.parse(value);
        }
    }
    return JSON.stringify(answer);
}

/* One connection of the line protocol, logged in unless its query says `login=no`. Each thing it
 * says is one command, and has one answer. */
class LineGuest extends Ear {
    #client;
    #token;
    #asked = 0;
    #answered = 0;
    status = 101;

    static async connect(address, token, query) {
        const guest = new LineGuest();
        const given = new URLSearchParams(query);
        guest.#token = given.get('token') ?? token;
        guest.#client = await Tchatator.connect(address);
        guest.#listen();
        if (given.get('login') !== 'no') {
            await guest.#logIn();
        }
        return guest;
    }

    async #listen() {
        try {
            for (;;) {
                const text = await this.#client.read(true);
                for (const answer of text.split(/^(?=\d{3}\/)/m)) {
                    this.#answered += 1;
                    this.heard.push(answerOf(answer));
                }
                this.wake();
            }
        } catch (error) {
            this.failure = error;
            this.over(0);
        }
    }

    async #logIn() {
        this.say('{"command":"LOGIN"}');
        await this.settle();
        const { status } = JSON.parse(this.heard[0]);
        if (status === '200/OK') {
            this.heard.shift();
        } else {
            this.status = Number(status.slice(0, 3));
        }
    }

    say(text) {
        this.#asked += 1;
        this.#client.write(commandOf(text, this.#token));
    }

    async settle() {
        await this.until(() => this.#answered === this.#asked || this.isOver, () => 'an answer');
    }

    async closed() {
        await this.until(() => this.isOver, () => 'the end of the connection');
        return this.code;
    }

    async leave() {
        await this.#client.leave();
        return CLOSED_IN_ORDER;
    }

    async vanish() {
        await this.#client.vanish();
    }
}

/* A token with these claims, or the one that stands in a query. */
export function freshToken(claims, ttl, query = '') {
    const given = /[?&]token=([^&]*)/.exec(query);
    return given ? given[1] : token({ exp: Math.floor(Date.now() / 1000) + ttl, ...claims });
}

/* The control socket. */
export class Operator extends Ear {
    #socket;
    asked = 0;    // lines that were not yet answered

    static async connect(path) {
        const operator = new Operator();
        const socket = net.connect(path);
        let rest = '';
        operator.#socket = socket;
        socket.setEncoding('utf8');
        socket.on('data', (text) => {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            operator.heard.push(...lines);
            operator.wake();
        });
        socket.on('error', () => {});
        socket.once('close', () => operator.over(0));
        await within(new Promise((resolve) => socket.once('connect', resolve)), () => path);
        return operator;
    }

    say(text) {
        this.asked += 1;
        this.#socket.write(`${text}\n`);
    }

    async next() {
        this.asked -= 1;
        return super.next();
    }

    async settle() {
        await this.until(() => this.heard.length >= this.asked || this.isOver, () => 'an answer');
    }

    async leave() {
        this.#socket.destroy();
    }
}

export class Stage {
    #tokens = new Map();

    static async start(set) {
        const stage = new Stage();
        stage.server = await Server.start({
            set: { 'server.workers': 2, 'tchatator.listen': '127.0.0.1:0', ...set },
        });
        return stage;
    }

    operator() {
        return Operator.connect(join(this.server.dir, 'parloir.sock'));
    }

    /* A newcomer with this query and, unless there is one in it, a token with these claims. */
    async guest(dialect, { query, claims, ttl }) {
        if (dialect === 'tchatator') {
            return LineGuest.connect(this.server.tchatator, await this.#tokenOf(claims), query);
        }
        const ours = `${query === '' ? '?' : '&'}token=${freshToken(claims, ttl)}`;
        const guest = new Guest();
        await guest.knock(`ws://${this.server.http}${PATHS[dialect]}${query}` +
            `${query.includes('token=') ? '' : ours}`);
        return guest;
    }

    /* The API token of somebody, who is made known and given one if need be. */
    async #tokenOf({ user_id: id, username }) {
        if (!this.#tokens.has(username)) {
            const once = await this.guest('hub', {
                query: '', claims: { user_id: id, username }, ttl: 60,
            });
            await once.leave();
            this.#tokens.set(username, await this.server.cli('token', 'add', username));
        }
        return this.#tokens.get(username);
    }

    async restart() {
        await this.server.stop();
        await this.server.restart();
    }

    /* Makes somebody a member of a private room, in the way backups are read: with nobody there. */
    async belong(people, name, room) {
        const dir = await mkdtemp(join(tmpdir(), 'parloir-talk-'));
        const file = join(dir, 'members.json');
        const byId = [...people].sort(([, a], [, b]) => a - b);
        const lines = [
            { type: 'parloir', version: 1 },
            ...byId.map(([username, id]) => ({ type: 'user', id, username, role: 'member' })),
            { type: 'room', id: 1, kind: 'channel', room, is_private: true },
            { type: 'member', room_id: 1, user_id: people.get(name) },
        ];
        await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
        await this.server.stop();
        await this.server.cli('import', 'json', file);
        await this.server.restart();
        await rm(dir, { recursive: true, force: true });
    }

    remove() {
        return this.server.remove();
    }
}
