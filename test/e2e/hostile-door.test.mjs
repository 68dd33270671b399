/* Whoever should not come in stays outside: forged and odd tokens, foreign pages, guessers, and
 * people with too many connections. And the log tells of it in single, clean lines, without a word
 * that was meant to be secret. */
import assert from 'node:assert/strict';
import { createHmac, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Bystander } from './lib/bystander.mjs';
import { parloir } from './lib/cli.mjs';
import { HubClient, person, refusal } from './lib/hub.mjs';
import { Raw, request, upgradeRequest } from './lib/raw.mjs';
import { JWT_SECRET, Server, token } from './lib/server.mjs';

const secrets = [];    // everything the log must not show

/* Runs a test with a server of its own and two bystanders; the log is looked through at the end. */
async function attack(options, run) {
    const server = await Server.start({
        ...options,
        set: { 'limits.profile': 'open', 'log.level': 'debug', ...options.set },
    });
    try {
        const bystander = await Bystander.start(server);
        await run(server, bystander);
        await bystander.calm();
        await bystander.stop();
    } finally {
        await server.remove();
    }
    assertLogIsClean(server.log, [JWT_SECRET, ...secrets]);
}

const LINE =
    /^ts=\S+ lvl=(error|warn|info|debug) ev=[a-z_.]+( [a-z_]+=("([^"\\]|\\.)*"|[^\s"]*))*$/;

function assertLogIsClean(log, words) {
    for (const line of log.split('\n')) {
        assert.match(line, LINE);
        assert.ok(!/[\u0000-\u001f\u007f-\u009f]/.test(line), JSON.stringify(line));
    }
    for (const word of words) {
        assert.ok(!log.includes(word), `${word} is in the log`);
        assert.ok(!log.includes(encodeURIComponent(word)), `${word} is in the log, encoded`);
    }
}

const base64url = (value) => Buffer.from(value).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

/* A token of these texts, signed by whatever `sign` makes of them. */
function tokenOf(header, payload, sign = hmac(JWT_SECRET)) {
    const signed = `${base64url(header)}.${base64url(payload)}`;
    const made = `${signed}.${base64url(sign(signed))}`;
    secrets.push(made);
    return made;
}

const hmac = (secret) => (signed) => createHmac('sha256', secret).update(signed).digest();
const HS256 = '{"alg":"HS256","typ":"JWT"}';
const claims = (more = {}) =>
    JSON.stringify({ user_id: 77, username: 'mallory', exp: seconds() + 3600, ...more });

/* The answer to an upgrade with this token, as it stands in the header or in the query. */
async function statusOf(server, bearer, { inQuery = false, from, headers = [] } = {}) {
    const raw = await Raw.open(server.http, { from });
    const path = inQuery ? `/ws/hub?token=${encodeURIComponent(bearer)}` : '/ws/hub';
    const change = inQuery ? {} : { Authorization: `Bearer ${bearer}` };
    raw.write(upgradeRequest(null, { path, change, extra: headers }));
    const response = await raw.response();
    raw.leave();
    return response;
}

async function isLetIn(server, bearer, options) {
    assert.equal((await statusOf(server, bearer, options)).status, 101, bearer.slice(0, 80));
}

async function isRefused(server, bearers, status = 401) {
    for (const bearer of bearers) {
        for (const inQuery of [false, true]) {
            if (!inQuery && /[^\x20-\x7e]/.test(bearer)) {
                continue;
            }
            const response = await statusOf(server, bearer, { inQuery });
            assert.equal(response.status, status, bearer.slice(0, 120));
            assert.ok(JSON.parse(response.body).error.length > 10);
            assert.ok(bearer.length < 8 || !response.body.includes(bearer));
        }
    }
}

const unlimited = { set: { 'auth.failures_per_minute': 0, 'limits.connections_per_user': 0 } };

/* ---- tokens */

