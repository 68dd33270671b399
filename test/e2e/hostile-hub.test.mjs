/* What an honest connection can say that nobody should: numbers that are none, text that is a
 * weapon elsewhere, and more of everything than there is room for. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Bystander } from './lib/bystander.mjs';
import { HubClient, person } from './lib/hub.mjs';
import { frame, Raw, rssBytes, TEXT } from './lib/raw.mjs';
import { Server } from './lib/server.mjs';

const FOLLOWS_MAX = 300;

let server;
let bystander;
let eve;
let control;

before(async () => {
    server = await Server.start({
        set: {
            'limits.profile': 'open',
            'limits.message_bytes': '1MiB',
            'limits.follows_per_connection': FOLLOWS_MAX,
            'server.workers': 2,
        },
    });
    bystander = await Bystander.start(server);
    control = await Raw.open(`${server.dir}/parloir.sock`);
    await roomsAre('hall');
    eve = await HubClient.connect(server.http, person('eve'));
    await eve.ask({ type: 'join', room: 'hall' });
});
afterEach(async () => {
    await bystander.calm();
    await eve.silence();    // her connection has survived it
});
after(async () => {
    control?.leave();
    await bystander?.stop();
    await server?.remove();
});

/* Makes rooms over the control socket, which is quicker than a process for each. */
async function roomsAre(...names) {
    for (const name of names) {
        control.write(`${JSON.stringify({ cmd: 'room_add', room_name: name })}\n`);
    }
    for (const name of names) {
        assert.equal(JSON.parse(await control.line()).room, name);
    }
}

/* Sends text as a frame; the answer is this error. */
async function isRefused(text, code = 'BAD_REQUEST') {
    eve.send(text);
    const error = await eve.expect({ type: 'error', data: { code } });
    assert.ok(error.data.message.length > 10);
    return error;
}

/* ---- JSON */

test('JSON of any depth is read or refused, not recursed into', async () => {
    const n = 100_000;
    const deep = '['.repeat(n) + ']'.repeat(n);
    await isRefused(deep);
    await isRefused('['.repeat(n));
    await isRefused('{"a":'.repeat(n));
    await isRefused(`{"type":"ping","id":${deep}}`);
    await isRefused(`{"type":${deep}}`);
    await isRefused(`{"type":"message","room":"hall","content":${deep}}`);
    await isRefused(`{"type":"join","data":{"room":${deep}}}`, 'INVALID_FORMAT');
    eve.send(`{"type":"ping","x":${deep}}`);    // a field we do not know may be anything
    await eve.expect({ type: 'pong' });
    eve.send(`{"x":${'{"a":'.repeat(n)}1${'}'.repeat(n)},"type":"ping"}`);
    await eve.expect({ type: 'pong' });
});

test('what is no JSON is refused', async () => {
    const bad = ['', ' ', '{', '}', '{"type":"ping"', '{"type":"ping"}}', '{"type":"ping"}{}',
        "{'a':1}",
        '{"type":"ping",}', '{type:"ping"}', '/* */{"type":"ping"}', '{"type":"ping"}\0', '\0',
        '{"type":"ping","x":NaN}', '{"type":"ping","x":Infinity}', '{"type":"ping","x":01}',
        '{"type":"ping","x":+1}', '{"type":"ping","x":.5}', '{"type":"ping","x":0x10}',
        '{"type":"ping","x":1e999}', '{"type":"ping","x":-1e999}', '{"type":"ping","x":"\n"}',
        '{"type":"ping","x":"\\x41"}', '{"type":"ping","x":"\\u12"}', '\ufeff{"type":"ping"}',
        '{"type":"ping","x":"\\ud800"}', '{"type":"ping","x":"\\udc00\\ud800"}',
        '{"type":"ping","x":"\\ud800\\u0041"}', 'null', 'true', '1', '"ping"', '[]',
        '[{"type":"ping"}]'];
    for (const text of bad) {
        await isRefused(text);
    }
});

test('of a field that stands there twice the last one counts', async () => {
    eve.send('{"type":"join","type":"ping","id":1,"id":2}');
    assert.equal((await eve.expect({ type: 'pong' })).ref, 2);
    const twice = Array(20000).fill('"type":"nonsense"').join(',');
    eve.send(`{${twice},"type":"ping"}`);
    await eve.expect({ type: 'pong' });
});

