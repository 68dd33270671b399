/* Conversations in the envelope dialect with the finished program: rooms, messages, direct
 * messages, who is there, and what happens to a message afterwards. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RFC3339, Scene } from './lib/envelope.mjs';
import { person } from './lib/hub.mjs';

let scene;

before(async () => {
    scene = await Scene.start();
});
after(() => scene?.remove());

/* One person's message as it is shown to all. */
async function say(client, room, content, more = {}) {
    const frame = await client.ask('room_message',
        { room, content, message_type: 'text', ...more });
    assert.equal(frame.type, 'room_message', JSON.stringify(frame));
    return frame.data;
}

const idOf = (client) => client.who.id;
const nameOf = (client) => client.who.username;

/* Fields of the document, in a frame that may have more. */
const only = (object, ...keys) => Object.fromEntries(keys.map((key) => [key, object[key]]));

/* ---- rooms */

test('joining is acknowledged exactly as documented', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann');
    ann.send('join_room', { room });
    const ack = await ann.next();
    assert.equal(ack.type, 'join_room_ack');
    assert.deepEqual(only(ack.data, 'room', 'success', 'message'),
        { room, success: true, message: 'Joined room successfully' });
    assert.equal('id' in ack, false);
    ann.send('join_room', { room });    // once more is no mistake
    await ann.take('join_room_ack', { data: { room, success: true } });
    await ann.none();
});

test('a room that does not exist is refused twice over: by the ack and by an error', async () => {
    const ann = await scene.connect('ann');
    ann.send('join_room', { room: 'nonexistent_room' }, { id: 'j' });
    const ack = await ann.take('join_room_ack', { data: { room: 'nonexistent_room' } });
    assert.equal(ack.data.success, false);
    assert.equal(typeof ack.data.message, 'string');
    const error = await ann.take('error');
    assert.deepEqual(only(error.data, 'message', 'code'),
        { message: 'Room not found', code: 'ROOM_NOT_FOUND' });
    assert.equal(error.data.details.room, 'nonexistent_room');
    assert.ok(ack.id === 'j' || error.id === 'j');
    await ann.none();
});

test('a private room is not there for those who are not in it', async () => {
    const room = await scene.room('--private');
    const ann = await scene.connect('ann');
    ann.send('join_room', { room });
    await ann.take('join_room_ack', { data: { room, success: false } });
    await ann.error('ROOM_NOT_FOUND', { room });
    ann.send('room_message', { room, content: 'let me in' });
    await ann.error('ROOM_NOT_FOUND', { room });
    ann.send('room_history', { room });
    await ann.error('ROOM_NOT_FOUND', { room });
    await ann.none();
});

test('a room may be named with its server', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann');
    const bob = await scene.join('bob', room);
    ann.send('join_room', { room: `lobby/${room}` });
    await ann.take('join_room_ack', { data: { success: true } });
    await bob.take('user_connected', { data: { user_id: idOf(ann), room } });
    await say(bob, room, 'here');
    await ann.take('room_message', { data: { room, content: 'here' } });
    ann.send('join_room', { room: `elsewhere/${room}` });
    await ann.take('join_room_ack', { data: { success: false } });
    await ann.error('ROOM_NOT_FOUND');
});

test('who comes and who goes is told to the room, once for each person', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const ann = await scene.join('ann', room);
    const who = { user_id: idOf(ann), username: nameOf(ann), room };

    const came = await bob.take('user_connected');
    assert.deepEqual(only(came.data, 'user_id', 'username', 'room'), who);
    assert.equal(came.user_id, idOf(ann));
    const again = await scene.join(ann.who, room);
    await bob.none('user_connected');

    await ann.close();
    await bob.none('user_disconnected');
    again.vanish();
    const went = await bob.take('user_disconnected');
    assert.deepEqual(only(went.data, 'user_id', 'username', 'room'), who);
    await bob.none();
});

test('leaving is acknowledged, and told when it was the last connection', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const ann = await scene.join('ann', room);
    const again = await scene.join(ann.who, room);
    await bob.take('user_connected');

    ann.send('leave_room', { room });
    await ann.take('leave_room_ack', { data: { room, success: true } });
    await bob.none();
    await say(bob, room, 'is she gone?');
    await bob.none('user_disconnected');
    await ann.none('room_message');
    await again.take('room_message', { data: { content: 'is she gone?' } });

    again.send('leave_room', { room });
    await again.take('leave_room_ack');
    await bob.take('user_disconnected', { data: { user_id: idOf(ann), room } });
    assert.equal((await again.ask('leave_room', { room })).type, 'leave_room_ack');
    await bob.none();
});

