/* Conversations in the hub dialect with the finished program: docs/protocols/hub.md, sentence by
 * sentence. How one gets in, and is shown out, is in hub-door.test.mjs. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { HubClient, person } from './lib/hub.mjs';
import { Server } from './lib/server.mjs';

let server;
let rooms = 0;
const clients = [];

before(async () => {
    server = await Server.start({ set: { 'limits.profile': 'open', 'server.workers': 2 } });
});
after(() => server?.remove());

/* A room of this test alone. */
async function room() {
    rooms += 1;
    const name = `room-${rooms}`;
    await server.cli('room', 'add', name);
    return name;
}

async function connect(who, options) {
    const client = await HubClient.connect(server.http, who, options);
    clients.push(client);
    return client;
}

/* Connects somebody new, or once more, and joins the rooms. */
async function join(who, ...names) {
    const client = await connect(typeof who === 'string' ? person(who) : who);
    for (const name of names) {
        assert.equal((await client.ask({ type: 'join', room: name })).type, 'join_ack');
    }
    return client;
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/* ---- rooms */

test('joining is acknowledged exactly as documented', async () => {
    const general = await room();
    const ann = await connect(person('ann'));
    ann.send({ type: 'join', room: general });
    assert.deepEqual(await ann.next(), { type: 'join_ack', data: { room: general, status: 'ok' } });
    ann.send({ type: 'join', room: general });    // once more is no mistake
    assert.deepEqual(await ann.next(), { type: 'join_ack', data: { room: general, status: 'ok' } });
    await ann.silence();
});

test('a room that does not exist cannot be joined, and the connection stays', async () => {
    const ann = await connect(person('ann'));
    ann.send({ type: 'join', room: 'nulle part' });
    const error = await ann.expect({ type: 'error', data: { message: 'Room inexistante.' } });
    assert.equal(error.data.code, 'NOT_FOUND');
    assert.equal('ref' in error, false);
    for (const type of ['message', 'room_history', 'leave', 'typing']) {
        ann.send({ type, room: 'nulle part', content: 'x' });
        await ann.expect({ type: 'error', data: { message: 'Room inexistante.' } });
    }
    await ann.silence();
});

test('a message reaches every member, the sender too, on all connections', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const annAgain = await join(ann.who, general);
    const bob = await join('bob', general);
    const stranger = await join('carol');
    const other = await join('dan', await room());

    const before = Date.now();
    ann.send({ type: 'message', room: general, content: 'Hello world!' });
    const frames = await Promise.all([ann, annAgain, bob].map((client) => client.next()));
    for (const { type, data } of frames) {
        assert.equal(type, 'message');
        assert.equal(data.fromUser, ann.who.id);
        assert.equal(data.username, ann.who.username);
        assert.equal(data.content, 'Hello world!');
        assert.equal(data.room, general);
        assert.ok(Number.isInteger(data.id) && data.id > 0);
        assert.equal(data.seq, 1);
        assert.match(data.timestamp, RFC3339);
        assert.ok(data.ts >= before - 1000 && data.ts <= Date.now() + 1000);
        assert.equal(Math.floor(data.ts / 1000) * 1000, Date.parse(data.timestamp));
    }
    assert.deepEqual(frames[1], frames[0]);
    assert.deepEqual(frames[2], frames[0]);
    await Promise.all([ann, annAgain, bob, stranger, other].map((client) => client.silence()));
});

test('who speaks in a public room has joined it', async () => {
    const general = await room();
    const ann = await connect(person('ann'));
    const bob = await join('bob', general);
    ann.send({ type: 'message', room: general, content: 'first' });
    await ann.expect({ type: 'message', data: { content: 'first' } });
    await bob.expect({ type: 'message', data: { content: 'first' } });
    bob.send({ type: 'message', room: general, content: 'second' });
    await ann.expect({ type: 'message', data: { content: 'second', seq: 2 } });
    await bob.expect({ type: 'message', data: { content: 'second', seq: 2 } });
    await ann.silence();
});

test('who has left hears nothing more', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const bob = await join('bob', general);
    bob.send({ type: 'leave', room: general });
    const gone = { type: 'leave_ack', data: { room: general, status: 'ok' } };
    assert.deepEqual(await bob.next(), gone);
    ann.send({ type: 'message', room: general, content: 'is he gone?' });
    await ann.expect({ type: 'message' });
    await bob.silence();
    assert.equal((await bob.ask({ type: 'leave', room: general })).type, 'leave_ack');
});

