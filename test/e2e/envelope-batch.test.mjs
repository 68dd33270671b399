/* Several messages in one: each is answered, in order, and a bad one in the middle loses none of
 * the others. And the other way: what waits for a client that asked for batches. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertEnvelope, Scene } from './lib/envelope.mjs';
import { shown } from './lib/inbox.mjs';

const PARTS_MAX = 100;

let scene;

before(async () => {
    scene = await Scene.start();
});
after(() => scene?.remove());

/* Sends parts as one batch; the answers, one for each. */
async function batch(client, parts) {
    const frame = await client.ask('message_batch', { messages: parts });
    assert.equal(frame.type, 'message_batch', shown(frame));
    frame.data.messages.forEach(assertEnvelope);
    assert.equal(frame.data.messages.length, parts.length, shown(frame));
    return frame.data.messages;
}

const said = (room, content, more = {}) =>
    ({ type: 'room_message', data: { room, content, message_type: 'text' }, ...more });

const codes = (answers) => answers.map(({ type, data }) => (type === 'error' ? data.code : 'ok'));

test('each message of a batch is said, in order, and answered, in order', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const answers = await batch(ann, [
        said(room, 'one', { id: 'a' }), said(room, 'two', { id: 7 }), said(room, 'three')]);
    assert.deepEqual(answers.map((a) => a.id), ['a', 7, undefined]);
    const heard = [];
    for (const content of ['one', 'two', 'three']) {
        heard.push((await bob.take('room_message', { data: { content } })).data);
    }
    assert.deepEqual(answers.map((a) => [a.data.id, a.data.seq]), heard.map((m) => [m.id, m.seq]));
    await bob.none('room_message', 'message_batch');
    const own = (await ann.takeAll('room_message')).map((f) => f.data.content);
    const inside = answers.filter((a) => a.type === 'room_message').map((a) => a.data.content);
    assert.deepEqual([...own, ...inside], ['one', 'two', 'three']);    // once, here or there
});

test('bad messages in the middle are answered in their place, and none is lost', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const answers = await batch(ann, [
        said(room, 'first'),
        { type: 'nonsense', data: {}, id: 'n' },
        said(room, ''),
        said('nonexistent_room', 'x'),
        said(room, 'middle'),
        7,
        null,
        'text',
        {},
        said(room, 'x'.repeat(4001)),
        { type: 'direct_message', data: { to_user_id: 99999999, content: 'x' } },
        { type: 'message_batch', data: { messages: [said(room, 'nested')] } },
        { type: 'auth', data: { token: ann.who.token } },
        said(room, 'last'),
    ]);
    assert.deepEqual(codes(answers), ['ok', 'INVALID_FORMAT', 'INVALID_FORMAT', 'ROOM_NOT_FOUND',
        'ok', 'INVALID_FORMAT', 'INVALID_FORMAT', 'INVALID_FORMAT', 'INVALID_FORMAT',
        'MESSAGE_TOO_LONG', 'USER_NOT_FOUND', 'INVALID_FORMAT', 'INVALID_FORMAT', 'ok']);
    assert.equal(answers[1].id, 'n');
    assert.equal(answers[3].data.details.room, 'nonexistent_room');
    for (const content of ['first', 'middle', 'last']) {
        await bob.take('room_message', { data: { content } });
    }
    await bob.none('room_message');
    await ann.none('error');
});

test('a batch may hold every kind of message', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const answers = await batch(ann, [
        { type: 'join_room', data: { room }, id: 1 },
        said(room, 'hello', { id: 2 }),
        { type: 'direct_message', data: { to_user_id: bob.who.id, content: 'psst' }, id: 3 },
        { type: 'room_history', data: { room }, id: 4 },
        { type: 'ping', data: {}, id: 5 },
        { type: 'leave_room', data: { room }, id: 6 },
    ]);
    assert.deepEqual(answers.map((a) => a.id), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(codes(answers), Array(6).fill('ok'));
    assert.equal(answers[0].type, 'join_room_ack');
    assert.equal(answers[0].data.success, true);
    assert.equal(answers[3].type, 'message_history');
    assert.deepEqual(answers[3].data.messages.map((m) => m.content), ['hello']);
    assert.equal(answers[4].type, 'pong');
    assert.equal(answers[5].type, 'leave_room_ack');
    await bob.take('direct_message', { data: { content: 'psst' } });
});

test('a refused join inside a batch is still one answer', async () => {
    const ann = await scene.connect('ann');
    const answers = await ann.ask('message_batch', { messages: [
        { type: 'ping', data: {}, id: 1 },
        { type: 'join_room', data: { room: 'nonexistent_room' }, id: 2 },
        { type: 'ping', data: {}, id: 3 },
    ] });
    const { messages } = answers.data;
    assert.deepEqual([messages.at(0).type, messages.at(-1).type], ['pong', 'pong']);
    const refusals = messages.slice(1, -1);    // the ack, the error, or the two
    assert.ok(refusals.length === 1 || refusals.length === 2, shown(messages));
    for (const { type, data } of refusals) {
        assert.ok(type === 'error' ? data.code === 'ROOM_NOT_FOUND' : data.success === false);
    }
});

test('a batch of a hundred is taken, one more is not, nor is none', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const many = Array.from({ length: PARTS_MAX }, (_, i) => said(room, `${i}`));
    assert.deepEqual(codes(await batch(ann, many)), Array(PARTS_MAX).fill('ok'));
    for (const messages of [[], [...many, said(room, 'too many')]]) {
        ann.send('message_batch', { messages });
        await ann.error('INVALID_FORMAT', { field: 'messages' });
    }
    const { data } = await ann.ask('room_history', { room, limit: 200 });
    assert.deepEqual(data.messages.map((m) => m.content), many.map((m) => m.data.content));
});

test('a batch keeps its place between other messages', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    ann.send('room_message', { room, content: 'before' });
    ann.send('message_batch', { messages: [said(room, 'in 1'), said(room, 'in 2')] });
    ann.send('room_message', { room, content: 'after' });
    for (const content of ['before', 'in 1', 'in 2', 'after']) {
        await bob.take('room_message', { data: { content } });
    }
    await ann.take('message_batch');
});

test('who repeats a batch says nothing twice', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const parts = ['a', 'b'].map((key) => {
        const part = said(room, key);
        part.data.client_id = key;
        return part;
    });
    const first = await batch(ann, parts);
    const again = await batch(ann, parts);
    assert.deepEqual(again.map((a) => a.data.id), first.map((a) => a.data.id));
    await bob.take('room_message', { data: { content: 'a' } });
    await bob.take('room_message', { data: { content: 'b' } });
    await bob.none('room_message');
});

/* ---- out */

test('who asked for batches loses nothing, who did not never gets one', async () => {
    const COUNT = 300;
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const asked = await scene.connect('bob', { query: '?batch=1' });
    const plain = await scene.join('carol', room);
    await asked.ask('join_room', { room });
    await ann.take('user_connected');
    const wanted = Array.from({ length: COUNT }, (_, i) => `n ${i}`);
    for (const content of wanted) {
        ann.send('room_message', { room, content });
    }
    for (const content of wanted) {
        await plain.take('room_message', { data: { content } });
    }
    await plain.none('message_batch');

    const heard = [];
    while (heard.length < COUNT) {
        const frame = await asked.next();
        const frames = frame.type === 'message_batch' ? frame.data.messages : [frame];
        frames.forEach(assertEnvelope);
        heard.push(...frames.filter((f) => f.type === 'room_message').map((f) => f.data.content));
    }
    assert.deepEqual(heard, wanted);
});