test('presence is of a room: others hear nothing', async () => {
    const [here, there] = [await scene.room(), await scene.room()];
    const bob = await scene.join('bob', there);
    const ann = await scene.join('ann', here);
    await ann.close();
    await bob.none();
});

/* ---- messages */

test('a message reaches everybody in the room, the sender too, on all connections', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const annAgain = await scene.join(ann.who, room);
    const bob = await scene.join('bob', room);
    const stranger = await scene.connect('carol');

    const began = Date.now();
    ann.send('room_message',
        { room, content: 'Bonjour tout le monde !', message_type: 'text' },
        { timestamp: '1999-12-31T23:59:59.123+01:00' });
    const all = [ann, annAgain, bob];
    const frames = await Promise.all(all.map((client) => client.take('room_message')));
    for (const { data, user_id: by, timestamp } of frames) {
        assert.deepEqual(
            only(data, 'room', 'user_id', 'username', 'content', 'message_type'),
            { room, user_id: idOf(ann), username: nameOf(ann), content: 'Bonjour tout le monde !',
                message_type: 'text' });
        assert.ok(Number.isInteger(data.id) && data.id > 0);
        assert.match(data.created_at, RFC3339);
        assert.ok(Math.abs(Date.parse(data.created_at) - began) < 60_000, 'the server\'s clock');
        assert.match(timestamp, RFC3339);
        assert.equal(by, idOf(ann));
        assert.equal(data.seq, 1);
        assert.equal(Math.floor(data.ts / 1000) * 1000, Date.parse(data.created_at));
    }
    assert.equal(new Set(frames.map((f) => f.data.id)).size, 1);
    await stranger.none();
    await Promise.all(all.map((client) => client.none('room_message')));
});

test('text is what a message is unless it says otherwise', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const { data } = await ann.ask('room_message', { room, content: 'plain' });
    assert.equal(data.message_type, 'text');
});

test('who speaks in a public room has joined it', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const ann = await scene.connect('ann');
    await say(ann, room, 'first');
    await bob.take('user_connected', { data: { user_id: idOf(ann) } });
    await bob.take('room_message', { data: { content: 'first' } });
    await say(bob, room, 'second');
    await ann.take('room_message', { data: { content: 'second', seq: 2 } });
});

test('any text survives the journey', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const texts = ['é', '日本語', '👩‍👩‍👧‍👦', 'a\u2028\u2029b', '"\\/\b\f\n\r\t', '</script>',
        '\u0001\u007f', '\ufeff x', 'x'.repeat(4000), '😀'.repeat(4000)];
    for (const content of texts) {
        assert.equal((await say(ann, room, content)).content, content);
        assert.equal((await bob.take('room_message')).data.content, content);
    }
    const { data } = await bob.ask('room_history', { room });
    assert.deepEqual(data.messages.map((m) => m.content), texts);
});

test('all see the same messages in the same order', async () => {
    const COUNT = 50;
    const room = await scene.room();
    const members = [];
    for (const name of ['ann', 'bob', 'carol']) {
        members.push(await scene.join(name, room));
    }
    for (let i = 0; i < COUNT; i++) {
        for (const [m, member] of members.entries()) {
            member.send('room_message', { room, content: `${m} ${i}` });
        }
    }
    const heard = await Promise.all(members.map(async (member) => {
        const seen = [];
        while (seen.length < COUNT * members.length) {
            const { data } = await member.take('room_message');
            seen.push([data.id, data.seq, data.content]);
        }
        await member.none('room_message', 'error');
        return seen;
    }));
    assert.deepEqual(heard[0].map(([, seq]) => seq), [...heard[0].keys()].map((i) => i + 1));
    for (const [m, seen] of heard.entries()) {
        assert.deepEqual(seen, heard[0]);
        const own = seen.map(([, , content]) => content).filter((c) => c.startsWith(`${m} `));
        assert.deepEqual(own, [...Array(COUNT).keys()].map((i) => `${m} ${i}`));
    }
});