test('a token that is not signed by us, as we sign, is refused', () =>
    attack(unlimited, async (server) => {
        const good = tokenOf(HS256, claims());
        await isLetIn(server, good);
        const [head, body, signature] = good.split('.');
        const none = (alg, sign = '') =>
            `${base64url(JSON.stringify({ alg }))}.${body}.${sign}`;
        await isRefused(server, [
            none('none'), none('None'), none('NONE'), none('nOnE', signature), none(''),
                none('HS256'),
            none('none', 'AA'),
            tokenOf('{"alg":"HS256"}', claims(), hmac('')),
            tokenOf('{"alg":"HS256"}', claims(), hmac('\0')),
            tokenOf('{"alg":"HS256"}', claims(), () => Buffer.alloc(32)),
            tokenOf('{"alg":"HS256"}', claims(), () => Buffer.alloc(0)),
            tokenOf('{"alg":"HS384"}', claims()), tokenOf('{"alg":"HS512"}', claims()),
            tokenOf('{"alg":"hs256"}', claims()), tokenOf('{"alg":["HS256"]}', claims()),
            tokenOf('{"alg":null}', claims()), tokenOf('{}', claims()), tokenOf('[]', claims()),
            tokenOf('{"alg":"none","alg":"HS256"}', claims()),
            tokenOf('{"alg":"HS256","crit":["exp"]}', claims()),
            tokenOf('{"alg":"RS256"}', claims()), tokenOf('{"alg":"ES256"}', claims()),
            tokenOf('{"alg":"HS256"', claims()),
            `${head}.${body}.${signature}x`, `${head}.${body}.${signature.slice(0, -1)}`,
            `${head}.${body}.${signature}.`, `${head}.${body}.${signature}.${signature}`,
            `${head}.${body}`, `${head}..${signature}`, `.${body}.${signature}`, '..', '.',
            `${head}=.${body}.${signature}`, `${head}.${body}=.${signature}`,
            `${head} .${body}.${signature}`, `${head}.${body}.${signature}\0`,
            `${good}\0`, `\0${good}`, `${good}%00`, `${good},${good}`, `${good} ${good}`,
            `Bearer ${good}`, `"${good}"`,
        ]);
    }));

test('claims must be what they are for', () => attack(unlimited, async (server) => {
    const signed = (payload) => tokenOf(HS256, payload);
    const now = seconds();
    await isRefused(server, [
        claims({ exp: undefined }), claims({ exp: now - 1 }), claims({ exp: 0 }),
            claims({ exp: -1 }),
        claims({ exp: null }), claims({ exp: 'soon' }), claims({ exp: [now + 100] }),
        claims({ exp: 1e300 }), claims({ exp: 2 ** 53 }), claims({ exp: true }),
        '{"user_id":77,"exp":1e999}', '{"user_id":77,"exp":18446744073709551615}',
        '{"user_id":77,"exp":18446744073709551616}',
        `{"user_id":77,"exp":${now - 100},"exp":${now + 100}}`,
        `{"user_id":1,"user_id":77,"exp":${now + 100}}`,
        claims({ nbf: now + 3600 }), claims({ iat: now + 3600 }), claims({ nbf: 'x' }),
        claims({ nbf: {} }), claims({ aud: 5 }), claims({ iss: 5 }),
        claims({ user_id: undefined }), claims({ user_id: 0 }), claims({ user_id: -1 }),
        claims({ user_id: 1.5 }), claims({ user_id: 2 ** 53 }), claims({ user_id: 'alice' }),
        claims({ user_id: '' }), claims({ user_id: {} }), claims({ user_id: [77] }),
        claims({ user_id: true }), claims({ user_id: '18446744073709551617' }),
        claims({ user_id: undefined, sub: 'auth0|123' }),
        'null', '[]', '""', '{', '', '77', ' ', `${claims()} `.repeat(2), '\ufeff{}',
        `{"user_id":77,"exp":${now + 100},"x":"\\ud800"}`,
        '['.repeat(4000), `{"exp":${now + 100},"user_id":${'['.repeat(2000)}${']'.repeat(2000)}}`,
    ].map(signed));
    for (const fine of [claims({ exp: now + 60 }), claims({ exp: `${now + 60}` }),
        claims({ exp: now + 60.5 }), claims({ exp: 2 ** 53 - 1 }), claims({ exp: 1e15 }),
        claims({ user_id: '77' }), claims({ user_id: undefined, sub: '77' }),
        claims({ user_id: 2 ** 53 - 1, username: 'last' }), claims({ nbf: now }),
            claims({ iat: now - 9 }),
        claims({ extra: { deep: [[[[1]]]] } })]) {
        await isLetIn(server, signed(fine));
    }
    const kids = ['x', '../../jwt.key', '/dev/null', "' OR 1=1", '\u0000', '\u001b[31m', 'é'];
    for (const kid of kids) {    // names none of our keys, and is never a path
        await isLetIn(server, tokenOf(JSON.stringify({ alg: 'HS256', kid }), claims()));
    }
    await isRefused(server, [
        tokenOf('{"alg":"HS256","kid":1}', claims()), tokenOf('{"alg":"HS256","kid":["x"]}',
            claims()),
        tokenOf(`{"alg":"HS256","kid":"${'x'.repeat(5000)}"}`, claims()),
        tokenOf('{"alg":"HS256","kid":"a","kid":"b"}', claims()),
    ]);
}));

