/* How bytes become commands: the four ends a command can have, cut in every way, and what is no
 * command at all. docs/protocols/tchatator.md. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';

import { certificate } from './lib/certs.mjs';
import { Server, within } from './lib/server.mjs';
import { Tchatator, lines, member, parse } from './lib/tchatator.mjs';

let server;
let ann;
let bob;

before(async () => {
    server = await Server.start({
        set: {
            'tchatator.listen': '127.0.0.1:0', 'limits.profile': 'open',
            'limits.connections_per_address': 0, 'auth.failures_per_minute': 0,
        },
    });
    ann = await member(server, 'ann');
    bob = await member(server, 'bob');
});
after(() => server?.remove());

const connect = () => Tchatator.connect(server.tchatator);

/* Runs with a connection of its own, on which a good command still works afterwards. */
async function on(run) {
    const client = await connect();
    await run(client);
    const answer = await client.ask('USER_INFO', { token: ann.token, 'user-id': bob.id });
    assert.equal(answer.status, '200/OK');
    assert.equal(client.unread, '');
    await client.leave();
}

/* What was sent to bob and he has not had. */
async function received() {
    const client = await connect();
    const changes = await client.drain(bob.token);
    await client.leave();
    return changes.map(({ message }) => JSON.parse(message).content);
}

const send = (more) => lines('SEND_MSG', { token: ann.token, 'recipient-id': bob.id, ...more });

/* ---- ends */

test('a command is whole with its last required parameter, an empty line, or 50 ms', async () => {
    const text = send({ content: 'un' });
    for (const said of [text, `${text}\n`, text.trimEnd(), text.replaceAll('\n', '\r\n')]) {
        await on(async (client) => {
            client.write(said);
            assert.equal(parse(await client.read()).status, '200/OK');
        });
    }
    assert.deepEqual(await received(), ['un', 'un', 'un', 'un']);
});

test('a command in two pieces, wherever it is cut, is one command', async () => {
    const text = Buffer.from(send({ 'message-length': 5, content: 'é\nçàb' }));
    await on(async (client) => {
        for (let at = 1; at < text.length; at += 1) {
            await client.dribble(text.subarray(0, at), text.subarray(at));
            assert.equal(parse(await client.read()).status, '200/OK', `cut at ${at}`);
        }
    });
    const all = await received();
    assert.equal(all.length, text.length - 1);
    assert.ok(all.every((content) => content === 'é\nçàb'));
});

test('a command byte by byte is one command', async () => {
    const text = Buffer.from(send({ content: 'lettre à lettre' }));
    await on(async (client) => {
        await client.dribble(...[...text].map((byte) => Buffer.of(byte)));
        assert.equal(parse(await client.read()).status, '200/OK');
    });
    assert.deepEqual(await received(), ['lettre à lettre']);
});

test('options behind what is required belong to the command', async () => {
    const admin = await member(server, 'admin', '--role', 'admin');
    await on(async (client) => {
        const hours = (answer) =>
            (Date.parse(`${answer.until.replace(' ', 'T')}Z`) - Date.now()) / 3_600_000;
        const block = lines('BLOCK_USER', { token: admin.token, 'user-id': bob.id, duration: 3 });
        client.write(block);
        assert.ok(Math.abs(hours(parse(await client.read())) - 3) < 0.1);
        await client.dribble(...[...Buffer.from(block)].map((byte) => Buffer.of(byte)));
        assert.ok(Math.abs(hours(parse(await client.read())) - 3) < 0.1);
        await client.ask('UNBLOCK_USER', { token: admin.token, 'user-id': bob.id });
    });
});

test('lengths count bytes, characters or UTF-16 units', async () => {
    const content = 'ça 😀\nvas-y';    // no length of it is that of its first line in another unit
    await on(async (client) => {
        for (const length of [Buffer.byteLength(content), [...content].length, content.length]) {
            client.write(send({ 'message-length': length, content }));
            assert.equal(parse(await client.read()).status, '200/OK', `length ${length}`);
            client.write(send({ 'message-length': length, content }).trimEnd());
            assert.equal(parse(await client.read()).status, '200/OK', `length ${length}`);
        }
    });
    assert.deepEqual(await received(), Array(6).fill(content));
});

