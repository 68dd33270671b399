/* Two dialects, one conversation: envelope and hub people in one room, and each one's frames at the
 * other's door. An answer has the form of the question; what is pushed has that of the door. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';
import { person } from './lib/hub.mjs';

let scene;

before(async () => {
    scene = await Scene.start();
});
after(() => scene?.remove());

const say = async (client, room, content, more = {}) =>
    (await client.ask('room_message', { room, content, ...more })).data;

/* ---- one room */

test('a message reaches both, each in its own words, with one id and seq', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.hub('bob', room);
    await ann.take('user_connected', { data: { user_id: bob.who.id, room } });

    const said = await say(ann, room, 'from the envelope');
    await bob.expect({ type: 'message', data: { id: said.id, seq: 1, fromUser: ann.who.id,
        username: ann.who.username, content: 'from the envelope', room, ts: said.ts } });
    bob.send({ type: 'message', room, content: 'from the hub' });
    const { data } = await bob.expect({ type: 'message', data: { seq: 2 } });
    await ann.take('room_message', { data: { id: data.id, seq: 2, room, user_id: bob.who.id,
        username: bob.who.username, content: 'from the hub', message_type: 'text' } });
    await bob.close();
    await ann.take('user_disconnected', { data: { user_id: bob.who.id } });
});

test('direct messages cross, and the histories agree', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.hub('bob');
    await ann.ask('direct_message', { to_user_id: bob.who.id, content: 'envelope to hub' });
    await bob.expect({ type: 'dm', data: { fromUser: ann.who.id, content: 'envelope to hub' } });
    bob.send({ type: 'dm', to: ann.who.id, content: 'hub to envelope' });
    await ann.take('direct_message', { data: { from_user_id: bob.who.id, to_user_id: ann.who.id,
        content: 'hub to envelope' } });
    const here = await ann.ask('dm_history', { with_user: bob.who.id });
    const there = await bob.ask({ type: 'dm_history', with: ann.who.id });
    assert.deepEqual(here.data.messages.map((m) => [m.id, m.content]),
        there.data.map((m) => [m.id, m.content]));
});

test('a user with a connection in each is one person', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const ann = await scene.join('ann', room);
    const hub = await scene.hub(ann.who, room);
    await bob.take('user_connected', { data: { user_id: ann.who.id } });
    await bob.none('user_connected');
    await ann.close();
    await bob.none('user_disconnected');
    await hub.close();
    await bob.take('user_disconnected', { data: { user_id: ann.who.id } });
});

test('edits, deletions and typing cross', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.hub('bob', room);
    const said = await say(ann, room, 'helo');
    await bob.expect({ type: 'message' });
    ann.send('edit_message', { message_id: said.id, content: 'hello' });
    await bob.expect({ type: 'message_edited', data: { id: said.id, content: 'hello', room } });
    ann.send('delete_message', { message_id: said.id });
    await bob.expect({ type: 'message_deleted', data: { id: said.id, room } });
    bob.send({ type: 'typing', room });
    await ann.take('user_typing', { data: { user_id: bob.who.id, room, typing: true } });
    ann.send('typing_start', { room });
    await bob.expect({ type: 'typing', data: { fromUser: ann.who.id, room, typing: true } });
});

test('the hub sees a reaction and media as messages, at their place in the order', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.hub('bob', room);
    const said = await say(ann, room, 'hello');
    await bob.expect({ type: 'message', data: { seq: 1 } });
    await say(ann, room, '👍', { message_type: 'reaction', reply_to: said.id });
    await bob.expect({ type: 'message', data: { seq: 2, content: '👍', reply_to: said.id } });
    await say(ann, room, 'look', { message_type: 'image', media_url: 'https://example.org/x.png' });
    await bob.expect({ type: 'message',
        data: { seq: 3, content: 'look', media_url: 'https://example.org/x.png' } });
    const { data } = await bob.ask({ type: 'room_history', room });
    assert.deepEqual(data.map((m) => [m.seq, m.content]), [[1, 'hello'], [2, '👍'], [3, 'look']]);
});

test('all see one order, whichever door they came through', async () => {
    const COUNT = 60;
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.hub('bob', room);
    for (let i = 0; i < COUNT; i++) {
        ann.send('room_message', { room, content: `ann ${i}` });
        bob.send({ type: 'message', room, content: `bob ${i}` });
    }
    const [here, there] = [[], []];
    while (here.length < 2 * COUNT) {
        const { data } = await ann.take('room_message');
        here.push([data.id, data.seq, data.content]);
    }
    while (there.length < 2 * COUNT) {
        const { data } = await bob.expect({ type: 'message' });
        there.push([data.id, data.seq, data.content]);
    }
    assert.deepEqual(here, there);
});