test('numbers are whole and of this world', async () => {
    const strange = ['-1', '-9007199254740993', '0.5', '1e999', '-0.1', '1e-1',
        '18446744073709551616',
        '9007199254740992', '9223372036854775808', '1e400', 'null', '""', '" 1"', '"1 "', '"+1"',
        '"-1"', '"0x1"', '"1e3"', '"18446744073709551616"', '"99999999999999999999999"', 'true',
            '[1]',
        '{}', '"\u0661"'];
    for (const number of strange) {
        await isRefused(`{"type":"dm","to":${number},"content":"x"}`);
        await isRefused(`{"type":"dm_history","with":${number}}`);
    }
    for (const number of strange.filter((n) => n !== 'null')) {
        await isRefused(`{"type":"room_history","room":"hall","before":${number}}`);
    }
    for (const nobody of ['0', '999999999', '9007199254740991', '"7777777"', '1e9', '7.7e5',
        '-0']) {
        await isRefused(`{"type":"dm","to":${nobody},"content":"x"}`, 'NOT_FOUND');
        await isRefused(`{"type":"dm_history","with":${nobody}}`, 'NOT_FOUND');
    }
});

test('a history has limits, whatever is asked for', async () => {
    for (let i = 0; i < 210; i++) {
        eve.send({ type: 'message', room: 'hall', content: `m${i}` });
    }
    for (let i = 0; i < 210; i++) {
        await eve.expect({ type: 'message', data: { content: `m${i}` } });
    }
    const ask = async (fields) => {
        eve.send(`{"type":"room_history","room":"hall",${fields}}`);
        return (await eve.expect({ type: 'room_history' })).data;
    };
    for (const most of ['200', '201', '1e6', '9007199254740992', '1e300', '"18446744073709551615"',
        '18446744073709551615', '1e18']) {
        assert.equal((await ask(`"limit":${most}`)).length, 200, most);
    }
    for (const least of ['0', '-1', '-1e300', '0.2', '1', '1.9', '-9223372036854775808']) {
        assert.equal((await ask(`"limit":${least}`)).length, 1, least);
    }
    assert.equal((await ask('"before":1')).length, 0);
    assert.equal((await ask('"before":9007199254740991,"limit":3')).length, 3);
});

/* ---- text */

test('no text breaks out of its quotes, and NUL is refused', async () => {
    const bob = await HubClient.connect(server.http, person('bob'));
    await bob.ask({ type: 'join', room: 'hall' });
    const texts = ['"}\n{"type":"pong"}', '\\', '\\"', '</script><script>', 'a\u2028\u2029b',
        '\u0001\u001b[31m',
        '\u007f\u0080\u009f', '\ufffe\uffff', '\u{10ffff}', '\u202e', '%s%n%s%n',
            "'; DROP TABLE messages; --",
        '${jndi:ldap://x}', '\r\n\r\nHTTP/1.1 200 OK', '\ufeff', '\u200b\u0301'.repeat(500)];
    for (const content of texts) {
        eve.send({ type: 'message', room: 'hall', content });
        await eve.expect({ type: 'message', data: { content } });
        await bob.expect({ type: 'message', data: { content } });
    }
    const history = await bob.ask({ type: 'room_history', room: 'hall', limit: texts.length });
    assert.deepEqual(history.data.map((m) => m.content), texts);
    await bob.close();
    for (const field of ['"content":"a\\u0000b"', '"content":"\\u0000"',
        '"content":"x","client_id":"\\u0000"', '"content":"x","room":"hall\\u0000"']) {
        await isRefused(`{"type":"message","room":"hall",${field}}`);
    }
    await isRefused('{"type":"pi\\u0000ng"}');
    await isRefused('{"type":"join","room":"hall\\u0000"}');
});

test('an id comes back as it was, or is refused', async () => {
    const fine = ['"a\\"b\\\\\\u001b\\u2028"', '"\\u0000"', '-1', '0', '1.5', '1e300', '-0.0',
        'true',
        'false', '9007199254740993', '""', `"${'x'.repeat(128)}"`];
    for (const id of fine) {
        eve.send(`{"type":"ping","id":${id}}`);
        const pong = await eve.expect({ type: 'pong' });
        const same = JSON.parse(id);
        assert.deepEqual(pong.ref === undefined ? '' : pong.ref, same === 0 ? 0 : same, id);
    }
    for (const id of [`"${'x'.repeat(129)}"`, `"${'\\u001b'.repeat(43)}"`, `"${'é'.repeat(128)}"`,
        '{}', '[]']) {
        await isRefused(`{"type":"ping","id":${id}}`);
    }
});

test('an unknown type comes back cut short, and harmless', async () => {
    for (const type of ['x'.repeat(100_000), '\u001b[2J\u0007', '"><script>', 'é'.repeat(5000),
        '%s%n']) {
        eve.send(JSON.stringify({ type }));
        const error = await eve.expect({ type: 'error', data: { code: 'BAD_REQUEST' } });
        assert.ok(error.data.message.length < 400);
    }
});

test('a message of one character too many is refused, however many bytes it has', async () => {
    for (const one of ['x', 'é', '€', '😀']) {
        const content = one.repeat(4000);
        eve.send({ type: 'message', room: 'hall', content });
        await eve.expect({ type: 'message', data: { content } });
        await isRefused(JSON.stringify({ type: 'message', room: 'hall', content: `${content}x` }));
    }
    await isRefused(JSON.stringify({ type: 'message', room: 'hall',
        content: 'x'.repeat(1_000_000) }));
    for (const blank of [' ', '\t\r\n ', '\u00a0\u2003\u3000']) {
        await isRefused(JSON.stringify({ type: 'message', room: 'hall', content: blank }));
    }
});

