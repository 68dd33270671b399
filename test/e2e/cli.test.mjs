/* The command line: every command while a server runs and while none does, what it prints for people
 * and as JSON, how it refuses, and what it does to those who are connected. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { appendFile, copyFile, cp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { Place, parloir } from './lib/cli.mjs';
import { EnvelopeClient } from './lib/envelope.mjs';
import { PNG, bytesOf, get, upload } from './lib/files.mjs';
import { HubClient, refusal } from './lib/hub.mjs';

const places = [
    ['beside a server', () => Place.withServer()],
    ['without a server', () => Place.withoutServer()],
];

/* Declares a test once for each kind of place. */
function everywhere(name, run) {
    for (const [where, open] of places) {
        test(`${name}, ${where}`, async () => {
            const place = await open();
            try {
                await run(place);
            } finally {
                await place.remove();
            }
        });
    }
}

/* A test with a place of its own. */
const inside = (open, run) => async () => {
    const place = await open();
    try {
        await run(place);
    } finally {
        await place.remove();
    }
};

/* A command that is refused: exit status 1, nothing on standard output, one sentence. */
async function refused(place, sentence, ...args) {
    const { code, out, err } = await place.run(...args);
    assert.equal(code, 1, `${args.join(' ')} should fail, printed ${out}${err}`);
    assert.equal(out, '');
    assert.match(err, /^parloir: [^\n]+\n$/);
    assert.match(err, sentence);
}

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const mode = async (...path) => (await stat(join(...path))).mode & 0o777;

/* ---- people */

everywhere('user add prints the id, and as JSON the user', async (place) => {
    assert.equal(await place.ok('user', 'add', 'alice'), '1');
    assert.equal(await place.ok('user', 'add', 'bob', '--json', '--role', 'pro'),
        '{"id":2,"username":"bob","role":"pro"}');
    assert.deepEqual(await place.json('user', 'add', 'carol', '--mobile', '+33612345678'),
        [{ id: 3, username: 'carol', role: 'member', mobile: '+33612345678' }]);
    assert.equal(await place.ok('user', 'add', 'Zoé 😀'), '4');
});

everywhere('user add refuses what cannot be', async (place) => {
    await place.ok('user', 'add', 'alice', '--mobile', '+33612345678');
    await refused(place, /username/, 'user', 'add', 'alice');
    await refused(place, /username/, 'user', 'add', 'ALICE');
    await refused(place, /username/, 'user', 'add', '');
    await refused(place, /username/, 'user', 'add', 'x'.repeat(33));
    await refused(place, /username/, 'user', 'add', ' space');
    await refused(place, /mobile/, 'user', 'add', 'bob', '--mobile', '+33612345678');
    await refused(place, /mobile/, 'user', 'add', 'bob', '--mobile', 'call me');
    assert.deepEqual((await place.json('user', 'list')).map((user) => user.username), ['alice']);
});

everywhere('user list and show tell who there is', async (place) => {
    assert.equal(await place.ok('user', 'list'), 'There are none.');
    assert.deepEqual(await place.json('user', 'list'), []);
    await place.ok('user', 'add', 'bob', '--mobile', '+33612345678', '--role', 'pro');
    await place.ok('user', 'add', 'a');
    const [head, first, second, ...rest] = (await place.ok('user', 'list')).split('\n');
    assert.match(head, /^id {2}username {2}role {4}mobile {8}created$/);
    assert.match(first, /^ 2 {2}a {9}member {16}\d{4}-\S+Z$/);
    assert.match(second, /^ 1 {2}bob {7}pro {5}\+33612345678 {2}\d{4}-\S+Z$/);
    assert.deepEqual(rest, []);
    const rows = await place.json('user', 'list');
    assert.deepEqual(rows.map(({ id, username, role }) => ({ id, username, role })),
        [{ id: 2, username: 'a', role: 'member' }, { id: 1, username: 'bob', role: 'pro' }]);
    assert.equal(await place.ok('user', 'show', 'BOB'),
        'id: 1\nusername: bob\nrole: pro\nmobile: +33612345678');
    assert.deepEqual(await place.json('user', 'show', 'a'),
        [{ id: 2, username: 'a', role: 'member' }]);
    await refused(place, /no such user/, 'user', 'show', 'nobody');
});

everywhere('user role changes a role', async (place) => {
    await place.ok('user', 'add', 'alice');
    assert.equal(await place.ok('user', 'role', 'alice', 'admin'), 'alice: admin');
    assert.deepEqual(await place.json('user', 'role', 'alice', 'pro'),
        [{ id: 1, username: 'alice', role: 'pro' }]);
    assert.equal((await place.json('user', 'show', 'alice'))[0].role, 'pro');
    await refused(place, /no such user/, 'user', 'role', 'nobody', 'pro');
});

everywhere('a password comes on standard input and leaves the process as a hash', async (place) => {
    const secret = 'correct horse battery';
    assert.equal(await place.ok('user', 'add', 'alice', '--password-stdin',
        { input: `${secret}\nmore\n` }), '1');
    await place.ok('user', 'add', 'bob');
    assert.equal(await place.ok('user', 'password', 'bob', { input: `${secret}\r\n` }),
        'bob: new password');
    await refused(place, /8/, 'user', 'password', 'bob', { input: 'short\n' });
    await refused(place, /one line/, 'user', 'password', 'bob', { input: '' });
    await refused(place, /no such user/, 'user', 'password', 'nobody', { input: `${secret}\n` });
    await refused(place, /8/, 'user', 'add', 'carol', '--password-stdin', { input: 'short\n' });
    await place.server?.stop();
    let hashes = 0;
    for (const file of await readdir(place.dir)) {
        const bytes = await readFile(join(place.dir, file)).catch(() => '');
        assert.ok(!bytes.includes(secret), `${file} holds a password`);
        hashes += bytes.includes('$argon2id$');
    }
    assert.ok(hashes > 0);
});

everywhere('user erase leaves nobody of that name', async (place) => {
    await place.ok('user', 'add', 'alice', '--mobile', '+33612345678');
    await place.ok('token', 'add', 'alice');
    assert.equal(await place.ok('user', 'erase', 'alice'), 'alice: erased');
    await refused(place, /no such user/, 'user', 'erase', 'alice');
    assert.deepEqual(await place.json('user', 'list'), []);
    assert.equal(await place.ok('user', 'add', 'alice', '--mobile', '+33612345678'), '2');
});

/* ---- tokens */

const claims = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());

everywhere('token add prints an API token alone on its line, and keeps only a hash', async (place) => {
    await place.ok('user', 'add', 'alice');
    const token = await place.ok('token', 'add', 'alice', '--label', 'ci');
    assert.match(token, /^[\w-]{43}$/);
    const [made] = await place.json('token', 'add', 'alice', '--label', 'laptop');
    assert.match(made.token, /^[\w-]{43}$/);
    assert.deepEqual({ ...made, token: '' },
        { token: '', id: 1, username: 'alice', label: 'laptop' });
    await place.ok('token', 'add', 'alice');
    const labels = (await place.json('token', 'list', 'alice')).map((row) => row.label);
    assert.equal(labels.length, 3);
    assert.ok(labels.includes('ci') && labels.includes('laptop'));
    assert.match((await place.ok('token', 'list', 'alice')).split('\n')[0], /^label +created$/);
    await refused(place, /label/, 'token', 'add', 'alice', '--label', 'ci');
    await refused(place, /label/, 'token', 'add', 'alice', '--label', 'x'.repeat(65));
    await refused(place, /no such user/, 'token', 'add', 'nobody');
    await refused(place, /no such user/, 'token', 'list', 'nobody');
    assert.equal(await mode(place.dir, 'token.key'), 0o600);
    await place.server?.stop();
    for (const file of await readdir(place.dir)) {
        const bytes = await readFile(join(place.dir, file)).catch(() => '');
        assert.ok(!bytes.includes(token), `${file} holds a token`);
    }
});

