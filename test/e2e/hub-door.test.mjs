/* The hub's door: who gets in and where, how much they may say, and how a connection ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HubClient, person, refusal } from './lib/hub.mjs';
import { Server, token } from './lib/server.mjs';

/* Runs a test with a server of its own. */
async function withServer(options, run) {
    const server = await Server.start(options);
    try {
        await run(server);
    } finally {
        await server.remove();
    }
}

const seconds = () => Math.floor(Date.now() / 1000);

/* ---- in */

test('a token comes in a header or anywhere in the query', () => withServer({}, async (server) => {
    const ann = person('ann');
    const ways = [
        [ann, {}],
        [null, { path: `/ws/hub?a=1&token=${ann.token}` }],
        [null, { path: `/ws/hub?token=${ann.token}&b=2` }],
        [null, { path: `/ws/hub?${'x=y&'.repeat(50)}token=${ann.token}&tokens=no` }],
        [ann, { headers: { Authorization: `Bearer ${ann.token}` } }],
        [ann, { headers: { Authorization: `bearer ${ann.token}` } }],
        [ann, { path: '/' }],
        [ann, { path: '/', headers: { Authorization: `Bearer ${ann.token}` } }],
    ];
    for (const [who, options] of ways) {
        const client = await HubClient.connect(server.http, who, options);
        await client.silence();
        await client.close();
    }
}));

test('without a good token there is a 401 that says why', () =>
    withServer({ set: { 'auth.failures_per_minute': 0 } }, async (server) => {
        const claims = { user_id: 7, username: 'ann' };
        const good = token(claims);
        const [head, body, signature] = good.split('.');
        const forged = Buffer.from('{"user_id":1,"exp":9999999999}').toString('base64url');
        const bad = [
            '',
            'nonsense',
            'a.b.c',
            `${head}.${body}.`,
            `${head}.${body}.${signature.slice(0, -2)}AA`,
            `${head}.${forged}.${signature}`,
            token(claims, { secret: 'another secret that is long enough too' }),
            token(claims, { alg: 'none' }),
            token({ ...claims, exp: seconds() - 3600 }),
            token({ ...claims, exp: undefined }),
            token({ ...claims, nbf: seconds() + 3600 }),
            token({ username: 'nobody' }),
        ];
        for (const wrong of bad) {
            for (const path of ['/ws/hub', '/']) {
                const url = `ws://${server.http}${path}`;
                const answers = await Promise.all([
                    refusal(`${url}?token=${wrong}`),
                    refusal(url, { Authorization: `Bearer ${wrong}` }),
                ]);
                for (const answer of answers) {
                    assert.equal(answer.status, 401, wrong);
                    assert.equal(typeof answer.body.error, 'string');
                    assert.ok(answer.body.error.length > 10);
                }
            }
        }
        assert.equal((await refusal(`ws://${server.http}/ws/hub`)).status, 401);
        assert.ok(!server.log.includes(signature), 'no token in the log');
    }));

test('elsewhere there is nothing', () => withServer({}, async (server) => {
    const ann = person('ann');
    const answer = await refusal(`ws://${server.http}/nowhere?token=${ann.token}`);
    assert.equal(answer.status, 404);
    const plain = await fetch(`http://${server.http}/ws/hub?token=${ann.token}`);
    assert.equal(plain.status, 426);
}));

test('WS_BIND_ADDR opens an address whose every path is the hub', () =>
    withServer({ env: { WS_BIND_ADDR: '127.0.0.1:0' } }, async (server) => {
        assert.notEqual(server.hub, undefined);
        assert.notEqual(server.hub, server.http);
        await server.cli('room', 'add', 'salon');
        const ann = await HubClient.connect(server.http, person('ann'));
        await ann.ask({ type: 'join', room: 'salon' });
        for (const path of ['/', '/ws', '/any/path/at/all', '/healthz']) {
            const client = await HubClient.connect(server.hub, person('bob'), { path });
            client.send({ type: 'message', room: 'salon', content: path });
            await client.expect({ type: 'message', data: { content: path } });
            await ann.expect({ type: 'message', data: { content: path } });
            await client.close();
        }
        assert.equal((await refusal(`ws://${server.hub}/`)).status, 401);
    }));

test('a user holds ten connections, the older ones stay', () => withServer({}, async (server) => {
    const ann = person('ann');
    const held = [];
    for (let i = 0; i < 10; i++) {
        held.push(await HubClient.connect(server.http, ann));
    }
    const answer = await refusal(`ws://${server.http}/ws/hub?token=${ann.token}`);
    assert.equal(answer.status, 429);
    await held[0].silence();
    await held[0].close();
    await held[1].silence();
    const again = await HubClient.connect(server.http, ann);
    await again.silence();
}));

/* ---- how much */

test('twenty messages at once are enough', () => withServer({}, async (server) => {
    await server.cli('room', 'add', 'salon');
    const ann = await HubClient.connect(server.http, person('ann'));
    const bob = await HubClient.connect(server.http, person('bob'));
    await ann.ask({ type: 'join', room: 'salon' });
    await bob.ask({ type: 'join', room: 'salon' });
    const asked = Array.from({ length: 25 }, (_, i) =>
        ann.ask({ type: 'message', room: 'salon', content: `${i}` }));
    const answers = await Promise.all(asked);
    assert.deepEqual(answers.slice(0, 20).map((a) => a.type), Array(20).fill('message'));
    for (const error of answers.slice(20)) {
        assert.equal(error.type, 'error');
        assert.equal(error.data.code, 'RATE_LIMITED');
        assert.match(error.data.message, /^Trop de messages.*20 par seconde/);
        assert.ok(error.data.retry_after_ms > 0 && error.data.retry_after_ms <= 1000);
    }
    for (let i = 0; i < 20; i++) {
        await bob.expect({ type: 'message', data: { content: `${i}`, seq: i + 1 } });
    }
    await bob.silence();
    const bobs = await bob.ask({ type: 'message', room: 'salon', content: 'me' });
    assert.equal(bobs.type, 'message');
}));

