/* The control socket belongs to whoever runs the server, and still it takes whatever comes:
 * garbage, lines without end, half lines, commands that are none. Two bystanders chat on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, stat } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';

import { Bystander } from './lib/bystander.mjs';
import { person } from './lib/hub.mjs';
import { descriptors, Raw, rssBytes } from './lib/raw.mjs';
import { Server } from './lib/server.mjs';

const LINE_BYTES_MAX = 1 << 20;

let server;
let bystander;

before(async () => {
    server = await Server.start({ set: { 'limits.profile': 'open', 'server.workers': 2 } });
    bystander = await Bystander.start(server);
});
afterEach(() => bystander.calm());
after(async () => {
    await bystander?.stop();
    await server?.remove();
});

const open = () => Raw.open(`${server.dir}/parloir.sock`);

/* Sends a line and reads the answer. */
async function say(raw, line) {
    raw.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    return JSON.parse(await raw.line());
}

test('it is for its owner alone', async () => {
    assert.equal((await stat(`${server.dir}/parloir.sock`)).mode & 0o7777, 0o600);
    assert.equal((await stat(server.dir)).mode & 0o077, 0);
});

const skip = process.getuid() !== 0 && 'needs root';

test('another user cannot even connect', { skip }, async () => {
    await chmod(server.dir, 0o755);    // so that the socket's own mode is what counts
    const script = `require('net').connect(${JSON.stringify(`${server.dir}/parloir.sock`)})
        .on('connect', () => console.log('in')).on('error', (e) => console.log(e.code));`;
    const child = spawn(process.execPath, ['-e', script], { uid: 65534, gid: 65534, cwd: '/' });
    let said = '';
    for await (const piece of child.stdout) {
        said += piece;
    }
    await chmod(server.dir, 0o700);
    assert.equal(said.trim(), 'EACCES');
});

test('what is no command is answered with what is wrong', async () => {
    const raw = await open();
    for (const line of ['', ' ', 'status', '{', '[]', 'null', '1', '"status"', '{}', '{"cmd":1}',
        '{"cmd":null}', '{"cmd":"nothing"}', '{"cmd":"STATUS "}', '{"cmd":["status"]}', '\0',
            '\u001b[2J',
        '{"cmd":"user_add"}', '{"cmd":"user_add","username":1}', '{"cmd":"user_add","username":{}}',
        '{"cmd":"user_add","username":""}', '{"cmd":"user_add","username":"\\u0000"}',
        `{"cmd":"user_add","username":"${'x'.repeat(5000)}"}`,
            '{"cmd":"user_add","username":"a\\nb"}',
        '{"cmd":"user_add","username":"x","role":99}',
            '{"cmd":"user_add","username":"y","role":"king"}',
        '{"cmd":"user_add","username":"z","mobile":"nonsense"}',
            '{"cmd":"room_add","room_name":""}',
        '{"cmd":"room_add","room_name":"a\\u001bb"}', '{"cmd":"room_add","room_name":["x"]}',
        '{"cmd":"list","list_kind":99}', '{"cmd":"list","list_kind":-1}',
            '{"cmd":"list","list_kind":1e300}',
        '{"cmd":"ban_add","username":"nobody"}',
            '{"cmd":"token_add","username":"nobody","hash":"x"}',
        `{"cmd":"status","x":${'['.repeat(20000)}${']'.repeat(20000)}}`.replace('status', 'statu'),
        '\xff\xfe'.repeat(10)]) {
        const answer = await say(raw, line);
        assert.equal(answer.ok, false, line.slice(0, 80));
        assert.ok(answer.error.length > 5, line.slice(0, 80));
    }
    assert.equal((await say(raw, { cmd: 'status' })).ok, true);
    raw.leave();
});