everywhere('token revoke takes one back', async (place) => {
    await place.ok('user', 'add', 'alice');
    await place.ok('token', 'add', 'alice', '--label', 'ci');
    assert.equal(await place.ok('token', 'revoke', 'alice', 'ci'), 'alice: token revoked');
    assert.deepEqual(await place.json('token', 'list', 'alice'), []);
    await refused(place, /no such token/, 'token', 'revoke', 'alice', 'ci');
    await refused(place, /no such user/, 'token', 'revoke', 'nobody', 'ci');
});

everywhere('token add --jwt signs who the user is for a while', async (place) => {
    await place.ok('user', 'add', 'alice', '--role', 'pro', '--mobile', '+33612345678');
    const day = claims(await place.ok('token', 'add', 'alice', '--jwt'));
    assert.equal(day.exp - day.iat, 86400);
    assert.equal(day.user_id, 1);
    assert.equal(day.username, 'alice');
    assert.equal(day.role, 'pro');
    assert.equal(day.mobile, '+33612345678');
    const minute = claims(await place.ok('token', 'add', 'alice', '--jwt', '--ttl', '60',
        '--label', 'x'));
    assert.equal(minute.exp - minute.iat, 60);
    assert.equal(minute.jti, 'x');
    const [made] = await place.json('token', 'add', 'alice', '--jwt');
    assert.equal(made.username, 'alice');
    assert.equal(claims(made.token).user_id, 1);
    assert.equal(await mode(place.dir, 'jwt.key'), 0o600);
    await refused(place, /no such user/, 'token', 'add', 'nobody', '--jwt');
    const [head, body, signature] =
        (await place.ok('token', 'add', 'alice', '--jwt', { env: { JWT_SECRET: 'secret' } })).split('.');
    assert.equal(signature,
        createHmac('sha256', 'secret').update(`${head}.${body}`).digest('base64url'));
});

/* ---- rooms and bans */

everywhere('rooms are added, listed and removed', async (place) => {
    assert.deepEqual((await place.json('room', 'list')).map((row) => row.room), ['general']);
    const id = await place.ok('room', 'add', 'the garden', '--server', 'lobby');
    assert.match(id, /^\d+$/);
    const [cellar] = await place.json('room', 'add', 'cellar', '--private');
    assert.equal(cellar.room, 'cellar');
    assert.ok(cellar.id > Number(id));
    const lines = (await place.ok('room', 'list')).split('\n');
    assert.match(lines[0], /^id +room +private +messages +created$/);
    assert.equal(lines.length, 4);
    assert.match(lines[1], /cellar +yes +0 /);
    assert.match(lines[3], /the garden +no +0 /);
    await refused(place, /room/, 'room', 'add', 'cellar');
    await refused(place, /room/, 'room', 'add', 'x'.repeat(65));
    await refused(place, /lobby/, 'room', 'add', 'attic', '--server', 'elsewhere');
    assert.equal(await place.ok('room', 'remove', 'cellar'), 'cellar: removed');
    await refused(place, /no such room/, 'room', 'remove', 'cellar');
    await refused(place, /general/, 'room', 'remove', 'general');
    assert.deepEqual((await place.json('room', 'list')).map((row) => row.room),
        ['general', 'the garden']);
});

everywhere('a room gets rules of its own for what it keeps, and loses them again', async (place) => {
    await place.ok('room', 'add', 'diary');
    assert.match(await place.ok('room', 'keep', 'diary', '--messages', '1000', '--age', '30d'), /own/);
    let [diary] = await place.json('room', 'list');
    assert.deepEqual([diary.room, diary.keep_messages, diary.keep_bytes, diary.keep_age_ms],
        ['diary', 1000, 0, 30 * 24 * 3600 * 1000]);
    await place.ok('room', 'keep', 'diary', '--bytes', '2MiB');
    [diary] = await place.json('room', 'list');
    assert.deepEqual([diary.keep_messages, diary.keep_bytes, diary.keep_age_ms], [0, 2097152, 0]);
    assert.match(await place.ok('room', 'keep', 'diary', '--default'), /as configured/);
    [diary] = await place.json('room', 'list');
    assert.equal('keep_messages' in diary, false);
    await refused(place, /no such room/, 'room', 'keep', 'nowhere', '--messages', '5');
});

everywhere('bans are added, listed and removed', async (place) => {
    await place.ok('user', 'add', 'alice');
    await place.ok('user', 'add', 'bob');
    assert.equal(await place.ok('ban', 'add', 'alice'), 'alice: banned for good');
    const before = Date.now();
    const said = await place.ok('ban', 'add', 'bob', '--hours', '2');
    assert.match(said, /^bob: banned until \S+Z$/);
    assert.match(said.split(' ').at(-1), iso);
    const rows = await place.json('ban', 'list');
    assert.deepEqual(rows.map((row) => row.username), ['alice', 'bob']);
    assert.equal(rows[0].until_ms, 0);
    assert.ok(rows[1].until_ms >= before + 7_200_000 && rows[1].until_ms <= Date.now() + 7_200_000);
    const lines = (await place.ok('ban', 'list')).split('\n');
    assert.match(lines[1], /^alice +for good$/);
    assert.match(lines[2], /^bob +\d{4}-\S+Z$/);
    assert.equal(await place.ok('ban', 'remove', 'alice'), 'alice: not banned');
    assert.equal(await place.ok('ban', 'remove', 'alice'), 'alice: not banned');
    assert.deepEqual(await place.json('ban', 'remove', 'bob'),
        [{ id: 2, username: 'bob', role: 'member' }]);
    assert.equal(await place.ok('ban', 'list'), 'There are none.');
    await refused(place, /no such user/, 'ban', 'add', 'nobody');
    await refused(place, /no such user/, 'ban', 'remove', 'nobody');
});

/* ---- the store */

everywhere('check finds no damage in a sound store', async (place) => {
    await place.ok('user', 'add', 'alice');
    assert.equal(await place.ok('check'), 'No damage was found.');
    assert.deepEqual(await place.json('check'), [{ ok: true, report: 'No damage was found.' }]);
});

/* Runs SQL on a database that no server has open; the first column of the first row. */
function sql(file, statement) {
    const script = 'import sqlite3,sys\nd=sqlite3.connect(sys.argv[1])\n' +
        'r=d.execute(sys.argv[2]).fetchone()\nd.commit()\nprint("" if r is None else r[0])';
    return execFileSync('python3', ['-c', script, file, statement]).toString().trim();
}

test('check finds damage and says where', inside(() => Place.withoutServer(), async (place) => {
    await place.ok('user', 'add', 'alice');
    sql(join(place.dir, 'parloir.db'), 'INSERT INTO messages (id, room_id, seq, user_id, content, ' +
        'at_ms) VALUES (7, 1, 3, 1, \'hi\', 1)');
    const { code, out, err } = await place.run('check');
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /^parloir: The messages of room 1 are not numbered/);
    const json = await place.run('check', '--json');
    assert.equal(json.code, 1);
    assert.equal(JSON.parse(json.out).ok, false);
}));