test('typing is seen by the others, not by oneself', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const annAgain = await join(ann.who, general);
    const bob = await join('bob', general);
    ann.send({ type: 'typing', room: general, typing: true });
    const seen = { room: general, fromUser: ann.who.id, username: ann.who.username, typing: true };
    assert.deepEqual(await bob.next(), { type: 'typing', data: seen });
    await Promise.all([ann, annAgain, bob].map((client) => client.silence()));
});

test('typing needs a room that one is in', async () => {
    const general = await room();
    const ann = await connect(person('ann'));
    ann.send({ type: 'typing', room: general });
    await ann.expect({
        type: 'error', data: { message: "Rejoignez d'abord ce salon.", code: 'FORBIDDEN' },
    });
});

test('a room that is removed is named, and speaks no more', async () => {
    const general = await room();
    const ann = await join('ann', general);
    await server.cli('room', 'remove', general);
    assert.deepEqual(await ann.next(), { type: 'room_removed', data: { room: general } });
    ann.send({ type: 'message', room: general, content: 'x' });
    await ann.expect({ type: 'error', data: { message: 'Room inexistante.' } });
});

test('all see the same messages in the same order', async () => {
    const COUNT = 100;
    const general = await room();
    const members = await Promise.all(['ann', 'bob', 'carol', 'dan'].map((n) => join(n, general)));
    for (let i = 0; i < COUNT; i++) {
        for (const [m, member] of members.entries()) {
            member.send({ type: 'message', room: general, content: `${m} ${i}` });
        }
    }
    const heard = await Promise.all(members.map(async (member) => {
        const frames = [];
        while (frames.length < COUNT * members.length) {
            frames.push((await member.expect({ type: 'message' })).data);
        }
        await member.silence();
        return frames;
    }));
    assert.deepEqual(heard[0].map((m) => m.seq), [...heard[0].keys()].map((i) => i + 1));
    for (const frames of heard) {
        assert.deepEqual(frames, heard[0]);
    }
    for (const m of members.keys()) {
        const own = heard[0].map((f) => f.content).filter((c) => c.startsWith(`${m} `));
        assert.deepEqual(own, [...Array(COUNT).keys()].map((i) => `${m} ${i}`));
    }
});

/* ---- direct messages */

test('a direct message reaches the other everywhere, and the sender elsewhere', async () => {
    const ann = await connect(person('ann'));
    const annAgain = await connect(ann.who);
    const bob = await connect(person('bob'));
    const bobAgain = await connect(bob.who);
    const carol = await connect(person('carol'));

    ann.send({ type: 'dm', to: bob.who.id, content: 'Message privé' });
    const frames = await Promise.all([bob, bobAgain].map((client) => client.next()));
    for (const { type, data } of frames) {
        assert.equal(type, 'dm');
        assert.equal(data.fromUser, ann.who.id);
        assert.equal(data.username, ann.who.username);
        assert.equal(data.content, 'Message privé');
        assert.match(data.timestamp, RFC3339);
        assert.ok(Number.isInteger(data.id));
        assert.equal('to' in data, false);
    }
    const own = await annAgain.expect({ type: 'dm', data: { to: bob.who.id } });
    assert.deepEqual({ ...frames[0].data, to: bob.who.id }, own.data);
    await Promise.all([ann, annAgain, bob, bobAgain, carol].map((client) => client.silence()));
});

test('a direct message to nobody is an error', async () => {
    const ann = await connect(person('ann'));
    ann.send({ type: 'dm', to: 99999999, content: 'x' });
    await ann.expect({
        type: 'error', data: { message: 'Utilisateur inexistant.', code: 'NOT_FOUND' },
    });
    ann.send({ type: 'dm_history', with: 99999999 });
    await ann.expect({ type: 'error', data: { message: 'Utilisateur inexistant.' } });
    await ann.silence();
});

test('a direct message with an id is acknowledged', async () => {
    const ann = await connect(person('ann'));
    const bob = await connect(person('bob'));
    const ack = await ann.ask({ type: 'dm', to: bob.who.id, content: 'hi', client_id: 'k' });
    const heard = await bob.next();
    assert.equal(ack.type, 'dm_ack');
    assert.deepEqual(
        { id: ack.data.id, to: ack.data.to, client_id: ack.data.client_id, ts: ack.data.ts },
        { id: heard.data.id, to: bob.who.id, client_id: 'k', ts: heard.data.ts });
    assert.equal('ref' in heard || 'client_id' in heard.data, false);
});

/* ---- histories */

