/* The envelope's door: the ways a token comes in, what who is not let in hears, how long a token
 * lasts and how another takes its place, and how a connection ends. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { EnvelopeClient, RFC3339, Scene } from './lib/envelope.mjs';
import { person, refusal } from './lib/hub.mjs';
import { until } from './lib/inbox.mjs';
import { BINARY, frame, metric, Raw, TEXT, upgradeRequest } from './lib/raw.mjs';
import { JWT_SECRET, token, within } from './lib/server.mjs';

const NOTICE_S = 60;    // before a token expires its owner is told

let scene;

before(async () => {
    scene = await Scene.start({ set: { 'auth.failures_per_minute': 0 } });
});
after(() => scene?.remove());

const seconds = () => Math.floor(Date.now() / 1000);

const tokenFor = (who, claims) =>
    token({ user_id: who.id, username: who.username, ...claims });

/* The connection is opened, told why it may not stay, and closed. */
async function turnedAway(who, options, { code, close }) {
    const client = await scene.connect(who, options);
    const error = await client.next();
    assert.equal(error.type, 'error');
    assert.equal(error.data.code, code);
    assert.ok(error.data.message.length > 10);
    assert.equal((await client.closed()).code, close);
}

const UNAUTHENTICATED = { code: 'AUTH_FAILED', close: 4401 };

/* ---- in */

test('a token comes in the query, in a header, or as a subprotocol', async () => {
    const ann = person('ann');
    const ways = [
        { query: `?token=${ann.token}` },
        { query: `?a=1&token=${ann.token}&b=2` },
        { headers: { Authorization: `Bearer ${ann.token}` } },
        { headers: { Authorization: `bearer ${ann.token}` } },
        { protocols: ['bearer', ann.token] },
    ];
    for (const way of ways) {
        const client = await scene.connect(ann, way);
        const said = await client.ask('direct_message', { to_user_id: ann.id, content: 'me' });
        assert.equal(said.data.from_user_id, ann.id, JSON.stringify(way));
        assert.equal(client.protocol, way.protocols ? 'bearer' : '');
        await client.close();
    }
});

test('the answer to the subprotocol never shows the token', async () => {
    const ann = person('ann');
    const raw = await Raw.open(scene.server.http);
    raw.write(upgradeRequest(null, { path: '/ws/chat',
        extra: [`Sec-WebSocket-Protocol: bearer, ${ann.token}`] }));
    const { status, headers } = await raw.response();
    assert.equal(status, 101);
    assert.equal(headers['sec-websocket-protocol'], 'bearer');
    raw.leave();
    assert.ok(!scene.server.log.includes(ann.token));
});

test('the subprotocol of the compression sample is accepted', async () => {
    const ann = person('ann');
    const named = await scene.connect(ann, { protocols: ['permessage-deflate'] });
    assert.equal(named.protocol, 'permessage-deflate');
    await named.settle();
    const both = await scene.connect(ann,
        { protocols: ['permessage-deflate', 'bearer', ann.token] });
    assert.ok(['permessage-deflate', 'bearer'].includes(both.protocol));
    await both.settle();
});

test('an API token opens the door, until it is revoked', async () => {
    const { username } = person('bot');
    await scene.server.cli('user', 'add', username);
    const secret = await scene.server.cli('token', 'add', username, '--label', 'e2e');
    const bot = await scene.connect(null, { headers: { Authorization: `Bearer ${secret}` } });
    await bot.settle();
    await scene.server.cli('token', 'revoke', username, 'e2e');
    await bot.error('AUTH_FAILED');
    assert.equal((await bot.closed()).code, 4401);
    await turnedAway(null, { headers: { Authorization: `Bearer ${secret}` } }, UNAUTHENTICATED);
});

test('without a good token the door opens to say so, and closes with 4401', async () => {
    const ann = person('ann');
    const [head, body, signature] = ann.token.split('.');
    const forged = Buffer.from('{"user_id":1,"exp":9999999999}').toString('base64url');
    const bad = [
        'nonsense', 'a.b.c', `${head}.${body}.`, `${head}.${forged}.${signature}`,
        tokenFor(ann, { exp: seconds() - 3600 }), tokenFor(ann, { exp: undefined }),
        tokenFor(ann, { nbf: seconds() + 3600 }), token({ username: 'nobody' }),
        token({ user_id: 1 }, { alg: 'none' }),
        token({ user_id: 1 }, { secret: 'another secret that is long enough too' }),
    ];
    await turnedAway(null, {}, UNAUTHENTICATED);
    await turnedAway(null, { query: '?token=' }, UNAUTHENTICATED);
    for (const wrong of bad) {
        await turnedAway(null, { query: `?token=${wrong}` }, UNAUTHENTICATED);
        await turnedAway(null, { headers: { Authorization: `Bearer ${wrong}` } }, UNAUTHENTICATED);
        await turnedAway(null, { protocols: ['bearer', wrong] }, UNAUTHENTICATED);
    }
    await turnedAway(null, { protocols: ['permessage-deflate'] }, UNAUTHENTICATED);
    assert.ok(!scene.server.log.includes(signature), 'no token in the log');
});