test('commands that only look make nothing', inside(() => Place.withoutServer(), async (place) => {
    for (const args of [['check'], ['export'], ['backup', join(place.parent, 'copy')]]) {
        await refused(place, /parloir\.db/, ...args);
    }
    await refused(place, /no server runs/, 'status');
    assert.deepEqual(await readdir(place.parent), []);
}));

everywhere('a backup is whole, sound and never written over another file', async (place) => {
    const copy = join(place.dir, 'copy.db');
    await place.ok('user', 'add', 'alice');
    await place.ok('room', 'add', 'garden');
    assert.match(await place.ok('backup', copy), /copy\.db holds everything but the keys/);
    assert.equal(await mode(copy) & 0o077, 0);
    await refused(place, /there already/, 'backup', copy);
    await refused(place, /cannot be written/, 'backup', join(place.dir, 'no', 'such', 'place'));
    assert.deepEqual(await place.json('backup', `${copy}2`), [{ file: `${copy}2` }]);
    const other = `store.url=sqlite:${copy}`;
    assert.equal(await place.ok('check', '--set', other), 'No damage was found.');
    assert.match(await place.ok('export', '--set', other), /"username":"alice"/);
});

/* ---- beside people who are connected */

const withToken = (token) => ({ token });

test('a JWT of token add opens a hub connection', inside(() => Place.withServer(), async (place) => {
    await place.ok('user', 'add', 'alice');
    const jwt = await place.ok('token', 'add', 'alice', '--jwt');
    const alice = await HubClient.connect(place.server.http, withToken(jwt));
    alice.send({ type: 'message', room: 'general', content: 'bonjour' });
    await alice.expect({ type: 'message', data: { username: 'alice', content: 'bonjour' } });
    await alice.close();
}));

test('a JWT signed before the first start is good after it', async () => {
    const early = await Place.withoutServer();
    await early.ok('user', 'add', 'alice');
    const jwt = await early.ok('token', 'add', 'alice', '--jwt');
    const place = await Place.withServer();
    try {
        await place.server.stop();
        for (const file of ['parloir.db', 'jwt.key']) {
            await copyFile(join(early.dir, file), join(place.dir, file));
        }
        for (const file of ['parloir.db-wal', 'parloir.db-shm']) {
            await rm(join(place.dir, file), { force: true });
        }
        await place.server.restart();
        const alice = await HubClient.connect(place.server.http, withToken(jwt));
        await alice.silence();
        await alice.close();
    } finally {
        await place.remove();
        await early.remove();
    }
});

test('an API token opens a connection until it is revoked, also after a restart',
    inside(() => Place.withServer(), async (place) => {
        await place.ok('user', 'add', 'alice');
        const live = await place.ok('token', 'add', 'alice', '--label', 'live');
        await place.server.stop();
        const offline = await place.ok('token', 'add', 'alice', '--label', 'offline');
        await place.server.restart();
        for (const token of [live, offline]) {
            const alice = await HubClient.connect(place.server.http, withToken(token));
            await alice.silence();
            await alice.close();
        }
        await place.ok('token', 'revoke', 'alice', 'live');
        const answer = await refusal(`ws://${place.server.http}/ws/hub?token=${live}`);
        assert.equal(answer.status, 401);
        await place.server.stop();
        await place.ok('token', 'revoke', 'alice', 'offline');
        await place.server.restart();
        const later = await refusal(`ws://${place.server.http}/ws/hub?token=${offline}`);
        assert.equal(later.status, 401);
    }));

test('erasing a user ends the connections', inside(() => Place.withServer(), async (place) => {
    await place.ok('user', 'add', 'alice');
    const jwt = await place.ok('token', 'add', 'alice', '--jwt');
    const first = await HubClient.connect(place.server.http, withToken(jwt));
    const second = await HubClient.connect(place.server.http, withToken(jwt));
    await place.ok('user', 'erase', 'alice');
    assert.equal((await first.closed()).code, 4401);
    assert.equal((await second.closed()).code, 4401);
    const answer = await refusal(`ws://${place.server.http}/ws/hub?token=${jwt}`);
    assert.equal(answer.status, 401);
}));

test('a ban ends the connections and holds until it is lifted',
    inside(() => Place.withServer(), async (place) => {
        await place.ok('user', 'add', 'alice');
        const jwt = await place.ok('token', 'add', 'alice', '--jwt');
        const url = `ws://${place.server.http}/ws/hub?token=${jwt}`;
        const alice = await HubClient.connect(place.server.http, withToken(jwt));
        await place.ok('ban', 'add', 'alice', '--hours', '1');
        assert.equal((await alice.closed()).code, 4403);
        assert.equal((await refusal(url)).status, 403);
        await place.server.stop();
        await place.server.restart();
        assert.equal((await refusal(`ws://${place.server.http}/ws/hub?token=${jwt}`)).status, 403);
        await place.ok('ban', 'remove', 'alice');
        const back = await HubClient.connect(place.server.http, withToken(jwt));
        await back.silence();
        await back.close();
    }));

test('a room made by a command can be spoken in at once, and a removed one no more',
    inside(() => Place.withServer(), async (place) => {
        await place.ok('user', 'add', 'alice');
        const jwt = await place.ok('token', 'add', 'alice', '--jwt');
        const alice = await HubClient.connect(place.server.http, withToken(jwt));
        await place.ok('room', 'add', 'garden');
        assert.equal((await alice.ask({ type: 'join', room: 'garden' })).type, 'join_ack');
        await place.ok('room', 'remove', 'garden');
        const answer = await alice.ask({ type: 'join', room: 'garden' });
        assert.equal(answer.type, 'error');
        await alice.close();
    }));

test('status says how the server is doing', inside(() => Place.withServer(), async (place) => {
    const [status] = await place.json('status');
    assert.equal(status.state, 'ready');
    assert.match(status.version, /^\d+\.\d+\.\d+$/);
    assert.equal(typeof status.connections, 'number');
    assert.ok(status.workers >= 1);
    const text = await place.ok('status');
    assert.match(text, /^version: \d/);
    assert.match(text, /\nstate: ready\n/);
    assert.match(text, /\nuptime: \d+s\n/);
    await place.server.stop();
    await refused(place, /no server runs/, 'status');
}));

test('the control socket and the directory are their owner\'s alone',
    inside(() => Place.withServer(), async (place) => {
        assert.equal(await mode(place.dir, 'parloir.sock'), 0o600);
        const own = await Place.withoutServer();
        await own.ok('user', 'list');
        assert.equal(await mode(own.dir), 0o700);
        assert.equal(await mode(own.dir, 'parloir.db'), 0o600);
        await own.remove();
    }));

/* ---- what was said */

/* Two people who have said something in a room, in a private message, and changed nothing. */
async function conversation(place) {
    await place.ok('user', 'add', 'alice', '--role', 'admin', '--mobile', '+33612345678');
    await place.ok('user', 'add', 'bob');
    await place.ok('room', 'add', 'garden');
    const clients = [];
    for (const name of ['alice', 'bob']) {
        const jwt = await place.ok('token', 'add', name, '--jwt');
        clients.push(await HubClient.connect(place.server.http, withToken(jwt)));
    }
    const [alice, bob] = clients;
    for (let i = 1; i <= 3; i += 1) {
        await alice.ask({ type: 'join', room: 'garden' });
        alice.send({ type: 'message', room: 'garden', content: `hello ${i} é😀` });
        await alice.expect({ type: 'message' });
    }
    bob.send({ type: 'message', room: 'general', content: 'escape \u001b[31m \u009b' });
    await bob.expect({ type: 'message' });
    bob.send({ type: 'dm', to: 1, content: 'between us' });
    await alice.expect({ type: 'dm' });
    await alice.close();
    await bob.close();
}