test('commands in a row are answered in their order', async () => {
    const count = 200;
    await on(async (client) => {
        let text = '';
        for (let i = 0; i < count; i += 1) {
            text += i % 4 === 3 ? 'NONSENSE\n\n' : send({ content: `message ${i}` });
        }
        client.write(text);
        let answers = '';
        while (answers.match(/^\d{3}\//gm)?.length !== count) {
            answers += await client.read();
        }
        const statuses = answers.match(/^\d{3}\/\w+/gm);
        statuses.forEach((status, i) => assert.equal(status, i % 4 === 3 ? '416/MISFMT' : '200/OK'));
    });
    assert.equal((await received()).length, count * 3 / 4);
});

test('names are the same in any case, with - or _ or a space', async () => {
    await on(async (client) => {
        for (const name of ['send_msg', 'Send-Msg', 'SEND MSG', 'sendmsg']) {
            client.write(send({ content: name }).replace('SEND_MSG', name)
                .replace('recipient-id', 'Recipient_ID'));
            assert.equal(parse(await client.read()).status, '200/OK', name);
        }
    });
    await received();
});

test('what a peer said before its end is answered', async () => {
    const client = await connect();
    client.write(lines('USER_INFO', { token: ann.token, 'user-id': bob.id }).trimEnd());
    client.end();
    assert.equal(parse(await client.read()).username, 'bob');
    await client.closed();
});

/* ---- what is malformed */

test('every malformed command is 416 and names the fault; the next good one works', async () => {
    const cases = [
        ['NONSENSE\n\n', /NONSENSE/],
        [`SEND_MSG\ntoken:${ann.token}\n\n`, /recipient-id/],
        [send({}), /content/],
        [`SEND_MSG\ntoken:${ann.token}\ncontent:x\n\n`, /recipient-id/],
        [send({ content: 'x' }).replace('content', 'recipient-id:7\ncontent'), /recipient-id/],
        [send({ content: 'x' }).replace(`recipient-id:${bob.id}`, 'recipient-id:bob'),
            /recipient-id/],
        [send({ content: '' }), /content/],
        [`${send({ 'message-length': 'viele', content: 'x' })}\n`, /message-length/],
        [`${send({ 'message-length': 4, content: 'deux mots' })}\n`, /message-length/],
        [`${lines('UPDT_MSG', { token: ann.token, 'message-id': -1, content: 'x' })}\n`,
            /message-id/],
        [`${lines('CLIENT_INFO', { token: ann.token, 'is-writing': 'peut-être',
            'in-conversation': bob.id })}\n`, /is-writing/],
        [`USER_INFO\ntoken:${ann.token}\nuser-id\n\n`, /user-id/],
        [send({ content: 'a\0b' }), /./],
        [Buffer.concat([Buffer.from(send({ content: 'a' }).trimEnd()),
            Buffer.from([0xff, 0xfe, 0x0a])]), /UTF-8/],
        [send({ content: 'x'.repeat(4001) }), /4\s?000/],
    ];
    for (const [said, names] of cases) {
        await on(async (client) => {
            client.write(said);
            const answer = parse(await client.read());
            assert.equal(answer.status, '416/MISFMT', String(said));
            assert.match(answer.message, names, String(said));
        });
    }
    assert.deepEqual(await received(), []);
});

test('an answer without content has less than 1,024 bytes, whatever was sent', async () => {
    await on(async (client) => {
        client.write(`${'X'.repeat(9000)}\n\n`);
        const text = await client.read();
        assert.ok(Buffer.byteLength(text) < 1024);
        assert.equal(parse(text).status, '416/MISFMT');
    });
});

test('a command that is too long is 416, and the end', async () => {
    const long = [
        `SEND_MSG\ntoken:${'x'.repeat(17 * 1024)}\n`,
        `SEND_MSG\n${'junk:1\n'.repeat(17)}`,
        `SEND_MSG\n${`junk:${'x'.repeat(15 * 1024)}\n`.repeat(3)}`,
    ];
    for (const text of long) {
        const client = await connect();
        assert.equal((await client.ask('USER_INFO', { token: ann.token, 'user-id': bob.id })).status,
            '200/OK');
        client.write(text);
        assert.equal(parse(await client.read()).status, '416/MISFMT');
        await client.closed();
    }
});

test('before a token is seen no more than 16 KiB wait', async () => {
    const client = await connect();
    client.write(`SEND_MSG\n${`junk:${'x'.repeat(8 * 1024)}\n`.repeat(2)}`);
    assert.equal(parse(await client.read()).status, '416/MISFMT');
    await client.closed();
});

test('garbage gets an answer or an end, and harms nobody', async () => {
    const bystander = await connect();
    for (const bytes of [randomBytes(4096), Buffer.alloc(4096), Buffer.alloc(100000, 0x0a),
        Buffer.alloc(70000, 0x41), Buffer.from('\r\n\r\n'), randomBytes(200000)]) {
        const client = await connect();
        client.write(bytes);
        client.end();
        await client.closed();
    }
    assert.equal((await bystander.ask('USER_INFO', { token: ann.token, 'user-id': bob.id })).status,
        '200/OK');
});

/* ---- ports */

test('the main port understands it, too', async () => {
    for (const text of [lines('NEW_CHG_AVAILABLE', { token: ann.token }),
        lines('DEL MSG', { token: ann.token, 'message-id': 900000 }), 'PUT_\n\n', 'DISCONNECTED']) {
        const client = await Tchatator.connect(server.http);
        await client.dribble(...[...Buffer.from(text)].map((byte) => Buffer.of(byte)));
        assert.match(parse(await client.read()).status, /^(200|403|416)\//);
        await client.leave();
    }
    const client = await Tchatator.connect(server.http);
    await client.dribble('GE', 'T /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(await client.read(), /^HTTP\/1\.1 200 /);
    await client.leave();
});

test('TLS on a plain port is told so in TLS', async () => {
    for (const address of [server.tchatator, server.http]) {
        const [host, port] = address.split(':');
        const error = await within(new Promise((resolve) => {
            tls.connect({ host, port: Number(port), rejectUnauthorized: false })
                .once('error', resolve);
        }), () => `an error at ${address}`);
        assert.match(error.message, /alert protocol version/i);
    }
});

test('over TLS it is the same, and plain text there ends', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'parloir-tls-'));
    const { cert, key } = await certificate(dir, 'line');
    const secure = await Server.start({
        set: { 'tchatator.listen': 'tls:127.0.0.1:0', 'tls.cert': cert, 'tls.key': key },
    });
    const address = secure.tchatator.replace(/^tls:/, '');
    const carol = await member(secure, 'carol');
    const client = await Tchatator.connect(address, { secure: { ca: await readFile(cert),
        checkServerIdentity: () => undefined } });
    assert.equal((await client.ask('LOGIN', { 'api-token': carol.token })).status, '200/OK');
    await client.leave();
    const plain = await Tchatator.connect(address);
    plain.write(lines('LOGIN', { 'api-token': carol.token }));
    await plain.closed();
    await secure.remove();
    await rm(dir, { recursive: true });
});