test('who was turned away can do nothing in the meantime', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const raw = await Raw.open(scene.server.http);
    raw.write(upgradeRequest(null, { path: '/ws/chat?token=bad' }));
    for (const type of ['join_room', 'room_message', 'room_history']) {
        raw.write(frame(TEXT, JSON.stringify({ type, data: { room, content: 'sneaked in' } })));
    }
    assert.equal((await raw.response()).status, 101);
    const { json } = await raw.frame();
    assert.equal(json.data.code, 'AUTH_FAILED');
    assert.equal(await raw.closeCode(), 4401);
    await bob.none();
    raw.leave();
});

test('who guesses is not even let in to be told so, for a minute', () =>
    Scene.with({ set: { 'auth.failures_per_minute': 3 } }, async (own) => {
        const ann = await own.connect('ann');
        for (let i = 0; i < 3; i++) {
            const guess = await own.connect(null, { query: `?token=guess-${i}` });
            await guess.error('AUTH_FAILED');
            assert.equal((await guess.closed()).code, 4401);
        }
        for (const { token: theirs } of [{ token: 'guess' }, person('bob')]) {
            const { status } = await refusal(`ws://${own.server.http}/ws/chat?token=${theirs}`);
            assert.equal(status, 429);
        }
        await ann.settle();    // who is in stays in
    }));

test('a plain request is told to upgrade', async () => {
    const { token: good } = person('ann');
    const response = await fetch(`http://${scene.server.http}/ws/chat?token=${good}`);
    assert.equal(response.status, 426);
});

test('a page from elsewhere is refused before the upgrade', () =>
    Scene.with({ set: { 'http.origins': 'https://chat.example' } }, async (own) => {
        const ann = person('ann');
        const url = `ws://${own.server.http}/ws/chat?token=${ann.token}`;
        assert.equal((await refusal(url, { Origin: 'https://evil.example' })).status, 403);
        const client = await own.connect(ann, { headers: { Origin: 'https://chat.example' } });
        await client.settle();
    }));

test('a user holds ten connections, the older ones stay', async () => {
    const ann = person('ann');
    const held = [];
    for (let i = 0; i < 10; i++) {
        held.push(await scene.connect(ann));
    }
    await Promise.all(held.map((client) => client.settle()));
    const surplus = await scene.connect(ann);
    assert.equal((await surplus.next()).type, 'error');
    const { code } = await surplus.closed();
    assert.ok(code !== 1000 && code !== 1006, `${code}`);
    await held[0].settle();
    await held[0].close();
    await (await scene.connect(ann)).settle();
});

/* ---- how long */

test('a minute before a token expires its owner is told', async () => {
    const ann = person('ann');
    const exp = seconds() + NOTICE_S + 2;
    const client = await scene.connect({ ...ann, token: tokenFor(ann, { exp }) });
    const { data } = await client.take('token_expiring');
    assert.match(data.expires_at, RFC3339);
    assert.equal(Date.parse(data.expires_at), exp * 1000);
    assert.ok(Date.now() >= (exp - NOTICE_S) * 1000 - 500, 'not earlier');
    await client.settle();
    await client.none();
});

test('a token that lasts longer is not spoken of', async () => {
    const ann = await scene.connect('ann');
    await ann.none();
});

test('a connection ends with its token', async () => {
    const ann = person('ann');
    const exp = seconds() + 2;
    const client = await scene.connect({ ...ann, token: tokenFor(ann, { exp }) });
    await client.settle();
    await client.error('AUTH_FAILED');
    assert.ok(Date.now() >= exp * 1000 - 100, 'not earlier');
    assert.equal((await client.closed()).code, 4401);
});