const linesOf = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const kinds = (lines) => lines.map((line) => line.type);

/* What must be the same after an import elsewhere: everything but the numbers given anew. */
function meaning(lines) {
    const people = new Map(lines.filter((l) => l.type === 'user').map((l) => [l.id, l.username]));
    const rooms = new Map(lines.filter((l) => l.type === 'room')
        .map((l) => [l.id, l.room ?? l.users.map((id) => people.get(id)).sort().join('+')]));
    return lines.map((line) => {
        const { id, room_id, user_id, users, ...rest } = line;
        return JSON.stringify({
            ...rest,
            // a new store makes its own first room
            ...(line.type === 'room' && line.room === 'general' && { created_ms: 0 }),
            where: rooms.get(room_id ?? (line.type === 'room' ? id : 0)),
            who: people.get(user_id),
        });
    }).sort();
}

test('export writes users, rooms and messages, and nothing secret',
    inside(() => Place.withServer(), async (place) => {
        await conversation(place);
        await place.ok('user', 'password', 'bob', { input: 'correct horse\n' });
        const token = await place.ok('token', 'add', 'bob');
        const text = await place.ok('export');
        const lines = linesOf(text);
        assert.deepEqual(lines[0], { type: 'parloir', version: 1 });
        assert.deepEqual(lines.filter((l) => l.type === 'user').map((l) => l.username),
            ['alice', 'bob']);
        const said = lines.filter((l) => l.type === 'message');
        assert.equal(said.length, 5);
        const garden = said.filter((l) => l.room === 'garden');
        assert.deepEqual(garden.map((l) => l.seq), [1, 2, 3]);
        assert.equal(garden[0].content, 'hello 1 é😀');
        assert.equal(garden[0].username, 'alice');
        assert.match(garden[0].timestamp, iso);
        assert.equal(new Date(garden[0].ts).toISOString().slice(0, 19),
            garden[0].timestamp.slice(0, 19));
        assert.equal(said.find((l) => l.room === undefined).content, 'between us');
        assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(text), 'no control characters');
        assert.equal(said.find((l) => l.room === 'general').content, 'escape \u001b[31m \u009b');
        assert.ok(!text.includes('argon2') && !text.includes(token) && !text.includes('label'));
        await place.server.stop();
        assert.equal(await place.ok('export'), text, 'the same without a server');
    }));

test('export --room writes one room and its people', inside(() => Place.withServer(), async (place) => {
    await conversation(place);
    const lines = linesOf(await place.ok('export', '--room', 'garden'));
    assert.deepEqual(kinds(lines), ['parloir', 'room', 'user', 'message', 'message', 'message']);
    assert.ok(lines.slice(3).every((line) => line.room === 'garden'));
    await refused(place, /no room "cellar"/, 'export', '--room', 'cellar');
}));

everywhere('what was exported can be imported elsewhere, once', async (to) => {
    const from = await Place.withServer();
    try {
        await conversation(from);
        await from.ok('ban', 'add', 'bob');
        const text = await from.ok('export');
        const exported = Date.now();
        const file = join(from.dir, 'export.jsonl');
        await writeFile(file, `${text}\n`);
        const first = JSON.stringify({ type: 'user', id: 90, username: 'somebody' });
        await to.ok('import', 'json', '-',
            { input: `{"type":"parloir","version":1}\n${first}\n` });
        assert.deepEqual(await to.json('import', 'json', file),
            [{ users: 2, rooms: 1, messages: 5, repeats: 0, uploads: 0, left_out: 0 }]);
        assert.equal(await to.ok('import', 'json', file),
            'Imported: 0 users, 0 rooms, 0 messages; 5 messages were here already.');
        assert.equal(await to.ok('import', 'json', '-', { input: text }),
            'Imported: 0 users, 0 rooms, 0 messages; 5 messages were here already.');
        const all = linesOf(await to.ok('export')).filter((l) => l.username !== 'somebody');
        const [[, imported], there] = [all.filter(({ type }) => type === 'audit'),
            all.filter(({ type, at_ms: at }) => type !== 'audit' || at <= exported)];
        assert.deepEqual(meaning(there), meaning(linesOf(text)));
        assert.equal(all.length, there.length + 1);    // that it was imported, and once
        assert.equal(imported.action, 'ban_set');
        assert.equal(await to.ok('check'), 'No damage was found.');
        assert.deepEqual((await to.json('user', 'show', 'alice'))[0],
            { id: 1, username: 'alice', role: 'admin', mobile: '+33612345678' });
        const ids = (lines) => lines.filter((l) => l.type === 'user' || l.type === 'room')
            .map((l) => [l.id, l.username ?? l.room ?? l.users]);
        assert.deepEqual(ids(there), ids(linesOf(text)));
    } finally {
        await from.remove();
    }
});

everywhere('an import keeps who was erased, who is a member, and what was said in many messages',
    async (place) => {
        const messages = Array.from({ length: 2500 }, (_, i) => ({
            type: 'message', room_id: 9, user_id: i % 2 ? 5 : 6, content: `m${i}`, ts: 1000 + i,
            client_id: `c${i}`,
        }));
        const text = [
            { type: 'parloir', version: 1 },
            { type: 'user', id: 5, username: 'alice', role: 'member', created_ms: 1000 },
            { type: 'user', id: 6, username: 'erased-6', role: 'member', is_erased: true },
            { type: 'room', id: 9, kind: 'channel', room: 'cellar', is_private: true },
            { type: 'room', id: 12, kind: 'dm', users: [5, 6] },
            { type: 'member', room_id: 9, user_id: 5 },
            { type: 'something new', id: 1 },
            ...messages,
            { type: 'message', room_id: 12, user_id: 6, content: 'psst', ts: 4000, client_id: 'd' },
        ].map((line) => JSON.stringify(line)).join('\n');
        for (const repeats of [0, 2501]) {
            const [sum] = await place.json('import', 'json', '-', { input: text });
            assert.equal(sum.messages + sum.repeats, 2501);
            assert.equal(sum.repeats, repeats);
        }
        const lines = linesOf(await place.ok('export'));
        assert.deepEqual(lines.filter((l) => l.type === 'message' && l.room === 'cellar')
            .map((l) => [l.content, l.seq, l.ts]), messages.map((m, i) => [m.content, i + 1, m.ts]));
        assert.deepEqual(lines.filter((l) => l.type === 'user').map((l) => [l.username, l.is_erased]),
            [['alice', undefined], ['erased-6', true]]);
        assert.equal(lines.filter((l) => l.type === 'member').length, 1);
        assert.deepEqual((await place.json('user', 'list')).map((row) => row.username), ['alice']);
        assert.equal(await place.ok('check'), 'No damage was found.');
    });