test('a public key is no secret', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const dir = await mkdtemp(join(tmpdir(), 'parloir-key-'));
    const file = join(dir, 'public.pem');
    await writeFile(file, pem);
    await attack({ set: { ...unlimited.set, 'auth.jwt_key_file': file } }, async (server) => {
        const rs = (signed) => createSign('RSA-SHA256').update(signed).sign(privateKey);
        const RS256 = '{"alg":"RS256"}';
        await isLetIn(server, tokenOf(RS256, claims(), rs));
        await isLetIn(server, tokenOf(HS256, claims()));
        await isRefused(server, [
            tokenOf(HS256, claims(), hmac(pem)), tokenOf(HS256, claims(), hmac(pem.trim())),
            tokenOf(HS256, claims(), hmac(publicKey.export({ type: 'spki', format: 'der' }))),
            tokenOf(HS256, claims(), rs), tokenOf(RS256, claims(), hmac(JWT_SECRET)),
            tokenOf(RS256, claims(), () => Buffer.alloc(256)),
            tokenOf(RS256, claims(), (s) => Buffer.concat([rs(s), Buffer.alloc(1)])),
        ]);
    });
    await rm(dir, { recursive: true });
});

test('a token may be 8 KiB long', () => attack(unlimited, async (server) => {
    const padded = (n) => tokenOf(HS256, claims({ x: 'x'.repeat(n) }));
    await isLetIn(server, padded(5800));
    const long = padded(6200);
    assert.ok(long.length > 8192 && long.length < 16000);
    assert.equal((await statusOf(server, long)).status, 401);
    assert.equal((await statusOf(server, long, { inQuery: true })).status, 414);
    assert.equal((await statusOf(server, padded(20000))).status, 431);
}));

test('of two tokens the one in the header counts', () => attack(unlimited, async (server) => {
    const good = tokenOf(HS256, claims());
    const bad = tokenOf(HS256, claims(), hmac('x'.repeat(40)));
    const both = async (header, query, extra) => {
        const raw = await Raw.open(server.http);
        raw.write(upgradeRequest(null, {
            path: `/ws/hub?token=${query}`, change: { Authorization: `Bearer ${header}` }, extra,
        }));
        const { status } = await raw.response();
        raw.leave();
        return status;
    };
    assert.equal(await both(good, bad), 101);
    assert.equal(await both(bad, good), 401);
    assert.equal(await both(bad, bad), 401);
    const twice = `/ws/hub?token=${bad}&token=${good}`;    // the first one counts
    assert.equal((await refusal(`ws://${server.http}${twice}`)).status, 401);
}));

test('an API token lets in until it is revoked', () => attack(unlimited, async (server) => {
    await server.cli('user', 'add', 'robot');
    const api = await server.cli('token', 'add', 'robot', '--label', 'work');
    secrets.push(api);
    await isLetIn(server, api);
    await isLetIn(server, api, { inQuery: true });
    const flipped = api.slice(0, -2) + (api.at(-2) === 'A' ? 'B' : 'A') + api.at(-1);
    await isRefused(server, [flipped, api.slice(0, -1), `${api}A`, `${api}=`, `${api}\0`,
        api.toLowerCase(), randomBytes(32).toString('base64url'), '_'.repeat(43), 'A'.repeat(43)]);
    const other = await server.cli('token', 'add', 'robot', '--label', 'é'.repeat(64));
    secrets.push(other);
    const working = await HubClient.connect(server.http, { token: api });
    const resting = await HubClient.connect(server.http, { token: other });
    await server.cli('token', 'revoke', 'robot', 'work');
    await isRefused(server, [api]);
    await working.expect({ type: 'error', data: { code: 'UNAUTHORIZED' } });
    assert.equal((await working.closed()).code, 4401);    // out at once
    await resting.silence();
    await resting.close();
}));