test('a message sent twice with one client_id is said once', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const first = await say(ann, room, 'once', { client_id: 'c-1' });
    assert.equal(first.client_id, 'c-1');
    const heard = await bob.take('room_message');
    assert.equal('client_id' in heard.data, false);

    const again = await say(ann, room, 'once', { client_id: 'c-1' });
    assert.deepEqual([again.id, again.seq, again.client_id], [first.id, first.seq, 'c-1']);
    await bob.none('room_message');
    await ann.none('room_message');
    const bobs = await say(bob, room, 'once', { client_id: 'c-1' });    // another author's
    assert.equal(bobs.seq, first.seq + 1);
    const { data } = await ann.ask('room_history', { room });
    assert.equal(data.total, 2);
});

/* ---- direct messages */

test('a direct message reaches both people, on all their connections', async () => {
    const ann = await scene.connect('ann');
    const annAgain = await scene.connect(ann.who);
    const bob = await scene.connect('bob');
    const bobAgain = await scene.connect(bob.who);
    const carol = await scene.connect('carol');

    ann.send('direct_message',
        { to_user_id: idOf(bob), content: 'Salut, comment ça va ?', message_type: 'text' });
    const all = [ann, annAgain, bob, bobAgain];
    const frames = await Promise.all(all.map((client) => client.take('direct_message')));
    for (const { data, user_id: by } of frames) {
        assert.deepEqual(only(data, 'from_user_id', 'from_username', 'to_user_id', 'content',
            'message_type'), { from_user_id: idOf(ann), from_username: nameOf(ann),
            to_user_id: idOf(bob), content: 'Salut, comment ça va ?', message_type: 'text' });
        assert.ok(Number.isInteger(data.id) && data.id > 0);
        assert.equal(data.id, frames[0].data.id);
        assert.match(data.created_at, RFC3339);
        assert.equal(by, idOf(ann));
    }
    await Promise.all([...all, carol].map((client) => client.none()));
});

test('a direct message to oneself comes once on each connection', async () => {
    const ann = await scene.connect('ann');
    const again = await scene.connect(ann.who);
    ann.send('direct_message', { to_user_id: idOf(ann), content: 'note' });
    for (const client of [ann, again]) {
        await client.take('direct_message',
            { data: { from_user_id: idOf(ann), to_user_id: idOf(ann) } });
        await client.none();
    }
});

test('a direct message to nobody is an error', async () => {
    const ann = await scene.connect('ann');
    ann.send('direct_message', { to_user_id: 99999999, content: 'x' });
    await ann.error('USER_NOT_FOUND', { user_id: 99999999 });
    ann.send('dm_history', { with_user: 99999999 });
    await ann.error('USER_NOT_FOUND');
    await ann.none();
});

test('a direct message sent twice with one client_id is said once', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const message = { to_user_id: idOf(bob), content: 'once', client_id: 'd-1' };
    const first = await ann.ask('direct_message', message);
    const again = await ann.ask('direct_message', message);
    assert.equal(first.data.id, again.data.id);
    await bob.take('direct_message', { data: { id: first.data.id } });
    await bob.none();
});

/* ---- ping, and what all answers have */

test('ping is answered with the server\'s clock', async () => {
    const ann = await scene.connect('ann');
    ann.send('ping');
    const pong = await ann.next();
    assert.equal(pong.type, 'pong');
    assert.match(pong.data.timestamp, RFC3339);
    assert.ok(Math.abs(Date.parse(pong.data.timestamp) - Date.now()) < 60_000);
    assert.equal('id' in pong, false);
});

test('the id of a request comes back in its answer and its error, to nobody else', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    for (const id of [1, 'one', 'é"\\']) {
        ann.send('ping', {}, { id });
        await ann.take('pong', { id });
        ann.send('join_room', { room }, { id });
        await ann.take('join_room_ack', { id });
        ann.send('room_message', { room, content: 'x' }, { id });
        await ann.take('room_message', { id });
        assert.equal('id' in await bob.take('room_message'), false);
        ann.send('direct_message', { to_user_id: idOf(bob), content: 'x' }, { id });
        await ann.take('direct_message', { id });
        assert.equal('id' in await bob.take('direct_message'), false);
        ann.send('room_history', { room }, { id });
        await ann.take('message_history', { id });
        ann.send('nonsense', {}, { id });
        assert.equal((await ann.error('INVALID_FORMAT')).id, id);
        ann.send('room_message', { room: 'nonexistent_room', content: 'x' }, { id });
        assert.equal((await ann.error('ROOM_NOT_FOUND')).id, id);
    }
});