test('a room remembers: the newest, oldest first, twice over', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const said = [];
    for (let i = 1; i <= 60; i++) {
        ann.send({ type: 'message', room: general, content: `n ${i}` });
        said.push((await ann.expect({ type: 'message' })).data);
    }
    const bob = await connect(person('bob'));    // has not joined: a public room can be read
    const contents = (frame) => frame.data.map((m) => m.content);

    bob.send({ type: 'room_history', room: general, limit: 3 });
    const three = await bob.expect({ type: 'room_history', room: general });
    assert.deepEqual(contents(three), ['n 58', 'n 59', 'n 60']);
    assert.deepEqual(three.messages, three.data);
    assert.deepEqual(three.data, said.slice(-3));
    assert.equal(three.has_more, true);

    const byDefault = await bob.ask({ type: 'room_history', room: general });
    assert.deepEqual(byDefault.data, said.slice(-50));
    const all = await bob.ask({ type: 'room_history', room: general, limit: 1000 });
    assert.deepEqual(all.data, said);
    assert.equal(all.has_more, false);

    const { id } = three.data[0];
    const older = await bob.ask({ type: 'room_history', room: general, limit: '2', before: id });
    assert.deepEqual(contents(older), ['n 56', 'n 57']);
    const oldest = await bob.ask({ type: 'room_history', room: general, before: said[0].id });
    assert.deepEqual(oldest.data, []);
    await bob.silence();
});

test('a history of the longest messages comes in parts', async () => {
    const COUNT = 40;
    const general = await room();
    const ann = await join('ann', general);
    const ids = [];
    for (let i = 0; i < COUNT; i++) {
        const said = await ann.ask({ type: 'message', room: general, content: '😀'.repeat(4000) });
        ids.push(said.data.id);
    }
    const read = [];
    for (let part = { has_more: true }; part.has_more;) {
        part = await ann.ask({ type: 'room_history', room: general, limit: 200, before: read[0] });
        assert.notEqual(part.data.length, 0);
        read.unshift(...part.data.map((m) => m.id));
    }
    assert.deepEqual(read, ids);
    await ann.silence();
});

test('a room in which nothing was said has an empty history', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const { type, data, messages } = await ann.ask({ type: 'room_history', room: general });
    assert.deepEqual({ type, data, messages }, { type: 'room_history', data: [], messages: [] });
});

test('a conversation remembers both sides, for these two only', async () => {
    const ann = await connect(person('ann'));
    const bob = await connect(person('bob'));
    const carol = await connect(person('carol'));
    const { data: first } = await ann.ask({ type: 'dm', to: bob.who.id, content: 'Message 1' });
    await bob.expect({ type: 'dm' });
    const { data: second } = await bob.ask({ type: 'dm', to: ann.who.id, content: 'Message 2' });
    await ann.expect({ type: 'dm' });
    await carol.ask({ type: 'dm', to: bob.who.id, content: 'something else' });

    const wanted = [
        { id: first.id, fromUser: ann.who.id, toUser: bob.who.id, username: ann.who.username,
            content: 'Message 1' },
        { id: second.id, fromUser: bob.who.id, toUser: ann.who.id, username: bob.who.username,
            content: 'Message 2' },
    ];
    ann.send({ type: 'dm_history', with: bob.who.id, limit: 50 });
    const mine = await ann.expect({ type: 'dm_history', with: bob.who.id, data: wanted });
    assert.equal(mine.data.length, 2);
    assert.match(mine.data[0].timestamp, RFC3339);
    const theirs = await bob.ask({ type: 'dm_history', with: ann.who.id });
    assert.deepEqual(theirs.data, mine.data);
    const last = await ann.ask({ type: 'dm_history', with: bob.who.id, limit: 1 });
    assert.deepEqual(last.data, mine.data.slice(1));
    const before = await ann.ask({ type: 'dm_history', with: bob.who.id, before: second.id });
    assert.deepEqual(before.data, mine.data.slice(0, 1));
    const none = await carol.ask({ type: 'dm_history', with: ann.who.id });
    assert.deepEqual(none.data, []);
});

/* ---- ids of the client's own */