test('whoever is known only by a token is made, with a name that is fit to be seen', () =>
    attack(unlimited, async (server) => {
        const names = ['\u001b[31mred', 'two\nlines', 'a\rb', 'nul\u0000', '\u0085next',
            'x'.repeat(33),
            '', ' ', ' spaced ', '\u007f', 'x'.repeat(5000), '"}', 'a b', '\u202egnp.exe', '<b>',
                '../..'];
        for (const [i, username] of names.entries()) {
            const raw = await Raw.open(server.http);
            raw.write(upgradeRequest({ token: tokenOf(HS256, claims({ user_id: 500 + i,
                username })) }));
            const { status } = await raw.response();
            assert.ok([101, 400, 409].includes(status), `${JSON.stringify(username)}: ${status}`);
            raw.leave();
        }
        for (const line of (await server.cli('user', 'list', '--json')).split('\n')) {
            const { username } = JSON.parse(line);
            assert.ok(!/[\u0000-\u001f\u007f-\u009f]/.test(username), JSON.stringify(username));
            assert.equal(username.trim(), username);
            assert.ok([...username].length <= 32 && username !== '');
        }
    }));

test('nobody else\'s name is to be had by a token', () => attack(unlimited, async (server) => {
    await server.cli('user', 'add', 'alice');
    const thief = await HubClient.connect(server.http,
        { token: tokenOf(HS256, claims({ user_id: 900, username: 'ALICE' })) }).catch(() => null);
    if (thief !== null) {
        await thief.silence();
        await thief.close();
    }
    const list = (await server.cli('user', 'list', '--json')).split('\n').map(JSON.parse);
    assert.equal(list.filter((u) => u.username.toLowerCase() === 'alice').length, 1);
}));

/* ---- guessing */

test('an address may guess ten times a minute; others come and go', () =>
    attack({ set: { 'server.workers': 2 } }, async (server, bystander) => {
        const from = '127.0.0.9';
        for (let i = 0; i < 10; i++) {
            const guess = tokenOf(HS256, claims(), hmac(`guess ${i}`));
            assert.equal((await statusOf(server, guess, { from })).status, 401, `guess ${i}`);
        }
        const good = tokenOf(HS256, claims());
        const { status, headers, body } = await statusOf(server, good, { from });
        assert.equal(status, 429);
        assert.ok(Number(headers['retry-after']) > 0);
        assert.match(JSON.parse(body).error, /wait/);
        await isLetIn(server, good);    // from elsewhere
        await bystander.calm();
        const raw = await Raw.open(server.http, { from });    // and plain pages
        raw.write(request('/healthz'));
        assert.equal((await raw.response()).status, 200);
        raw.leave();
    }));

test('coming without a token is no guess, and a refused handshake is none either', () =>
    attack({}, async (server) => {
        const from = '127.0.0.10';
        const good = tokenOf(HS256, claims());
        for (let i = 0; i < 30; i++) {
            const raw = await Raw.open(server.http, { from });
            raw.write(upgradeRequest(null,
                { change: i % 2 ? {} : { 'Sec-WebSocket-Version': '8' } }));
            assert.equal((await raw.response()).status, i % 2 ? 401 : 426);
            raw.leave();
        }
        await isLetIn(server, good, { from });
    }));

test('guesses over many connections at once are counted together', () =>
    attack({ set: { 'server.workers': 2 } }, async (server) => {
        const guesses = Array.from({ length: 60 }, (_, i) =>
            statusOf(server, tokenOf(HS256, claims(), hmac(`g${i}`)), { from: '127.0.0.11' }));
        const statuses = (await Promise.all(guesses)).map((r) => r.status);
        assert.equal(statuses.filter((s) => s === 401).length, 10);
        assert.equal(statuses.filter((s) => s === 429).length, 50);
    }));

/* ---- pages */