test('a renewed token outlives the old one', async () => {
    const ann = person('ann');
    const brief = { ...ann, token: tokenFor(ann, { exp: seconds() + 3 }) };
    const renewed = await scene.connect(brief);
    const left = await scene.connect(brief);
    const exp = seconds() + 3600;
    renewed.send('auth', { token: tokenFor(ann, { exp }) }, { id: 'a' });
    const ack = await renewed.take('auth_ack');
    assert.equal(ack.id, 'a');
    assert.equal(Date.parse(ack.data.expires_at), exp * 1000);
    await left.error('AUTH_FAILED');
    assert.equal((await left.closed()).code, 4401);
    await renewed.settle();
    await renewed.none('error');
    const said = await renewed.ask('direct_message', { to_user_id: ann.id, content: 'still here' });
    assert.equal(said.data.from_user_id, ann.id);
});

test('a renewed token may also be the shorter one', async () => {
    const ann = person('ann');
    const client = await scene.connect(ann);
    assert.equal((await client.ask('auth', { token: tokenFor(ann, { exp: seconds() + 2 }) })).type,
        'auth_ack');
    await client.error('AUTH_FAILED');
    assert.equal((await client.closed()).code, 4401);
});

test('a connection keeps its person: another\'s token is refused', async () => {
    const ann = await scene.connect('ann');
    const bob = person('bob');
    ann.send('auth', { token: bob.token }, { id: 'a' });
    assert.equal((await ann.error('PERMISSION_DENIED')).id, 'a');
    const said = await ann.ask('direct_message', { to_user_id: ann.who.id, content: 'still me' });
    assert.equal(said.data.from_user_id, ann.who.id);
});

test('a bad token in hand leaves the old one in force', async () => {
    const ann = await scene.connect('ann');
    for (const wrong of ['nonsense', tokenFor(ann.who, { exp: seconds() - 10 }),
        token({ user_id: ann.who.id }, { secret: 'another secret that is long enough too' })]) {
        ann.send('auth', { token: wrong });
        await ann.error('AUTH_FAILED');
    }
    ann.send('auth', {});
    await ann.error('INVALID_FORMAT', { field: 'token' });
    await ann.settle();
    assert.ok(!scene.server.log.includes(ann.who.token));
});

/* ---- out */

test('a banned user is told, closed, and not let in again', async () => {
    const ann = await scene.connect('ann');
    const again = await scene.connect(ann.who);
    await Promise.all([ann.settle(), again.settle()]);
    await scene.server.cli('ban', 'add', ann.who.username);
    for (const client of [ann, again]) {
        await client.error('PERMISSION_DENIED');
        assert.equal((await client.closed()).code, 4403);
    }
    await turnedAway(ann.who, {}, { code: 'PERMISSION_DENIED', close: 4403 });
    await scene.server.cli('ban', 'remove', ann.who.username);
    await (await scene.connect(ann.who)).settle();
});

test('binary closes with 1003, bad UTF-8 with 1007, too much with 1009', async () => {
    const bob = await scene.connect('bob');
    const binary = await scene.connect('ann');
    binary.write(Buffer.from('{"type":"ping","data":{}}'));
    assert.equal((await binary.closed()).code, 1003);
    const empty = await Raw.open(scene.server.http);
    empty.write(upgradeRequest(person('ann'), { path: '/ws/chat' }));
    await empty.response();
    empty.write(frame(BINARY, ''));
    assert.equal(await empty.closeCode(), 1003);
    empty.leave();
    for (const hex of ['ff', 'c080', 'eda080', 'e282']) {
        const broken = await scene.connect('ann');
        broken.writeText(Buffer.concat([Buffer.from('{"type":"'), Buffer.from(hex, 'hex'),
            Buffer.from('"}')]));
        assert.equal((await broken.closed()).code, 1007);
    }
    const large = await scene.connect('ann');
    large.write(JSON.stringify({ type: 'ping', data: { x: 'x'.repeat(65536) } }));
    assert.equal((await large.closed()).code, 1009);
    await bob.settle();
    assert.equal((await bob.close()).code, 1000);
});

test('a server that stops says so', async () => {
    const own = await Scene.start();
    const ann = await own.connect('ann');
    await ann.settle();
    const ended = own.remove();
    assert.equal((await ann.closed()).code, 1012);
    await ended;
});

/* ---- compression */