test('a message sent twice with one client_id is said once', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const bob = await join('bob', general);
    const message = { type: 'message', room: general, content: 'once', client_id: 'c-1' };

    const first = await ann.ask(message);
    assert.equal(first.type, 'message');
    assert.equal(first.data.client_id, 'c-1');
    const heard = await bob.expect({ type: 'message', data: { content: 'once' } });
    assert.equal('client_id' in heard.data, false);

    const again = await ann.ask(message);
    assert.deepEqual({ ...again, ref: 0 }, { ...first, ref: 0 });
    await Promise.all([ann.silence(), bob.silence()]);

    const bobs = await bob.ask(message);    // another author's is another message
    assert.equal(bobs.data.seq, first.data.seq + 1);
    await ann.expect({ type: 'message', data: { id: bobs.data.id } });
    const history = await ann.ask({ type: 'room_history', room: general });
    assert.equal(history.data.length, 2);
});

test('many copies at once are said once', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const bob = await join('bob', general);
    const message = { type: 'message', room: general, content: 'once', client_id: 'same' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ann.ask(message)));
    assert.equal(new Set(answers.map((a) => a.data.id)).size, 1);
    await bob.expect({ type: 'message', data: { id: answers[0].data.id } });
    await Promise.all([ann.silence(), bob.silence()]);
});

test('a direct message sent twice with one client_id is said once', async () => {
    const ann = await connect(person('ann'));
    const bob = await connect(person('bob'));
    const message = { type: 'dm', to: bob.who.id, content: 'once', clientMsgId: 'c-1' };
    const first = await ann.ask(message);
    const again = await ann.ask(message);
    assert.deepEqual({ ...again, ref: 0 }, { ...first, ref: 0 });
    await bob.expect({ type: 'dm', data: { id: first.data.id } });
    await Promise.all([ann.silence(), bob.silence()]);
});

test('the id of a request comes back in its answer and its error', async () => {
    const general = await room();
    const ann = await connect(person('ann'));
    for (const id of [1, 'one', 1.5, true, 'é"\\']) {
        ann.send({ type: 'ping', id });
        await ann.expect({ type: 'pong', ref: id });
        ann.send({ type: 'join', room: general, id });
        await ann.expect({ type: 'join_ack', ref: id });
        ann.send({ type: 'message', room: general, content: 'x', id });
        await ann.expect({ type: 'message', ref: id });
        ann.send({ type: 'join', room: 'nulle part', id });
        await ann.expect({ type: 'error', ref: id });
        ann.send({ type: 'nonsense', id });
        await ann.expect({ type: 'error', ref: id });
        ann.send({ type: 'leave', room: general, id });
        await ann.expect({ type: 'leave_ack', ref: id });
    }
    ann.send({ type: 'ping' });
    assert.equal('ref' in await ann.expect({ type: 'pong' }), false);
});

test('answers come in the order of the questions', async () => {
    const general = await room();
    const ann = await connect(person('ann'));
    ann.send({ type: 'join', room: general });
    ann.send({ type: 'nonsense' });
    ann.send({ type: 'message', room: general, content: 'x' });
    ann.send({ type: 'ping' });
    ann.send({ type: 'leave', room: general });
    for (const type of ['join_ack', 'error', 'message', 'pong', 'leave_ack']) {
        await ann.expect({ type });
    }
});

/* ---- what is said */

test('any text survives the journey', async () => {
    const general = await room();
    const ann = await join('ann', general);
    const bob = await join('bob', general);
    const texts = ['é', '日本語', '👩‍👩‍👧‍👦', 'a\u2028\u2029b', '"\\/\b\f\n\r\t', '</script>',
        '\u0001\u007f', '\ufeff x', 'x'.repeat(4000), '😀'.repeat(4000)];
    for (const content of texts) {
        ann.send({ type: 'message', room: general, content });
        assert.equal((await bob.expect({ type: 'message' })).data.content, content);
        assert.equal((await ann.expect({ type: 'message' })).data.content, content);
    }
    const history = await bob.ask({ type: 'room_history', room: general });
    assert.deepEqual(history.data.map((m) => m.content), texts);
});

test('compression changes nothing', async () => {
    const general = await room();
    const ann = await connect(person('ann'), { deflate: true });
    const bob = await join('bob', general);
    const content = 'again and again '.repeat(200);
    assert.equal((await ann.ask({ type: 'join', room: general })).type, 'join_ack');
    ann.send({ type: 'message', room: general, content });
    assert.equal((await ann.expect({ type: 'message' })).data.content, content);
    assert.equal((await bob.expect({ type: 'message' })).data.content, content);
});