test('commands of the chat, and of the server itself, do it no harm', async () => {
    const raw = await open();
    const everything = {
        ref: '1', room_name: 'square', content: 'x', client_id: 'c', username: 'ann', mobile: '+1',
            hash: 'h',
        label: 'l', detail: 'd', user: 1, room: 1, message: 1, before: 1, limit: 1, role: 1,
            until_ms: 1,
        refusal: 3, list_kind: 1, is_on: 1, is_private: 1, is_provisioned: 1,
    };
    const commands = ['malformed', 'ping', 'session_open', 'session_close', 'room_join',
        'room_leave',
        'message_send', 'direct_send', 'message_edit', 'message_delete', 'room_history',
            'direct_history',
        'typing_set'];
    for (const cmd of commands) {
        for (const operands of [{}, everything, { user: 2 ** 53 - 1, room: 2 ** 53 - 1 }]) {
            const one = await open();
            const lines = [{ cmd, ...operands }, { cmd: 'user_show', username: 'ann' }];
            one.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
            one.finish();
            await one.ended();
        }
    }
    assert.equal((await say(raw, { cmd: 'status' })).ok, true);
    raw.leave();
});

test('numbers out of the world are refused or taken as they are', async () => {
    const raw = await open();
    for (const number of ['-1', '1.5', '1e999', '9007199254740992', '18446744073709551616', '"x"',
        '[]']) {
        for (const operand of ['user', 'room', 'limit', 'role', 'refusal', 'list_kind',
            'until_ms']) {
            const answer = await say(raw,
                `{"cmd":"user_show","username":"ann","${operand}":${number}}`);
            assert.equal(answer.ok, false, `${operand} ${number}`);
        }
    }
    for (const refusal of [0, 1, 50, 99, 2 ** 31, 2 ** 53 - 1]) {
        for (const cmd of ['malformed', 'list', 'ban_remove']) {
            const answer = await say(raw, { cmd, refusal, list_kind: refusal, role: refusal,
                username: 'x' });
            assert.equal(typeof answer.ok, 'boolean');
        }
    }
    raw.leave();
});

test('a line has an end, or its connection', async () => {
    const rss = await rssBytes(server.pid);
    const raw = await open();
    raw.write('x'.repeat(10 << 20));
    await raw.ended();
    assert.equal(raw.rest, '');
    const long = await open();
    const answer = await say(long, `{"cmd":"nothing","x":"${'x'.repeat(LINE_BYTES_MAX - 100)}"}`);
    assert.equal(answer.ok, false);
    long.leave();
    assert.ok(await rssBytes(server.pid) - rss < 32 << 20);
});

test('half a line is not obeyed', async () => {
    const name = person('half').username;
    for (const end of ['finish', 'reset', 'leave']) {
        const raw = await open();
        await raw.pour(JSON.stringify({ cmd: 'user_add', username: name }));
        raw[end === 'reset' ? 'leave' : end]();
        if (end === 'finish') {
            await raw.ended();
            assert.equal(raw.rest, '');
        }
    }
    const raw = await open();
    assert.equal((await say(raw, { cmd: 'user_show', username: name })).ok, false);
    raw.leave();
});

test('who sends his end behind a command still gets the answer', async () => {
    const [one, two] = [person('one').username, person('two').username];
    const raw = await open();
    raw.write(`${JSON.stringify({ cmd: 'user_add', username: one })}\n` +
        `${JSON.stringify({ cmd: 'user_add', username: two })}\n`);
    raw.finish();
    await raw.ended();
    const answers = raw.rest.trim().split('\n').map((line) => JSON.parse(line).username);
    assert.deepEqual(answers, [one, two]);
});

test('random bytes, in any number of pieces', async () => {
    for (let i = 0; i < 50; i++) {
        const raw = await open();
        raw.write(randomBytes(1 + i * 100), '\n', randomBytes(50));
        raw.finish();
        await raw.ended();
    }
    const raw = await open();
    assert.equal((await say(raw, { cmd: 'status' })).ok, true);
    raw.leave();
});

test('many commands at once, from somebody who does not read, are held up', async () => {
    const raw = await open();
    const rss = await rssBytes(server.pid);
    raw.stopReading();
    raw.write('{"cmd":"list","list_kind":0}\n'.repeat(100_000));
    await bystander.calm();
    await bystander.calm();
    assert.ok(await rssBytes(server.pid) - rss < 64 << 20);
    raw.leave();
});

test('many connections come and go', async () => {
    const fds = await descriptors(server.pid);
    for (let i = 0; i < 500; i++) {
        const raw = await open();
        if (i % 2) {
            raw.write('{"cmd":"status"}\n{"cmd"');
        }
        raw.leave();
    }
    const raw = await open();
    assert.equal((await say(raw, { cmd: 'status' })).ok, true);
    assert.ok(await descriptors(server.pid) <= fds + 5);
    raw.leave();
});