test('names are read liberally, digits may be text, unknown fields are ignored', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    ann.write({ Type: 'joinRoom', DATA: { Room: room, unknown: { deep: [1] } }, more: 1 });
    await ann.take('join_room_ack', { data: { room, success: true } });
    ann.write({ type: 'ROOM-MESSAGE', data: { room, content: 'loud', messageType: 'text' } });
    await ann.take('room_message', { data: { content: 'loud' } });
    ann.write({ type: 'direct message', data: { toUserId: String(idOf(bob)), content: 'digits' } });
    await bob.take('direct_message', { data: { content: 'digits' } });
    ann.write({ type: 'room_history', data: { room, limit: '1', offset: '0' } });
    await ann.take('message_history', { data: { total: 1 } });
});

/* ---- typing and reading */

test('typing is seen by the others in the room, not by oneself', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const stranger = await scene.connect('carol');
    ann.send('typing_start', { room });
    const seen = await bob.take('user_typing');
    assert.deepEqual(only(seen.data, 'room', 'user_id', 'username', 'typing'),
        { room, user_id: idOf(ann), username: nameOf(ann), typing: true });
    bob.send('typing_stop', { room });
    await ann.take('user_typing', { data: { user_id: idOf(bob), typing: false } });
    await ann.none('user_typing', 'error');
    await bob.none('user_typing', 'error');
    await stranger.none();
});

test('typing more often than once a second is dropped in silence', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const began = performance.now();
    for (let i = 0; i < 50; i++) {
        ann.send('typing_start', { room });
    }
    await ann.none('error');
    const seen = await bob.rest('user_typing');
    const seconds = Math.floor((performance.now() - began) / 1000);
    assert.ok(seen.length >= 1 && seen.length <= 1 + seconds, `${seen.length} in ${seconds} s`);
});

test('typing to one person is seen by that person alone', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const carol = await scene.connect('carol');
    await ann.ask('direct_message', { to_user_id: idOf(bob), content: 'hello' });
    await bob.take('direct_message');
    bob.send('typing_start', { to_user_id: idOf(ann) });
    await ann.take('user_typing', { data: { user_id: idOf(bob), typing: true } });
    await bob.none();
    await carol.none();
});

test('how far somebody has read is told to the room', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const said = await say(ann, room, 'read me');
    bob.send('read', { room, message_id: said.id });
    const seen = await ann.take('user_read');
    assert.deepEqual(only(seen.data, 'room', 'user_id', 'seq'),
        { room, user_id: idOf(bob), seq: said.seq });
    await bob.none('error', 'user_read');
    const elsewhere = await say(ann, await scene.room(), 'not of that room');
    bob.send('read', { room, message_id: elsewhere.id });
    await bob.error('ROOM_NOT_FOUND');
    await ann.none('user_read');
});

test('the other person learns what was read of a conversation', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const { data } = await ann.ask('direct_message', { to_user_id: idOf(bob), content: 'hello' });
    bob.send('read', { with_user: idOf(ann), message_id: data.id });
    await ann.take('user_read', { data: { user_id: idOf(bob), seq: data.seq } });
});

/* ---- edits and deletions */

test('an edited message is told to the room, and kept', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const said = await say(ann, room, 'helo');
    ann.send('edit_message', { message_id: said.id, content: 'hello' });
    for (const client of [ann, bob]) {
        const { data } = await client.take('message_updated');
        assert.deepEqual(only(data, 'id', 'room', 'content', 'seq'),
            { id: said.id, room, content: 'hello', seq: said.seq });
        assert.match(data.edited_at, RFC3339);
    }
    const { data } = await bob.ask('room_history', { room });
    assert.deepEqual(only(data.messages[0], 'id', 'content', 'created_at'),
        { id: said.id, content: 'hello', created_at: said.created_at });
    assert.match(data.messages[0].edited_at, RFC3339);
});

test('a deleted message is told to the room, and gone from history', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const [first, second] = [await say(ann, room, 'one'), await say(ann, room, 'two')];
    ann.send('delete_message', { message_id: first.id });
    for (const client of [ann, bob]) {
        await client.take('message_deleted', { data: { id: first.id, room } });
    }
    const { data } = await bob.ask('room_history', { room });
    assert.deepEqual(data.messages.map((m) => m.id), [second.id]);
    assert.equal(data.total, 1);
    ann.send('edit_message', { message_id: first.id, content: 'back' });
    await ann.error('ROOM_NOT_FOUND');
    ann.send('delete_message', { message_id: first.id });
    await ann.error('ROOM_NOT_FOUND');
});