test('so many messages a minute are enough; the rest does not count', () =>
    withServer({ set: { 'limits.hub.per_minute': 5 } }, async (server) => {
        await server.cli('room', 'add', 'salon');
        const ann = await HubClient.connect(server.http, person('ann'));
        const bob = await HubClient.connect(server.http, person('bob'));
        for (let i = 0; i < 30; i++) {
            await ann.ask({ type: 'join', room: 'salon' });
            await ann.ask({ type: 'room_history', room: 'salon' });
            await ann.ask({ type: 'nonsense' });
        }
        for (let i = 0; i < 3; i++) {
            const said = await ann.ask({ type: 'message', room: 'salon', content: 'x' });
            assert.equal(said.type, 'message');
        }
        for (let i = 0; i < 2; i++) {    // a user's, not a connection's nor a room's
            const elsewhere = await HubClient.connect(server.http, ann.who);
            const said = await elsewhere.ask({ type: 'dm', to: bob.who.id, content: 'x' });
            assert.equal(said.type, 'dm_ack');
            await ann.expect({ type: 'dm' });
            await elsewhere.close();
        }
        const error = await ann.ask({ type: 'dm', to: bob.who.id, content: 'x' });
        assert.equal(error.data.code, 'RATE_LIMITED');
        assert.match(error.data.message, /5 par minute/);
        assert.ok(error.data.retry_after_ms > 1000 && error.data.retry_after_ms <= 60_000);
        assert.equal((await ann.ask({ type: 'ping' })).type, 'pong');
    }));

/* ---- out */

test('binary closes with 1003, too much with 1009, and nobody else minds', () =>
    withServer({}, async (server) => {
        const bob = await HubClient.connect(server.http, person('bob'));
        const binary = await HubClient.connect(server.http, person('ann'));
        binary.send(Buffer.from('{"type":"ping"}'));
        assert.equal((await binary.closed()).code, 1003);
        const large = await HubClient.connect(server.http, person('ann'));
        large.send(`{"type":"ping","x":"${'x'.repeat(65536)}"}`);
        assert.equal((await large.closed()).code, 1009);
        await bob.pong();
        await bob.silence();
        assert.equal((await bob.close()).code, 1000);
    }));

test('a connection ends with its token', () => withServer({}, async (server) => {
    const who = { token: token({ user_id: 5, username: 'ann', exp: seconds() + 2 }) };
    const ann = await HubClient.connect(server.http, who);
    await ann.expect({
        type: 'error', data: { code: 'UNAUTHORIZED', message: (m) => /expiré/.test(m) },
    });
    assert.equal((await ann.closed()).code, 4401);
}));

test('a banned user is told, closed, and not let in again', () => withServer({}, async (server) => {
    const ann = await HubClient.connect(server.http, person('ann'));
    const annAgain = await HubClient.connect(server.http, ann.who);
    await ann.silence();
    await server.cli('ban', 'add', ann.who.username);
    for (const client of [ann, annAgain]) {
        await client.expect({
            type: 'error', data: { message: 'Vous êtes banni.', code: 'FORBIDDEN' },
        });
        assert.equal((await client.closed()).code, 4403);
    }
    const answer = await refusal(`ws://${server.http}/ws/hub?token=${ann.who.token}`);
    assert.equal(answer.status, 403);
    await server.cli('ban', 'remove', ann.who.username);
    const back = await HubClient.connect(server.http, ann.who);
    await back.silence();
}));

test('a server that stops says so', async () => {
    const server = await Server.start();
    const ann = await HubClient.connect(server.http, person('ann'));
    await ann.silence();
    const ended = server.remove();
    assert.equal((await ann.closed()).code, 1012);
    await ended;
});

/* ---- again */

test('what was acknowledged survives kill -9', () => withServer({}, async (server) => {
    const [ann, bob] = [person('ann'), person('bob')];
    const message = { type: 'message', room: 'salon', content: 'durable', client_id: 'k' };
    await server.cli('room', 'add', 'salon');
    const before = await HubClient.connect(server.http, ann);
    const partner = await HubClient.connect(server.http, bob);
    const { data: said } = await before.ask(message);
    const { data: written } = await before.ask({ type: 'dm', to: bob.id, content: 'privé' });
    await partner.expect({ type: 'dm' });
    await server.kill();
    assert.equal((await before.closed()).code, 1006);

    await server.restart();
    const after = await HubClient.connect(server.http, ann);
    const history = await after.ask({ type: 'room_history', room: 'salon' });
    assert.deepEqual(history.data.map((m) => [m.id, m.seq, m.content, m.ts]),
        [[said.id, said.seq, 'durable', said.ts]]);
    const direct = await after.ask({ type: 'dm_history', with: bob.id });
    assert.deepEqual(direct.data.map((m) => [m.id, m.content]), [[written.id, 'privé']]);

    const again = await after.ask(message);    // the retry of one who never heard the answer
    assert.deepEqual(again.data, said);
    const next = await after.ask({ ...message, client_id: 'l' });
    assert.equal(next.data.seq, said.seq + 1);
    assert.ok(next.data.id > written.id);
}));