test('a page of a foreign origin is refused, and the log says how to allow it', () =>
    attack({ set: { ...unlimited.set,
        'http.origins': 'https://chat.example.org,http://localhost:3000' } },
        async (server) => {
            const good = tokenOf(HS256, claims());
            const from = (origin) => statusOf(server, good, { headers: [`Origin: ${origin}`] });
            for (const origin of ['https://chat.example.org', 'http://localhost:3000',
                'HTTPS://Chat.Example.org']) {
                assert.equal((await from(origin)).status, 101, origin);
            }
            assert.equal((await statusOf(server, good)).status, 101, 'programs send none');
            for (const origin of ['https://evil.example', 'http://chat.example.org', 'null',
                'https://chat.example.org.evil.example', 'https://chat.example.org:444',
                'https://chat.example.org/', 'https://evil.example#https://chat.example.org',
                'https://xchat.example.org', 'http://localhost', '*',
                'https://\x80\xff', 'x'.repeat(3000)]) {
                const { status, body } = await from(origin);
                assert.equal(status, 403, origin);
                assert.match(JSON.parse(body).error, /origin/);
            }
            assert.match(server.log,
                /ev=origin\.refused origin="?https:\/\/evil\.example"? to_allow=".*http\.origins/);
            const bare = await statusOf(server, 'nonsense',
                { headers: ['Origin: https://evil.example'] });
            assert.equal(bare.status, 403, 'before the token is looked at');
        }));

/* ---- too many */

test('an address holds so many connections; others are let in, and so is it again', () =>
    attack({ set: { 'limits.connections_per_address': 20, 'server.workers': 2 } }, async (server,
        bystander) => {
        const from = '127.0.0.12';
        const held = [];
        for (let i = 0; i < 20; i++) {
            const raw = await Raw.open(server.http, { from });
            raw.write(request('/healthz'));    // it is in before the next one comes
            assert.equal((await raw.response()).status, 200);
            held.push(raw);
        }
        for (let i = 0; i < 5; i++) {
            const raw = await Raw.open(server.http, { from });
            const { status, body } = await raw.response();
            assert.equal(status, 429);
            assert.match(JSON.parse(body).error, /connections/);
            await raw.ended();
        }
        const other = await Raw.open(server.http, { from: '127.0.0.13' });
        other.write(request('/healthz'));
        assert.equal((await other.response()).status, 200);
        other.leave();
        await bystander.calm();
        held[0].write(request('/healthz', { headers: ['Connection: close'] }));
        assert.equal((await held[0].response()).status, 200);
        await held[0].ended();
        for (;;) {    // once the server has seen the end of that one
            const raw = await Raw.open(server.http, { from });
            raw.write(request('/healthz'));
            const { status } = await raw.response();
            raw.leave();
            if (status === 200) {
                break;
            }
            assert.equal(status, 429);
        }
        held.forEach((raw) => raw.leave());
    }));

test('a user holds so many connections, however they come', () =>
    attack({ set: { 'limits.connections_per_user': 5, 'server.workers': 2 } }, async (server) => {
        const who = person('many');
        const knocks = await Promise.all(Array.from({ length: 40 }, async () => {
            const raw = await Raw.open(server.http);
            raw.write(upgradeRequest(who));
            return [raw, (await raw.response()).status];
        }));
        const statuses = knocks.map(([, status]) => status);
        assert.equal(statuses.filter((s) => s === 101).length, 5);
        assert.equal(statuses.filter((s) => s === 429).length, 35);
        knocks.forEach(([raw]) => raw.reset());
        for (;;) {
            const raw = await Raw.open(server.http);
            raw.write(upgradeRequest(who));
            const { status } = await raw.response();
            raw.leave();
            if (status === 101) {
                break;
            }
        }
    }));

/* ---- the log */

test('nothing secret reaches the log, nothing in it breaks its lines', () =>
    attack({ set: { ...unlimited.set, 'http.origins': 'https://a.example' } }, async (server) => {
        const nasty = ['a\u001b[31mb', '\u009b2J', '" ev=fake.event lvl=error', '\\', '\u202e',
            '%0d%0ats=2026 lvl=error ev=forged'];
        const who = person('log');
        const password = 'hunter2, the password';
        secrets.push(who.token, password, 'a very private message', '+33612345678');
        await server.cli('room', 'add', 'vault');
        const made = await parloir(['user', 'add', 'log2', '--mobile', '+33612345678',
            '--password-stdin', '--data', server.dir], { input: password });
        assert.equal(made.code, 0, made.err);
        for (const text of nasty) {
            const raw = await Raw.open(server.http);
            raw.write(upgradeRequest(who, { extra: [`Origin: ${text}`] }));
            assert.ok([403, 400].includes((await raw.response()).status));
            raw.leave();
            await statusOf(server, text.replace(/[^\x20-\x7e]/g, '?'));
            const odd = await Raw.open(server.http);
            odd.write(request(`/${encodeURIComponent(text)}?token=${who.token}`));
            await odd.response();
            odd.leave();
        }
        const ann = await HubClient.connect(server.http, who);
        for (const content of [...nasty, 'line\nbreak', 'a\rb', 'a very private message']) {
            await ann.ask({ type: 'message', room: 'vault', content });
            await ann.ask({ type: 'join', room: content });
            ann.send(content);
        }
        assert.match(server.log, /origin="?\\" ev=fake/, 'quotes are escaped');
        await ann.close();
    }));