test('one client_id is one message, through either door', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const hub = await scene.hub(ann.who, room);
    const said = await say(ann, room, 'once', { client_id: 'k' });
    await hub.expect({ type: 'message', data: { id: said.id } });
    const again = await hub.ask({ type: 'message', room, content: 'once', client_id: 'k' });
    assert.equal(again.data.id, said.id);
    await ann.none('room_message');
});

/* ---- flat frames at the envelope's door */

test('a flat frame at /ws/chat is answered in the words of the hub', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann', { flat: true });
    const bob = await scene.join('bob', room);
    ann.write({ type: 'join', room, id: 1 });
    assert.deepEqual(await ann.next(),
        { type: 'join_ack', data: { room, status: 'ok' }, ref: 1 });
    await bob.take('user_connected', { data: { user_id: ann.who.id } });
    await say(bob, room, 'pushed');
    const push = await ann.next();
    assert.deepEqual([push.type, push.data.user_id, push.data.content, push.data.message_type],
        ['room_message', bob.who.id, 'pushed', 'text']);
    ann.write({ type: 'room_history', room, id: 2 });
    const history = await ann.next();
    assert.deepEqual([history.type, history.room, history.ref, history.data.length],
        ['room_history', room, 2, 1]);
    ann.write({ type: 'ping', id: 3 });
    assert.equal((await ann.next()).ref, 3);
    ann.write({ type: 'join', room: 'nonexistent_room', id: 4 });
    const error = await ann.next();
    assert.deepEqual([error.type, error.ref, error.data.code], ['error', 4, 'NOT_FOUND']);
    ann.write({ type: 'message', room, content: 'flat' });
    await bob.take('room_message', { data: { content: 'flat', user_id: ann.who.id } });
    ann.write({ type: 'dm', to: bob.who.id, content: 'flat dm' });
    await bob.take('direct_message', { data: { content: 'flat dm', from_user_id: ann.who.id } });
});

test('the two forms may be mixed on one connection', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann', { flat: true });
    ann.write({ type: 'ping', id: 1 });
    ann.write({ type: 'ping', data: {}, id: 2 });
    ann.write({ type: 'join', room, id: 3 });
    ann.write({ type: 'join_room', data: { room }, id: 4 });
    const frames = [];
    while (frames.length < 4) {
        frames.push(await ann.next());
    }
    assert.deepEqual(frames.map((f) => [f.type, f.ref, f.id]), [['pong', 1, undefined],
        ['pong', undefined, 2], ['join_ack', 3, undefined], ['join_room_ack', undefined, 4]]);
    assert.equal(typeof frames[1].timestamp, 'string');
});

/* ---- envelopes at the hub's door */

test('an envelope at /ws/hub is answered in one; what is pushed is the hub\'s', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann', { path: '/ws/hub', flat: true });
    const bob = await scene.hub('bob', room);
    ann.send('join_room', { room }, { id: 1 });
    const ack = await ann.next();
    assert.deepEqual([ack.type, ack.id, ack.data.success, ack.data.message],
        ['join_room_ack', 1, true, 'Joined room successfully']);
    bob.send({ type: 'message', room, content: 'pushed' });
    const push = await ann.next();
    assert.deepEqual([push.type, push.data.fromUser, push.data.content],
        ['message', bob.who.id, 'pushed']);
    await bob.expect({ type: 'message' });
    ann.send('room_history', { room }, { id: 2 });
    const history = await ann.next();
    assert.deepEqual([history.type, history.id, history.data.total], ['message_history', 2, 1]);
    ann.send('room_message', { room: 'nonexistent_room', content: 'x' }, { id: 3 });
    const error = await ann.next();
    assert.deepEqual([error.type, error.id, error.data.code, error.data.details.room],
        ['error', 3, 'ROOM_NOT_FOUND', 'nonexistent_room']);
    ann.send('room_message', { room, content: 'wrapped' });
    await bob.expect({ type: 'message', data: { content: 'wrapped', fromUser: ann.who.id } });
});

test('a resume at the hub\'s door tells what was missed in the hub\'s words', async () => {
    const room = await scene.room();
    const bob = await scene.hub('bob', room);
    for (const content of ['one', 'two', 'three']) {
        await bob.ask({ type: 'message', room, content });
    }
    const ann = await scene.connect('ann', { path: '/ws/hub', flat: true });
    ann.send('resume', { room, after_seq: 1 }, { id: 1 });
    const heard = [await ann.next(), await ann.next()];
    assert.deepEqual(heard.map((f) => [f.type, f.data.content, f.data.seq]),
        [['message', 'two', 2], ['message', 'three', 3]]);
    const end = await ann.next();
    assert.deepEqual([end.type, end.id, end.data.last_seq], ['resumed', 1, 3]);
});

test('no token at the hub\'s door is still a plain 401', async () => {
    await assert.rejects(scene.connect(null, { path: '/ws/hub' }), /401/);
    await (await scene.connect(person('ann'), { path: '/ws/hub', flat: true })).settle();
});