everywhere('an export carries what a room keeps, and a room that has rules here keeps by them',
    async (place) => {
        await place.ok('room', 'add', 'diary');
        await place.ok('room', 'keep', 'diary', '--messages', '1000', '--age', '30d');
        await place.ok('room', 'keep', 'general', '--bytes', '2MiB');
        const text = await place.ok('export');
        assert.deepEqual(linesOf(text).filter((line) => line.type === 'keep'), [
            { type: 'keep', room_id: 1, messages: 0, bytes: 2097152, age_ms: 0 },
            { type: 'keep', room_id: 2, messages: 1000, bytes: 0, age_ms: 30 * 24 * 3600 * 1000 },
        ]);
        assert.deepEqual(linesOf(await place.ok('export', '--room', 'diary'))
            .filter((line) => line.type === 'keep').map((line) => line.room_id), [2]);

        await place.ok('room', 'remove', 'diary');
        await place.ok('room', 'keep', 'general', '--messages', '5');
        await place.ok('import', 'json', '-', { input: text });
        await place.ok('import', 'json', '-', { input: text });
        assert.deepEqual((await place.json('room', 'list')).map((room) =>
            [room.room, room.keep_messages, room.keep_bytes, room.keep_age_ms]),
        [['diary', 1000, 0, 30 * 24 * 3600 * 1000], ['general', 5, 0, 0]]);
        assert.deepEqual(linesOf(await place.ok('export')).filter((line) => line.type === 'keep')
            .map((line) => line.messages), [5, 1000]);
    });

everywhere('an import that cannot be names the line, and can be tried again',
    async (place) => {
        const head = '{"type":"parloir","version":1}\n';
        const alice = '{"type":"user","id":1,"username":"alice","role":"member"}\n';
        const bad = [
            ['', /line 1/],
            ['hello\n', /line 1/],
            [alice, /line 1: this is not what parloir export writes/],
            ['{"type":"parloir","version":99}\n', /line 1: .*version/],
            [`${head}{"type":"user","id":1,"username":" "}\n`, /line 2: .*username/],
            [`${head}{"type":"room","id":1,"kind":"tent","room":"x"}\n`, /line 2/],
            [`${head}{"type":"room","id":1,"kind":"dm","users":[1,2]}\n`, /line 2/],
            [`${head}{"type":"member","room_id":1,"user_id":1}\n`, /line 2/],
            [`${head}{"type":"ban","user_id":1}\n`, /line 2/],
            [`${head}${alice}\n{"type":"message","room_id":1,"user_id":1,"content":"x","ts":1}`,
                /line 4/],
            [`${head}${alice}{"type":"room","id":1,"kind":"channel","room":"general"}\n` +
                '{"type":"message","room_id":1,"user_id":1,"content":"","ts":1}', /line 4/],
            [`${head}{"type":"user","id":1,"username":"erased"  ,"is_erased":true}`, /line 2/],
        ];
        for (const [input, sentence] of bad) {
            await refused(place, sentence, 'import', 'json', '-', { input });
        }
        await refused(place, /cannot be read/, 'import', 'json', join(place.dir, 'nowhere'));
        const [sum] = await place.json('import', 'json', '-', { input: head + alice });
        assert.equal(sum.users, 1);
    });

const head = { type: 'parloir', version: 1 };
const fileOf = (...lines) => [head, ...lines].map((line) => JSON.stringify(line)).join('\n');
const user = (id, username, more) => ({ type: 'user', id, username, role: 'member', ...more });
const channel = (id, room, more) => ({ type: 'room', id, kind: 'channel', room, ...more });
const said = (room_id, user_id, content, client_id) =>
    ({ type: 'message', room_id, user_id, content, ts: 1000, client_id });

everywhere('an import keeps the ids of users, or asks for --renumber', async (place) => {
    await place.ok('user', 'add', 'alice');
    await refused(place, /user 1 is "alice" here and "bob" in the file: import into an empty store, or with --renumber/,
        'import', 'json', '-', { input: fileOf(user(1, 'bob')) });
    await refused(place, /"alice" is user 1 here and user 50 in the file: .*--renumber/,
        'import', 'json', '-', { input: fileOf(user(50, 'alice')) });
    await place.ok('import', 'json', '-', { input: fileOf(user(50, 'carol'), user(51, 'erased-51',
        { is_erased: true })) });
    assert.equal(claims(await place.ok('token', 'add', 'carol', '--jwt')).user_id, 50);
    await place.ok('import', 'json', '-', '--renumber',
        { input: fileOf(user(1, 'bob'), user(51, 'dave'), user(9, 'carol')) });
    assert.deepEqual((await place.json('user', 'list')).map((row) => [row.id, row.username]),
        [[1, 'alice'], [52, 'bob'], [50, 'carol'], [53, 'dave']]);
});

everywhere('an import that ends in the middle says what is here, and can be read again', async (place) => {
    const lines = Array.from({ length: 1500 }, (_, i) => said(9, 5, `m${i}`, `c${i}`));
    const good = fileOf(user(5, 'alice'), channel(9, 'cellar'), ...lines);
    const { code, err } = await place.run('import', 'json', '-', { input: `${good}\nnonsense` });
    assert.equal(code, 1);
    assert.match(err, /^parloir: line 1504: unknown word at byte 0\. Imported until then: 1 users, 1 rooms, 998 messages; 0 messages were here already\. Reading the file again doubles no message that has a client_id/);
    assert.deepEqual(await place.json('import', 'json', '-', { input: good }),
        [{ users: 0, rooms: 0, messages: 502, repeats: 998, uploads: 0, left_out: 0 }]);
    assert.equal(await place.ok('check'), 'No damage was found.');
});

test('an import beside a server is in the history, and told to nobody',
    inside(() => Place.withServer(), async (place) => {
        await place.ok('user', 'add', 'alice');
        const jwt = await place.ok('token', 'add', 'alice', '--jwt');
        const alice = await HubClient.connect(place.server.http, withToken(jwt));
        await alice.ask({ type: 'join', room: 'general' });
        const file = fileOf(user(1, 'alice'), user(50, 'bob'), channel(1, 'general'),
            { type: 'room', id: 7, kind: 'dm', users: [1, 50], created_ms: 5 },
            channel(9, 'cellar', { is_private: true }), { type: 'member', room_id: 9, user_id: 1 },
            said(1, 50, 'said by bob', 'b'), said(1, 1, 'said by alice', 'a'),
            said(7, 50, 'psst', 'p'), said(9, 1, 'in the cellar', 'c'));
        assert.deepEqual(await place.json('import', 'json', '-', { input: file }),
            [{ users: 1, rooms: 1, messages: 4, repeats: 0, uploads: 0, left_out: 0 }]);
        assert.deepEqual(await place.json('import', 'json', '-', { input: file }),
            [{ users: 0, rooms: 0, messages: 0, repeats: 4, uploads: 0, left_out: 0 }]);
        await alice.silence();
        const history = await alice.ask({ type: 'room_history', room: 'general' });
        assert.deepEqual(history.data.map((m) => [m.fromUser, m.username, m.content]),
            [[50, 'bob', 'said by bob'], [1, 'alice', 'said by alice']]);
        const direct = await alice.ask({ type: 'dm_history', with: 50 });
        assert.deepEqual(direct.data.map((m) => m.content), ['psst']);
        assert.equal((await alice.ask({ type: 'join', room: 'cellar' })).type, 'join_ack');
        const later = await alice.ask({ type: 'room_history', room: 'cellar' });
        assert.deepEqual(later.data.map((m) => m.content), ['in the cellar']);
        alice.send({ type: 'message', room: 'general', content: 'now' });
        await alice.expect({ type: 'message', data: { content: 'now' } });
        await place.ok('import', 'json', '-',
            { input: fileOf(user(1, 'alice'), { type: 'ban', user_id: 1, until_ms: 0 }) });
        assert.equal((await alice.closed()).code, 4403);
        await place.server.stop();
        await place.server.restart();
        assert.equal((await place.json('user', 'show', 'bob'))[0].id, 50);
        assert.equal(await place.ok('check'), 'No damage was found.');
        assert.deepEqual(await place.json('import', 'json', '-', { input: file }),
            [{ users: 0, rooms: 0, messages: 0, repeats: 4, uploads: 0, left_out: 0 }]);
    }));