/* ---- silence */

test('who says nothing is closed in time, and costs little', async () => {
    const count = 1000;
    const short = await Server.start({
        set: {
            'tchatator.listen': '127.0.0.1:0', 'limits.hello_ms': '3s', 'server.workers': 1,
            'limits.connections_per_address': 0,
        },
    });
    const memory = async () => {
        const status = await readFile(`/proc/${short.pid}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
    };
    const [host, port] = short.tchatator.split(':');
    const open = () => new Promise((resolve, reject) => {
        const socket = net.connect(Number(port), host, () => resolve(socket));
        socket.once('error', reject);
    });
    const warm = await Promise.all(Array.from({ length: 100 }, open));
    const before = await memory();
    const sockets = await Promise.all(Array.from({ length: count }, open));
    const each = (await memory() - before) / count;
    if (!process.env.PARLOIR_SLOW) {    // a sanitizer's memory is its own
        assert.ok(each <= 4096, `${each} bytes each`);
    }
    await Promise.all([...warm, ...sockets].map((socket) => within(new Promise((resolve) => {
        socket.on('error', () => {});
        socket.once('close', resolve);
        socket.resume();
    }), () => 'the end of a silent connection')));
    await short.remove();
});

test('who has been silent for the configured time is closed', async () => {
    const short = await Server.start({
        set: { 'tchatator.listen': '127.0.0.1:0', 'tchatator.idle_ms': '1s' },
    });
    const dan = await member(short, 'dan');
    const client = await Tchatator.connect(short.tchatator);
    assert.equal((await client.ask('LOGIN', { 'api-token': dan.token })).status, '200/OK');
    const knocking = setInterval(() => client.write('\n'), 100);    // is no command
    await client.closed();
    clearInterval(knocking);
    await short.remove();
});