test('a room name is looked up, never believed', async () => {
    for (const room of ['../hall', 'hall/', 'HALL ', 'hall\n', '%68all', 'x'.repeat(64),
        '__proto__',
        "hall' OR '1'='1", 'hall%', '_all', '*', 'dm', '\u202ehall']) {
        for (const type of ['join', 'room_history']) {
            await isRefused(JSON.stringify({ type, room }), 'NOT_FOUND');
        }
        await isRefused(JSON.stringify({ type: 'message', room, content: 'x' }), 'NOT_FOUND');
    }
    await isRefused(JSON.stringify({ type: 'join', room: 'x'.repeat(65) }));
    await isRefused(JSON.stringify({ type: 'join', room: '' }));
});

/* ---- more than there is room for */

/* Sends frames made by `make`, at most some at a time, and counts their answers by `kind`. */
async function storm(client, count, make, kind) {
    const counts = new Map();
    for (let sent = 0; sent < count;) {
        const some = Math.min(1000, count - sent);
        for (let i = 0; i < some; i++) {
            client.send(make(sent + i));
        }
        for (let i = 0; i < some; i++) {
            const answer = kind(await client.next());
            counts.set(answer, (counts.get(answer) ?? 0) + 1);
        }
        sent += some;
    }
    return counts;
}

test('a hundred thousand joins of one room are one', async () => {
    const counts = await storm(eve, 100_000, () => '{"type":"join","room":"hall"}', (f) => f.type);
    assert.deepEqual([...counts], [['join_ack', 100_000]]);
    const said = await eve.ask({ type: 'message', room: 'hall', content: 'once' });
    assert.equal(said.type, 'message');
});

test('a hundred thousand rooms that are not there leave nothing behind', async () => {
    const name = (i) => `{"type":"join","room":"nowhere-${i}"}`;
    await storm(eve, 20_000, name, () => 0);    // until everything has its size
    const before = await rssBytes(server.pid);
    const counts = await storm(eve, 80_000, (i) => name(20_000 + i), (f) => f.data.code);
    assert.deepEqual([...counts], [['NOT_FOUND', 80_000]]);
    assert.ok(await rssBytes(server.pid) - before < 32 << 20);
});

test('a connection follows so many rooms and no more, until it leaves one', async () => {
    const names = Array.from({ length: FOLLOWS_MAX + 20 }, (_, i) => `many-${i}`);
    await roomsAre(...names);
    const many = await HubClient.connect(server.http, person('many'));
    for (const room of names.slice(0, FOLLOWS_MAX)) {
        assert.equal((await many.ask({ type: 'join', room })).type, 'join_ack');
    }
    for (const room of names.slice(FOLLOWS_MAX)) {
        assert.equal((await many.ask({ type: 'join', room })).data.code, 'FORBIDDEN');
        const said = await many.ask({ type: 'message', room, content: 'in by the window' });
        assert.equal(said.data.code, 'FORBIDDEN');
    }
    assert.equal((await many.ask({ type: 'leave', room: names[5] })).type, 'leave_ack');
    assert.equal((await many.ask({ type: 'join', room: names.at(-1) })).type, 'join_ack');
    assert.equal((await many.ask({ type: 'join', room: names.at(-2) })).data.code, 'FORBIDDEN');
    await many.close();
});

test('a flood of histories takes turns with everybody else', async () => {
    const content = '"'.repeat(4000);    // twice as long as JSON
    for (let i = 0; i < 60; i++) {
        eve.send({ type: 'message', room: 'hall', content });
        await eve.expect({ type: 'message' });
    }
    const rss = await rssBytes(server.pid);
    const history = { type: 'room_history', room: 'hall', limit: 200 };
    const flood = Buffer.concat(Array(1000).fill(frame(TEXT, JSON.stringify(history))));
    const deaf = [];
    for (let i = 0; i < 30; i++) {
        const raw = await Raw.upgrade(server.http, person('deaf'));
        raw.stopReading();
        raw.write(flood);
        deaf.push(raw);
    }
    const reader = await HubClient.connect(server.http, person('reader'));
    await bystander.calm();
    const asked = Array.from({ length: 200 }, () => reader.ask(history));
    for (const { type, data } of await Promise.all(asked)) {    // long answers, all of them wanted
        assert.equal(type, 'room_history');
        assert.ok(data.length > 20);
    }
    await bystander.calm();
    assert.ok(await rssBytes(server.pid) - rss < 96 << 20);
    await reader.close();
    deaf.forEach((raw) => raw.reset());
});