test('an import beside a server takes the longest message there may be',
    inside(() => Place.withServer(), async (place) => {
        const texts = ['\u0001'.repeat(100_000), '\u2028'.repeat(100_000), '😀'.repeat(100_000)];
        const file = fileOf(user(5, 'alice'), channel(1, 'general'),
            ...texts.map((text, i) => said(1, 5, text, `c${i}`)));
        assert.equal((await place.json('import', 'json', '-', { input: file }))[0].messages, 3);
        assert.deepEqual(linesOf(await place.ok('export')).filter((l) => l.type === 'message')
            .map((l) => l.content), texts);
        await refused(place, /line 4: That is too long.*100000 characters.*Nothing/, 'import', 'json',
            '-', { input: fileOf(user(5, 'alice'), channel(1, 'general'),
                said(1, 5, 'x'.repeat(100_001), 'long')) });
    }));

/* A line to the control socket, as no command of ours would send it. */
const tell = (place, content) => new Promise((resolve, reject) => {
    const socket = connect(join(place.dir, 'parloir.sock'));
    socket.on('error', reject);
    socket.once('data', (bytes) => {
        socket.destroy();
        resolve(JSON.parse(bytes));
    });
    socket.write(`${JSON.stringify({ cmd: 'fact_add', ref: '7', content })}\n`);
});

test('a fact that contradicts what a server knows is refused by it, and the server lives',
    inside(() => Place.withServer(), async (place) => {
        await place.ok('user', 'add', 'alice');
        for (const [fact, sentence] of [
            ['fact type=user_created user=1 username=bob', /user 1 is "alice"/],
            ['fact type=user_created user=2 username=ALICE', /username/],
            ['fact type=room_created room=1 room_name=x', /room 1/],
            ['fact type=message_posted at_ms=1 room=3 user=1 content=x', /no such room/],
            ['fact type=message_posted at_ms=1 room=1 user=3 content=x', /no such user/],
            ['fact type=room_removed room=1', /room_removed/],
            ['fact type=message_posted at_ms=1 room=1 user=1 content=x reply_to=9', /message/],
            ['fact type=message_posted at_ms=1 room=1 user=1 message_type=3 media_url=/uploads/x',
                /upload/],
            ['fact type=message_edited at_ms=1 room=1 user=1 message=9 content=x', /message/],
            ['fact type=read_changed room=1 user=1 message=9', /message/],
        ]) {
            const answer = await tell(place, fact);
            assert.equal(answer.ok, false);
            assert.equal(answer.ref, '7');
            assert.match(answer.error, sentence);
        }
        const answer = await tell(place,
            'fact type=message_posted at_ms=1 room=1 user=1 content=x client_id=c');
        assert.deepEqual({ ...answer, id: 0 },
            { ok: true, cmd: 'fact_add', ref: '7', id: 0, is_repeat: 0 });
        assert.equal(await place.ok('check'), 'No damage was found.');
    }));

test('an import of what this build cannot read says so', inside(() => Place.withServer(), async (place) => {
    await refused(place, /PostgreSQL/, 'import', 'hub', 'postgresql://localhost/hub');
}));

/* ---- messages that are more than text */

const enter = async (place, name) => {
    const jwt = await place.ok('token', 'add', name, '--jwt');
    return EnvelopeClient.connect(place.server, withToken(jwt));
};

/* Says something in the garden, and gives its id. */
const say = async (client, data, where = { room: 'garden' }) => {
    const type = where.room ? 'room_message' : 'direct_message';
    const answer = await client.ask(type, { ...where, ...data });
    assert.equal(answer.type, type, JSON.stringify(answer));
    return answer.data.id;
};

/* Two people who do all there is to do with messages, and what they uploaded. */
async function richConversation(place) {
    await place.ok('user', 'add', 'alice');
    await place.ok('user', 'add', 'bob');
    await place.ok('room', 'add', 'garden');
    const alice = await enter(place, 'alice');
    const bob = await enter(place, 'bob');
    const picture = await upload(place.server,
        withToken(await place.ok('token', 'add', 'bob', '--jwt')), PNG);
    const hello = await say(alice, { content: 'hello @bob', client_id: 'mine' });
    const gone = await say(alice, { content: 'what I never said' });
    const shown = await say(bob, { message_type: 'image', media_url: picture.media_url,
        media_type: picture.media_type, reply_to: hello });
    await say(alice, { message_type: 'reaction', content: '👍', reply_to: shown });
    await say(bob, { message_type: 'reaction', content: '👍', reply_to: shown });
    await say(bob, { message_type: 'reaction', content: '😀', reply_to: hello, client_id: 'smile' });
    await say(bob, { message_type: 'reaction', content: '😀', reply_to: gone });
    await say(bob, { message_type: 'audio', content: 'listen', media_url: 'https://a.example/b.mp3',
        duration: 15.5 });
    const wrong = await say(alice, { content: 'speling @bob', reply_to: shown });
    await alice.ask('edit_message', { message_id: wrong, content: 'spelling @bob' });
    await say(bob, { content: 'what was that?', reply_to: gone });
    await alice.ask('delete_message', { message_id: gone });
    await bob.ask('read', { room: 'garden', message_id: shown });
    await alice.ask('read', { room: 'garden' });
    const psst = await say(alice, { content: 'psst' }, { to_user_id: 2 });
    await say(bob, { content: 'what?', reply_to: psst }, { to_user_id: 1 });
    await alice.ask('read', { with_user: 2, message_id: psst });
    await alice.close();
    await bob.close();
    return picture;
}

/* A history with what a message points to in the place of ids; those an export makes up for messages
 * that have none are no difference. */
function withoutIds(messages) {
    const content = new Map(messages.map((m) => [m.id, m.content || m.media_url]));
    return messages.map(({ id, seq, reply_to: to, client_id: own, ...rest }) => ({
        ...rest,
        ...(own && !own.startsWith('export-') && { own }),
        ...(content.has(to) && { answers: content.get(to) }),
    }))
        .filter((m) => m.message_type !== 'reaction' || m.answers !== undefined);
}

/* What these people find: in the garden, between them, and what of it they have not read. */
async function found(place) {
    const of = {};
    for (const [name, other] of [['alice', 2], ['bob', 1]]) {
        const client = await enter(place, name);
        const garden = await client.ask('room_history', { room: 'garden', limit: 200 });
        const between = await client.ask('dm_history', { with_user: other, limit: 200 });
        const { rooms } = (await client.ask('unread')).data;
        const isTheirs = (m) => ['alice', 'bob'].includes(m.username);
        const upTo = (r) => (r.room ? garden : between).data.messages
            .find((m) => m.seq === r.read_seq);
        of[name] = {
            garden: withoutIds(garden.data.messages.filter(isTheirs)),
            between: withoutIds(between.data.messages),
            unread: rooms.map((r) => [r.room ?? r.with_user, r.unread, r.mentions,
                upTo(r)?.content ?? upTo(r)?.media_url]),
        };
        await client.close();
    }
    return of;
}

/* A server of a test, which need not run while commands do. */
async function imported(to, text, isRunning) {
    await (!isRunning && to.server.stop());
    const [sum] = await to.json('import', 'json', '-', { input: text });
    await (!isRunning && to.server.restart());
    return sum;
}

