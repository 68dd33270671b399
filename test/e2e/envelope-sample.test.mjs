/* The document's own JavaScript in Node, typed out as it stands, against a server with its default
 * settings: the class with everything it does, and each of the small samples. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import WebSocket from 'ws';

import { Scene } from './lib/envelope.mjs';
import { load } from './lib/envelope-source.mjs';
import { person } from './lib/hub.mjs';
import { Inbox, matches, shown } from './lib/inbox.mjs';

let scene;
const place = {};    // where the samples connect to
const opened = [];
const clients = [];

before(async () => {
    scene = await Scene.start({ set: { 'limits.profile': 'documented' } });
    place.address = scene.server.http;
});
afterEach(() => {
    for (const it of clients.splice(0)) {
        it.connect = () => {};    // the class would come back even after its disconnect()
    }
    for (const socket of opened.splice(0)) {
        socket.terminate();
    }
});
after(() => scene?.remove());

/* The WebSocket that the samples see; remembers its sockets, so that none outlives its test. */
class Socket extends WebSocket {
    constructor(...args) {
        super(...args);
        opened.push(this);
    }
}

/* A console that keeps what it is told. */
function listener() {
    const said = new Inbox();
    const keep = (level) => (...words) => said.push({ level, text: words.join(' ') });
    return { said, console: { log: keep('log'), error: keep('error') } };
}

/* The document's class, as somebody uses it: `heard(type)` is what its handler is given. */
async function client(who) {
    const { said, console } = listener();
    const WebSocketClient = await load('web-socket-client',
        { WebSocket: Socket, console, place }, 'WebSocketClient');
    const it = new WebSocketClient(who.token);
    clients.push(it);
    const inboxes = new Map();
    const listen = (type) => {
        inboxes.set(type, new Inbox());
        it.onMessage(type, (data) => inboxes.get(type).push(data));
    };
    ['join_room_ack', 'room_message', 'direct_message', 'message_history', 'user_connected',
        'user_disconnected', 'pong', 'error', 'message_batch'].forEach(listen);
    const heard = async (type, wanted = {}) => {
        const data = await inboxes.get(type).take(() => true, () => `${type} ${shown(wanted)}`);
        assert.ok(matches(data, wanted), `got ${shown(data)}, wanted ${shown(wanted)}`);
        return data;
    };
    const told = (pattern) => said.take(({ text }) => pattern.test(text), () => `${pattern}`);
    it.connect();
    await told(/^WebSocket connecté$/);
    return { it, heard, told };
}

/* Once the socket has opened; everything it hears is kept. */
async function open(socket) {
    const heard = new Inbox();
    socket.on('message', (text) => heard.push(JSON.parse(text.toString())));
    socket.on('close', (code) => heard.push({ type: 'closed', code }));
    socket.on('error', (error) => heard.push({ type: 'failed', error: error.message }));
    socket.on('open', () => heard.push({ type: 'opened', protocol: socket.protocol }));
    const next = (type) => heard.take(() => true, () => type).then((frame) => {
        assert.equal(frame.type, type, shown(frame));
        return frame;
    });
    return { next, opened: await next('opened') };
}

/* ---- the class */

test('two people talk in a room', async () => {
    const room = await scene.room();
    const [alice, bob] = [person('alice'), person('bob')];
    const one = await client(alice);
    const two = await client(bob);
    one.it.joinRoom(room);
    assert.deepEqual(await one.heard('join_room_ack'),
        { room, success: true, message: 'Joined room successfully' });
    two.it.joinRoom(room);
    await two.heard('join_room_ack', { success: true });
    await one.heard('user_connected', { user_id: bob.id, username: bob.username, room });

    one.it.sendRoomMessage(room, 'Bonjour tout le monde !');
    const wanted = { room, user_id: alice.id, username: alice.username,
        content: 'Bonjour tout le monde !', message_type: 'text' };
    const [own, theirs] = [await one.heard('room_message', wanted),
        await two.heard('room_message', wanted)];
    assert.equal(own.id, theirs.id);
    two.it.disconnect();
    await one.heard('user_disconnected', { user_id: bob.id, username: bob.username, room });
});

test('one writes to the other', async () => {
    const [alice, bob] = [person('alice'), person('bob')];
    const one = await client(alice);
    const two = await client(bob);
    one.it.sendDirectMessage(bob.id, 'Salut, comment ça va ?');
    for (const { heard } of [one, two]) {
        await heard('direct_message', { from_user_id: alice.id, from_username: alice.username,
            to_user_id: bob.id, content: 'Salut, comment ça va ?', message_type: 'text' });
    }
});

test('the history of a room comes in pages', async () => {
    const room = await scene.room();
    const one = await client(person('alice'));
    for (const content of ['un', 'deux', 'trois']) {
        one.it.sendRoomMessage(room, content);
        await one.heard('room_message', { content });
    }
    one.it.getRoomHistory(room);
    const whole = await one.heard('message_history', { room, total: 3, has_more: false });
    assert.deepEqual(whole.messages.map((m) => m.content), ['un', 'deux', 'trois']);
    one.it.getRoomHistory(room, 2);
    const newest = await one.heard('message_history', { total: 3, has_more: true });
    assert.deepEqual(newest.messages.map((m) => m.content), ['deux', 'trois']);
    one.it.getRoomHistory(room, 2, 2);
    const older = await one.heard('message_history', { total: 3, has_more: false });
    assert.deepEqual(older.messages.map((m) => m.content), ['un']);
});