test('what others said is not ours to change', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const said = await say(ann, room, 'mine');
    bob.send('edit_message', { message_id: said.id, content: 'yours' });
    await bob.error('PERMISSION_DENIED');
    bob.send('delete_message', { message_id: said.id });
    await bob.error('PERMISSION_DENIED');
    await ann.none('message_updated', 'message_deleted');
    const { data } = await ann.ask('room_history', { room });
    assert.equal(data.messages[0].content, 'mine');
});

test('a direct message can be edited and deleted; both people are told, nobody else', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const carol = await scene.connect('carol');
    const { data: said } = await ann.ask('direct_message',
        { to_user_id: idOf(bob), content: 'helo' });
    await bob.take('direct_message');
    ann.send('edit_message', { message_id: said.id, content: 'hello' });
    for (const client of [ann, bob]) {
        await client.take('message_updated', { data: { id: said.id, content: 'hello' } });
    }
    ann.send('delete_message', { message_id: said.id });
    for (const client of [ann, bob]) {
        await client.take('message_deleted', { data: { id: said.id } });
        await client.none();
    }
    carol.send('edit_message', { message_id: said.id, content: 'mine' });
    await carol.error('ROOM_NOT_FOUND');    // no word about whether there is such a message
    await carol.none();
});

/* ---- mentions */

test('who is called by name hears of it, also outside the room', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const carol = await scene.connect('carol');
    const dan = await scene.connect('dan');
    const content = `@${nameOf(carol)}, ask @${nameOf(bob)}. mail@${nameOf(dan)}`;
    const said = await say(ann, room, content);
    assert.deepEqual(said.mentions, [idOf(carol), idOf(bob)]);
    const call = await carol.take('mention');
    assert.deepEqual(only(call.data, 'room', 'message_id', 'seq', 'user_id', 'username', 'content'),
        { room, message_id: said.id, seq: said.seq, user_id: idOf(ann), username: nameOf(ann),
            content });
    await carol.none();
    await dan.none();
    const heard = await bob.take('room_message');
    assert.deepEqual(heard.data.mentions, [idOf(carol), idOf(bob)]);
    const { data } = await bob.ask('room_history', { room });
    assert.deepEqual(data.messages[0].mentions, [idOf(carol), idOf(bob)]);
});

test('nobody is called into a room that is not theirs', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const carol = await scene.connect('carol');
    await ann.ask('direct_message',
        { to_user_id: idOf(bob), content: `what of @${nameOf(carol)}?` });
    await carol.none();
});

/* ---- the end of a room, and of the server */

test('a room that is removed is named, and speaks no more', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    await scene.server.cli('room', 'remove', room);
    await ann.take('room_removed', { data: { room } });
    ann.send('room_message', { room, content: 'x' });
    await ann.error('ROOM_NOT_FOUND', { room });
});

test('what was acknowledged survives kill -9', () => Scene.with({}, async (own) => {
    const room = await own.room();
    const [ann, bob] = [person('ann'), person('bob')];
    const before = await own.join(ann, room);
    await (await own.connect(bob)).settle();
    const { data: said } = await before.ask('room_message',
        { room, content: 'durable', client_id: 'k' });
    const { data: written } = await before.ask('direct_message',
        { to_user_id: bob.id, content: 'privé' });
    const { data: smile } = await before.ask('room_message',
        { room, content: '👍', message_type: 'reaction', reply_to: said.id });
    await before.ask('read', { room, message_id: said.id });
    await own.server.kill();
    assert.equal((await before.closed()).code, 1006);

    await own.server.restart();
    const back = await own.connect(ann);
    const { data: history } = await back.ask('room_history', { room });
    const kept = history.messages.map((m) => [m.id, m.seq, m.content]);
    assert.deepEqual(kept, [[said.id, said.seq, 'durable'], [smile.id, smile.seq, '👍']]);
    const { data: direct } = await back.ask('dm_history', { with_user: bob.id });
    assert.deepEqual(direct.messages.map((m) => [m.id, m.content]), [[written.id, 'privé']]);
    const again = await back.ask('room_message', { room, content: 'durable', client_id: 'k' });
    assert.equal(again.data.id, said.id);
}));