const open = { set: { 'limits.profile': 'open' } };

for (const isRunning of [true, false]) {
    for (const isEmpty of [true, false]) {
        test(`replies, reactions, media and marks move into ${isEmpty ? 'an empty place' :
            'one where others speak'}, ${isRunning ? 'beside' : 'without'} a server`, async () => {
            const from = await Place.withServer(open);
            const to = await Place.withServer(open);
            try {
                const picture = await richConversation(from);
                const text = await from.ok('export');
                if (!isEmpty) {
                    const others = fileOf(user(90, 'carol'), channel(5, 'garden'),
                        said(5, 90, 'first', 'a'), said(5, 90, 'second', 'b'));
                    await imported(to, others, isRunning);
                }
                const before = await found(from);
                assert.equal(before.alice.garden.length, 8);
                const counts = { users: 2, rooms: isEmpty ? 1 : 0, messages: 10, repeats: 0,
                    uploads: 1, left_out: 1 };
                assert.deepEqual(await imported(to, text, isRunning), counts);
                assert.match((await to.run('check')).err, /^parloir: The file of the upload images\/\w+\.png is missing\.\n$/);
                await cp(join(from.dir, 'uploads'), join(to.dir, 'uploads'), { recursive: true });
                assert.deepEqual(await found(to), before);
                assert.deepEqual(await imported(to, text, isRunning), { users: 0, rooms: 0,
                    messages: 0, repeats: 10, uploads: 0, left_out: 1 });
                assert.deepEqual(await found(to), before);
                const answer = await get(to.server, picture.media_url);
                assert.equal(answer.status, 200);
                assert.deepEqual(await bytesOf(answer), PNG);
                assert.equal(await to.ok('check'), 'No damage was found.');
            } finally {
                await from.remove();
                await to.remove();
            }
        });
    }
}

test('what was taken back or deleted where it was imported stays so when it is imported again',
    inside(() => Place.withServer(open), async (to) => {
        const from = await Place.withServer(open);
        try {
            await richConversation(from);
            const text = await from.ok('export');
            await to.ok('import', 'json', '-', { input: text });
            const alice = await enter(to, 'alice');
            const bob = await enter(to, 'bob');
            const { messages } = (await alice.ask('room_history', { room: 'garden' })).data;
            const hello = messages.find((m) => m.content === 'hello @bob').id;
            const shown = messages.find((m) => m.message_type === 'image').id;
            await bob.ask('room_message', { room: 'garden', message_type: 'reaction', content: '😀',
                reply_to: hello, action: 'remove' });
            await bob.ask('delete_message', { message_id: shown });
            const before = (await alice.ask('room_history', { room: 'garden' })).data;
            const [sum] = await to.json('import', 'json', '-', { input: text });
            assert.equal(sum.messages, 0);
            const more = JSON.stringify({ type: 'message', id: 9000, ts: 1, room_id: 2, user_id: 1,
                content: 'new', client_id: 'new',
                reply_to: linesOf(text).find((l) => l.message_type === 'image').id });
            assert.equal((await to.json('import', 'json', '-', { input: `${text}\n${more}` }))[0]
                .messages, 1);
            const after = (await alice.ask('room_history', { room: 'garden' })).data;
            assert.deepEqual(after.messages.slice(0, -1), before.messages);
            assert.equal(after.messages.at(-1).content, 'new');
            assert.equal(after.messages.at(-1).reply_to, undefined);
            await alice.close();
            await bob.close();
        } finally {
            await from.remove();
        }
    }));

/* Messages by their texts, and who has had the changes before them. */
const comings = (lines) => {
    const names = new Map(lines.filter((l) => l.type === 'user').map((l) => [l.id, l.username]));
    return lines.filter((l) => l.type === 'message' || l.type === 'changes')
        .map((l) => l.content ?? `${names.get(l.user_id)} has them`);
};

everywhere('who asks for changes goes on where he was, after an import', async (place) => {
    const say = (room, user, content, more) => ({ type: 'message', room_id: room, user_id: user,
        content, ts: 1000, client_id: content, ...more });
    const text = [
        { type: 'parloir', version: 1 },
        { type: 'user', id: 5, username: 'alice' },
        { type: 'user', id: 6, username: 'bob' },
        { type: 'user', id: 7, username: 'carol' },
        { type: 'user', id: 8, username: 'dan' },
        { type: 'room', id: 11, kind: 'dm', users: [5, 6] },
        { type: 'room', id: 12, kind: 'dm', users: [5, 7] },
        say(11, 6, 'one'), say(12, 7, 'two'), say(12, 7, 'three', { id: 3, edited_ms: 2000 }),
        { type: 'changes', user_id: 5 },
        say(11, 6, 'four'), say(11, 5, 'five'),
        { type: 'changes', user_id: 6 },
        say(12, 7, 'six'), say(11, 6, 'seven'),
        { type: 'changes', user_id: 7 },
    ].map((line) => JSON.stringify(line)).join('\n');
    await place.ok('import', 'json', '-', { input: text });
    const all = linesOf(await place.ok('export'));
    const want = ['one', 'two', 'three', 'alice has them', 'four', 'five', 'bob has them', 'six',
        'seven', 'carol has them'];
    assert.deepEqual(comings(all), want);
    assert.deepEqual(comings(linesOf(await place.ok('export', '--room', 'general'))), []);
    await place.ok('import', 'json', '-', { input: text });
    assert.deepEqual(linesOf(await place.ok('export')), all, 'who was here before stays put');
    assert.equal(await place.ok('check'), 'No damage was found.');
    await refused(place, /line 2: changes have come to a user of a line before/, 'import', 'json',
        '-', { input: '{"type":"parloir","version":1}\n{"type":"changes","user_id":5}\n' });
});

test('nobody who is connected is told of what an import brings',
    inside(() => Place.withServer(open), async (to) => {
        const from = await Place.withServer(open);
        try {
            await richConversation(from);
            await to.ok('user', 'add', 'alice');
            await to.ok('room', 'add', 'garden');
            const alice = await enter(to, 'alice');
            await alice.ask('join_room', { room: 'garden' });
            await to.ok('import', 'json', '-', { input: await from.ok('export') });
            await alice.none();
            const next = await alice.ask('room_message', { room: 'garden', content: 'now' });
            assert.equal(next.data.seq, 9);
            await alice.close();
        } finally {
            await from.remove();
        }
    }));

test('a backup and the uploads copied after it are whole', inside(() => Place.withServer(open),
    async (place) => {
        const picture = await richConversation(place);
        const [{ uploads_in: files, upload_bytes_in: bytes }] = await place.json('status');
        assert.deepEqual([files, bytes], [1, PNG.length]);
        const before = await found(place);
        const copy = join(place.dir, 'copy.db');
        await place.ok('backup', copy);
        await upload(place.server, withToken(await place.ok('token', 'add', 'bob', '--jwt')), PNG);
        const elsewhere = await Place.withServer(open);
        try {
            await elsewhere.server.stop();
            await cp(join(place.dir, 'uploads'), join(elsewhere.dir, 'uploads'), { recursive: true });
            for (const name of ['parloir.db-wal', 'parloir.db-shm']) {
                await rm(join(elsewhere.dir, name), { force: true });
            }
            await copyFile(copy, join(elsewhere.dir, 'parloir.db'));
            await elsewhere.server.restart();
            assert.equal(await elsewhere.ok('check'), 'No damage was found.');
            assert.deepEqual(await found(elsewhere), before);
            assert.equal((await get(elsewhere.server, picture.media_url)).status, 200);
            const file = join(elsewhere.dir, picture.media_url.slice(1));
            await appendFile(file, 'x');
            await refused(elsewhere, new RegExp(`has ${PNG.length + 1} bytes, and had ${PNG.length}`),
                'check');
            await rm(file);
            await refused(elsewhere, /is missing/, 'check');
        } finally {
            await elsewhere.remove();
        }
    }));