test('it connects again by itself when the server restarts', () =>
    Scene.with({ set: { 'limits.profile': 'documented' } }, async (own) => {
        const usual = place.address;
        const room = await own.room();
        place.address = own.server.http;
        try {
            const alice = person('alice');
            const one = await client(alice);
            one.it.joinRoom(room);
            await one.heard('join_room_ack', { success: true });
            one.it.sendRoomMessage(room, 'before');
            await one.heard('room_message', { content: 'before' });

            await own.server.stop();
            await one.told(/^WebSocket fermé: 1012/);
            await own.server.restart();
            place.address = own.server.http;
            await one.told(/^Tentative de reconnexion 1$/);
            await one.told(/^WebSocket connecté$/);
            assert.equal(one.it.reconnectAttempts, 0);
            one.it.joinRoom(room);
            await one.heard('join_room_ack', { success: true });
            one.it.getRoomHistory(room);
            const { messages } = await one.heard('message_history', { total: 1 });
            assert.equal(messages[0].content, 'before');
            one.it.connect = () => {};    // or it would try on when the server is gone
        } finally {
            place.address = usual;
        }
    }));

/* ---- the samples */

test('the sample with the token in the address', async () => {
    const ann = person('ann');
    const localStorage = { getItem: (key) => (key === 'authToken' ? ann.token : null) };
    const ws = await load('query', { WebSocket: Socket, localStorage, place }, 'ws');
    const { next } = await open(ws);
    ws.send(JSON.stringify({ type: 'ping', data: {} }));
    await next('pong');
});

test('the sample with the token in the headers', async () => {
    const ws = await load('headers',
        { WebSocket: Socket, token: person('ann').token, place }, 'ws');
    const { next } = await open(ws);
    ws.send(JSON.stringify({ type: 'ping', data: {} }));
    await next('pong');
});

test('the sample that asks for compression connects, and is told what it forgot', async () => {
    const ws = await load('compression', { WebSocket: Socket, place }, 'ws');
    const { opened: { protocol }, next } = await open(ws);
    assert.equal(protocol, 'permessage-deflate');
    assert.equal((await next('error')).data.code, 'AUTH_FAILED');    // it brings no token
    assert.equal((await next('closed')).code, 4401);
});

test('the same with a token talks, and compresses', async () => {
    const ann = person('ann');
    const whole = { address: `${place.address}` };
    class WithToken extends Socket {
        constructor(url, protocols) {
            super(`${url}?token=${ann.token}`, protocols);
        }
    }
    const ws = await load('compression', { WebSocket: WithToken, place: whole }, 'ws');
    const { opened: { protocol }, next } = await open(ws);
    assert.equal(protocol, 'permessage-deflate');
    assert.match(ws.extensions, /^permessage-deflate/);
    ws.send(JSON.stringify({ type: 'ping', data: {} }));
    await next('pong');
});

test('the heartbeat is heard', async () => {
    const ws = new Socket(`ws://${place.address}/ws/chat?token=${person('ann').token}`);
    const { next } = await open(ws);
    const beats = [];
    const setInterval = (beat, ms) => beats.push({ beat, ms });
    await load('heartbeat', { WebSocket: Socket, ws, setInterval });
    assert.equal(beats.length, 1);
    assert.equal(beats[0].ms, 30000);
    for (let i = 0; i < 3; i++) {
        beats[0].beat();
        await next('pong');
    }
});

test('the switch over errors finds what it looks at', async () => {
    const room = await scene.room();
    const ann = person('ann');
    const ws = new Socket(`ws://${place.address}/ws/chat?token=${ann.token}`);
    await open(ws);
    const done = new Inbox();
    const { said, console } = listener();
    const names = {
        ws, console,
        refreshTokenAndReconnect: () => done.push('token'),
        showRateLimitWarning: () => done.push('slower'),
    };
    await load('error-handler', names);
    const send = (type, data) => ws.send(JSON.stringify({ type, data }));

    send('join_room', { room: 'nonexistent_room' });
    await said.take(({ level, text }) => level === 'error' &&
        text === 'Salon non trouvé: nonexistent_room', () => 'the name of the room');
    send('direct_message', { to_user_id: 99999999, content: 'x' });
    await said.take(({ text }) => /^Erreur WebSocket: \S+/.test(text), () => 'a sentence');
    for (let i = 0; i <= 10; i++) {
        send('room_message', { room, content: `${i}` });
    }
    assert.equal(await done.take(() => true, () => 'a warning'), 'slower');

    await load('error-handler',
        () => ({ ...names, ws: new Socket(`ws://${place.address}/ws/chat?token=bad`) }));
    assert.equal(await done.take(() => true, () => 'the end of the token'), 'token');
});

test('the sample of a batch is taken as two messages', async () => {
    const room = await scene.room();
    const one = await client(person('alice'));
    const bob = await scene.join('bob', room);
    const messages = [
        { type: 'room_message', data: { room, content: 'message 1', message_type: 'text' } },
        { type: 'room_message', data: { room, content: 'message 2', message_type: 'text' } },
    ];
    one.it.send('message_batch', { messages });
    for (const content of ['message 1', 'message 2']) {
        await bob.take('room_message', { data: { content } });
    }
    const answer = await one.heard('message_batch');
    assert.equal(answer.messages.length, 2);
    assert.ok(answer.messages.every(({ type }) => type !== 'error'), shown(answer));
});