test('compression is agreed on when offered, without a context of the server\'s', async () => {
    const ann = await scene.connect('ann', { deflate: true });
    assert.match(ann.extensions, /^permessage-deflate/);
    const plain = await scene.connect('ann');
    assert.equal(plain.extensions, '');
    const raw = await Raw.open(scene.server.http);
    raw.write(upgradeRequest(person('ann'), { path: '/ws/chat',
        extra: ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'] }));
    const { headers } = await raw.response();
    assert.match(headers['sec-websocket-extensions'],
        /^permessage-deflate\b.*\bserver_no_context_takeover\b/);
    raw.leave();
});

/* How many bytes come for a frame, and whether it is packed. */
async function heardBy(raw) {
    for (;;) {
        const { opcode, payload, json } = await raw.frame();
        const isPacked = opcode === TEXT && json === undefined;
        if (isPacked || json?.type === 'room_message') {
            return { isPacked, bytes: payload.length };
        }
    }
}

test('long messages are compressed for who can read it, short ones are not', async () => {
    const room = await scene.room();
    const raw = await Raw.open(scene.server.http);
    raw.write(upgradeRequest(person('raw'), { path: '/ws/chat',
        extra: ['Sec-WebSocket-Extensions: permessage-deflate'] }));
    await raw.response();
    raw.write(frame(TEXT, JSON.stringify({ type: 'join_room', data: { room } })));
    const ann = await scene.join('ann', room);
    const packing = await scene.connect('bob', { deflate: true });
    await packing.ask('join_room', { room });

    const content = 'again and again '.repeat(100);
    await packing.ask('room_message', { room, content });
    assert.equal((await ann.take('room_message')).data.content, content);
    const long = await heardBy(raw);
    assert.ok(long.isPacked && long.bytes < content.length / 2, JSON.stringify(long));
    await ann.ask('room_message', { room, content: 'x' });
    await packing.take('room_message', { data: { content: 'x' } });
    const short = await heardBy(raw);
    assert.equal(short.isPacked, false, JSON.stringify(short));
    raw.leave();
});

test('a message that unpacks to more than a message may be closes with 1009', async () => {
    const socket = new WebSocket(
        `ws://${scene.server.http}/ws/chat?token=${person('ann').token}`,
        { perMessageDeflate: { threshold: 0 } });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await within(new Promise((resolve) => socket.once('open', resolve)), () => 'the upgrade');
    socket.send(JSON.stringify({ type: 'ping', data: { x: 'x'.repeat(10_000_000) } }));
    assert.equal(await within(closed, () => 'the end'), 1009);
});

/* ---- what is said about it */

test('the log tells of connections in the document\'s words, and no token', () =>
    Scene.with({ set: { 'log.level': 'debug' } }, async (own) => {
        const room = await own.room();
        const ann = await own.join('ann', room);
        await ann.ask('room_message', { room, content: 'a private word' });
        await ann.close();
        const line = (pattern) => until(() => pattern.test(own.server.log),
            () => `${pattern} in the log:\n${own.server.log}`);
        const user = `UserID=${ann.who.id}\\b`;
        await line(new RegExp(`WS_CONNECT\\b.*\\b${user}.*\\bIP="?127\\.0\\.0\\.1`));
        await line(new RegExp(`WS_MESSAGE\\b.*\\bType="?room_message.*\\b${user}.*` +
            `\\bRoom="?${room}\\b`));
        await line(new RegExp(`WS_DISCONNECT\\b.*\\b${user}.*\\bDuration=`));
        for (const secret of [ann.who.token, JWT_SECRET, 'a private word']) {
            assert.ok(!own.server.log.includes(secret));
        }
    }));

test('connections, messages and their latency are counted', () => Scene.with({}, async (own) => {
    const room = await own.room();
    const ann = await own.join('ann', room);
    await ann.ask('room_message', { room, content: 'one' });
    await EnvelopeClient.connect(own.server, null);
    const text = await (await fetch(`http://${own.server.http}/metrics`)).text();
    const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    assert.equal(value('parloir_connections\\{dialect="envelope"\\}'), 1);
    assert.ok(value('parloir_messages_in_total\\{dialect="envelope"\\}') >= 2);
    assert.ok(value('parloir_messages_out_total\\{dialect="envelope"\\}') >= 1);
    assert.match(text, /^# TYPE parloir_delivery_seconds histogram$/m);
    assert.match(text, /^# TYPE parloir_reconnections_total counter$/m);
    assert.match(text, /^# TYPE parloir_connection_errors_total counter$/m);
    assert.equal(await metric(own.server, 'parloir_auth_failures_total'), 1);
}));