test('a server started on a backup has everything, and another epoch',
    inside(() => Place.withServer(), async (place) => {
        await conversation(place);
        const copy = join(place.dir, 'copy.db');
        await place.ok('backup', copy);
        const before = linesOf(await place.ok('export'));
        await place.server.stop();
        const file = join(place.dir, 'parloir.db');
        const epoch = () => sql(file, "SELECT value FROM meta WHERE key = 'epoch'");
        const old = epoch();
        assert.match(old, /^-?\d+$/);
        await copyFile(copy, file);
        await rm(`${file}-wal`, { force: true });
        await rm(`${file}-shm`, { force: true });
        await place.server.restart();
        assert.deepEqual(linesOf(await place.ok('export')), before);
        const jwt = await place.ok('token', 'add', 'bob', '--jwt');
        const bob = await HubClient.connect(place.server.http, withToken(jwt));
        const history = await bob.ask({ type: 'room_history', room: 'garden' });
        assert.equal(history.data.length, 3);
        await bob.close();
        await place.server.stop();
        assert.match(epoch(), /^-?\d+$/);
        assert.notEqual(epoch(), old);
    }));

/* ---- arguments and the terminal */

test('wrong usage exits 2 and says what would be right', async () => {
    const wrong = [
        [['nonsense'], /no command "nonsense"/],
        [['user'], /add, list, show, role, password or erase/],
        [['user', 'ad'], /add, list, show, role, password or erase/],
        [['user', 'add'], /user add wants NAME/],
        [['user', 'add', 'a', 'b'], /one argument too many/],
        [['user', 'add', 'a', '--role', 'boss'], /member, pro or admin/],
        [['user', 'role', 'a', 'boss'], /member, pro or admin/],
        [['user', 'list', '--role', 'pro'], /no flag --role/],
        [['token', 'add', 'a', '--jwt', '--ttl', '0'], /whole number/],
        [['token', 'add', 'a', '--ttl', '60'], /--jwt/],
        [['ban', 'add', 'a', '--hours', 'many'], /whole number/],
        [['room', 'add'], /room add wants NAME/],
        [['export', 'general'], /too many/],
        [['backup'], /backup wants FILE/],
        [['import', 'xml', 'f'], /json or hub/],
        [['status', 'now'], /too many/],
        [['serve', '--json'], /no flag --json/],
        [['--nonsense'], /no flag --nonsense/],
        [['user', 'list', '--set'], /--set wants a value/],
    ];
    for (const [args, sentence] of wrong) {
        const { code, out, err } = await parloir(args);
        assert.equal(code, 2, args.join(' '));
        assert.equal(out, '');
        assert.match(err, /^parloir: [^\n]+\nusage: parloir [^\n]+\n$/);
        assert.match(err, sentence);
    }
});

test('a configuration that is not understood exits 2 and names the key', inside(
    () => Place.withoutServer(), async (place) => {
        const { code, out, err } = await place.run('user', 'list', '--set', 'nonsense.key=1');
        assert.equal(code, 2);
        assert.equal(out, '');
        assert.match(err, /nonsense\.key/);
        const file = join(place.parent, 'p.conf');
        await writeFile(file, '[limits]\nmessage_chars = lots\n');
        const bad = await place.run('user', 'list', '--config', file);
        assert.equal(bad.code, 2);
        assert.match(bad.err, /p\.conf.*2.*message_chars/);
        assert.deepEqual(await readdir(place.parent), ['p.conf']);
    }));

test('help and version are printed', async () => {
    for (const args of [['--help'], ['help'], ['-h']]) {
        const { code, out } = await parloir(args);
        assert.equal(code, 0);
        for (const name of ['serve', 'user', 'token', 'room', 'ban', 'status', 'export', 'import',
            'backup', 'check', 'replay']) {
            assert.match(out, new RegExp(`^  ${name} `, 'm'));
            const help = await parloir(['help', name]);
            assert.equal(help.code, 0);
            assert.match(help.out, new RegExp(`^parloir ${name}`));
            assert.equal((await parloir([name, '--help'])).out, help.out);
        }
    }
    assert.match((await parloir(['help', 'serve'])).out, /http\.listen/);
    assert.match((await parloir(['--version'])).out, /^parloir \d+\.\d+\.\d+\n$/);
});

test('no control character reaches the terminal', inside(() => Place.withoutServer(), async (place) => {
    const nasty = 'a\u001b]0;x\u0007\u009b\u202eb\n';
    for (const args of [['user', 'add', nasty], ['user', 'show', nasty], ['room', 'remove', nasty],
        ['export', '--room', nasty], ['room', 'add', 'x', '--server', nasty], [nasty],
        ['user', nasty], ['user', 'add', 'a', nasty], ['backup', `/nowhere/${nasty}`]]) {
        const { code, out, err } = await place.run(...args);
        assert.notEqual(code, 0);
        const lines = (out + err).replaceAll('\n', '');
        assert.ok(!/[\u0000-\u001f\u007f-\u009f\u202e]/.test(lines), JSON.stringify(lines));
    }
}));

test('commands that want the store at once take turns', inside(
    () => Place.withoutServer(), async (place) => {
        const names = Array.from({ length: 8 }, (_, i) => `user${i}`);
        await Promise.all(names.map((name) => place.ok('user', 'add', name)));
        const rows = await place.json('user', 'list');
        assert.deepEqual(rows.map((row) => row.username), names);
        assert.equal(new Set(rows.map((row) => row.id)).size, 8);
    }));

test('commands work on after a server was killed, past the socket it left', inside(
    () => Place.withServer(), async (place) => {
        assert.equal(await place.ok('user', 'add', 'alice'), '1');
        await place.server.kill();
        assert.ok((await stat(join(place.dir, 'parloir.sock'))).isSocket());
        assert.equal(await place.ok('user', 'add', 'bob'), '2');
        await refused(place, /no server runs/, 'status');
        await place.server.restart();
        assert.deepEqual((await place.json('user', 'list')).map((row) => row.username),
            ['alice', 'bob']);
    }));

/* ---- tapes */

test('a tape is replayed, and a difference is found', async () => {
    const place = await Place.withoutServer();
    const tape = join(place.parent, 'tape');
    const served = await Place.withServer({ args: ['--tape', tape] });
    try {
        await conversation(served);
        await served.server.stop();
        const good = await parloir(['replay', tape]);
        assert.equal(good.code, 0, good.err);
        assert.notEqual(good.out, '');
        const text = await readFile(tape, 'utf8');
        await writeFile(`${tape}2`, text.replace('room_name=garden', 'room_name=gardon'));
        const bad = await parloir(['replay', `${tape}2`]);
        assert.equal(bad.code, 1);
        assert.notEqual(bad.err, '');
        await appendFile(tape, 'nonsense\n');
        assert.equal((await parloir(['replay', tape])).code, 1);
        assert.equal((await parloir(['replay', `${tape}3`])).code, 1);
    } finally {
        await served.remove();
        await place.remove();
    }
});