test('a message too long is refused and not said', async () => {
    const general = await room();
    const ann = await join('ann', general);
    for (const content of ['x'.repeat(4001), '😀'.repeat(4001)]) {
        const error = await ann.ask({ type: 'message', room: general, content });
        assert.equal(error.type, 'error');
        assert.match(error.data.message, /^C'est trop long.*4000/);
    }
    assert.deepEqual((await ann.ask({ type: 'room_history', room: general })).data, []);
});

test('a message needs text', async () => {
    const general = await room();
    const ann = await join('ann', general);
    for (const content of ['', '  \n']) {
        ann.send({ type: 'message', room: general, content });
        await ann.expect({ type: 'error', data: { message: 'Un message ne peut pas être vide.' } });
    }
    await ann.silence();
});

/* ---- what is wrong */

test('every example of the contract is JSON, and its requests are understood', async () => {
    const text = await readFile(new URL('../../docs/protocols/hub.md', import.meta.url), 'utf8');
    const blocks = [...text.matchAll(/^```json\n(.*?)^```/gms)].map((match) => match[1]);
    const lines = blocks.flatMap((block) => block.trim().split('\n'));
    const frames = lines.map((line) => JSON.parse(line));
    const requests = frames.filter((frame) => !('data' in frame));
    assert.ok(requests.length >= 8 && frames.length > requests.length);
    const ann = await connect(person('ann'));
    for (const frame of requests) {
        ann.send(frame);
    }
    ann.send({ type: 'ping', id: 'last' });
    for (let frame = {}; frame.ref !== 'last';) {
        frame = await ann.next();
        assert.notEqual(frame.data.code, 'BAD_REQUEST', frame.data.message);
    }
});

test('what cannot be read is explained, and the connection stays', async () => {
    const ann = await connect(person('ann'));
    const wrong = [
        ['{"type":"join"', /JSON invalide/],
        ['nonsense', /JSON invalide à l'octet 0/],
        ['', /JSON invalide/],
        ['[]', /objet JSON/],
        ['null', /objet JSON/],
        ['{}', /le champ type manque/],
        [{ type: 'nonsense' }, /le type nonsense n'existe pas/],
        [{ type: 'join' }, /le champ room manque/],
        [{ type: 'join', room: 5 }, /le champ room doit être un texte/],
        [{ type: 'join', room: '' }, /le champ room doit avoir de 1 à 64/],
        [{ type: 'join', room: 'x'.repeat(65) }, /le champ room doit avoir de 1 à 64/],
        [{ type: 'join', room: 'a\0' }, /NUL/],
        [{ type: 'message', room: 'a' }, /le champ content manque/],
        [{ type: 'message', room: 'a', content: 'a\0' }, /NUL/],
        [{ type: 'message', room: 'a', content: 'a', client_id: '' }, /le champ client_id/],
        [{ type: 'dm', content: 'x' }, /le champ to manque/],
        [{ type: 'dm', to: 'bob', content: 'x' }, /le champ to doit être un nombre/],
        [{ type: 'dm_history' }, /le champ with manque/],
        [{ type: 'room_history', room: 'a', limit: 'many' }, /le champ limit/],
        ['['.repeat(50_000), /JSON invalide/],
        [`{"type":"ping","a":${'{"a":'.repeat(9000)}1${'}'.repeat(9001)}`, null],
    ];
    for (const [frame, message] of wrong) {
        ann.send(frame);
        if (message === null) {
            await ann.expect({ type: 'pong' });
            continue;
        }
        const error = await ann.expect({ type: 'error', data: { code: 'BAD_REQUEST' } });
        assert.match(error.data.message, message);
    }
    await ann.silence();
});

test('whoever asks for English gets English', async () => {
    const ann = await connect(person('ann'), { query: '&lang=en' });
    ann.send({ type: 'join', room: 'nowhere' });
    await ann.expect({ type: 'error', data: { message: 'There is no such room.' } });
    ann.send({ type: 'join' });
    await ann.expect({
        type: 'error',
        data: { message: 'The request is not understood (the field room is missing).' },
    });
});

test('names may be spelt in several ways, and numbers be text', async () => {
    const general = await room();
    const ann = await connect(person('ann'));
    const bob = await connect(person('bob'));
    ann.send({ Type: 'JOIN', Room: general, unknown: { deep: [1] } });
    await ann.expect({ type: 'join_ack' });
    ann.send({ type: 'message', data: { room: general, content: 'wrapped' } });
    await ann.expect({ type: 'message', data: { content: 'wrapped' } });
    ann.send({ type: 'roomHistory', room: general, limit: '5' });
    await ann.expect({ type: 'room_history', data: [{ content: 'wrapped' }] });
    ann.send({ type: 'dm', to: String(bob.who.id), content: 'digits' });
    await bob.expect({ type: 'dm', data: { content: 'digits' } });
});
