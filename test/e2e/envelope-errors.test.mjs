/* What the envelope refuses: each row of the document's table of errors, with its code and its
 * details, and each field that can be wrong. The connection stays, and nothing was done. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';

const CODES = ['AUTH_FAILED', 'ROOM_NOT_FOUND', 'USER_NOT_FOUND', 'PERMISSION_DENIED',
    'RATE_LIMITED', 'MESSAGE_TOO_LONG', 'INVALID_FORMAT', 'INTERNAL_ERROR'];

let scene;

before(async () => {
    scene = await Scene.start();
});
after(() => scene?.remove());

/* Sends a frame; the error that comes of it, with this code and a sentence for people. */
async function refused(client, what, code, details = {}) {
    client.write(what);
    const frame = await client.take('error');
    const why = `${JSON.stringify(what).slice(0, 200)} -> ${JSON.stringify(frame)}`;
    assert.equal(frame.data.code, code, why);
    assert.ok(frame.data.message.length > 5, why);
    assert.equal(typeof frame.data.details, 'object', why);
    for (const [key, value] of Object.entries(details)) {
        assert.equal(frame.data.details[key], value, why);
    }
    return frame;
}

const invalid = (client, what, field) =>
    refused(client, what, 'INVALID_FORMAT', field === undefined ? {} : { field });

/* ---- the form of a frame */

test('what is not a JSON object is malformed, and the connection stays', async () => {
    const ann = await scene.connect('ann');
    for (const text of ['', ' ', 'hello', '{', '[]', 'null', '1', '"x"', '{"type":}', '{"a":1}}',
        '{"type":"ping","data":{}', '['.repeat(5000), '{"data":{"x":1e999}}', '\u0000']) {
        await invalid(ann, text);
    }
    await ann.none();
});

test('a frame says what it is: with a type we know, and an object for data', async () => {
    const ann = await scene.connect('ann');
    for (const type of [undefined, 1, null, {}, [], true]) {
        await invalid(ann, { type, data: {} }, 'type');
    }
    await invalid(ann, { data: {} }, 'type');
    for (const type of ['', 'nonsense', 'room_message2', 'user_connected', 'x'.repeat(500)]) {
        await invalid(ann, { type, data: {} }, 'type');
    }
    await ann.none();
});

test('a field that is missing or of the wrong kind is named', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await ann.ask('room_message', { room, content: 'x' });
    const { id } = said.data;
    const cases = [
        ['join_room', {}, 'room'],
        ['join_room', { room: 7.5 }, 'room'],
        ['join_room', { room: [] }, 'room'],
        ['join_room', { room: '' }, 'room'],
        ['leave_room', {}, 'room'],
        ['room_message', { content: 'x' }, 'room'],
        ['room_message', { room }, 'content'],
        ['room_message', { room, content: 7 }, 'content'],
        ['room_message', { room, content: null }, 'content'],
        ['room_message', { room, content: ['x'] }, 'content'],
        ['room_message', { room, content: '' }, 'content'],
        ['room_message', { room, content: ' \t\n ' }, 'content'],
        ['room_message', { room, content: 'a\u0000b' }, 'content'],
        ['room_message', { room, content: 'x', message_type: 'nonsense' }, 'message_type'],
        ['room_message', { room, content: 'x', message_type: 7 }, 'message_type'],
        ['room_message', { room, content: 'x', message_type: 'system' }, 'message_type'],
        ['room_message', { room, content: 'x', client_id: 'x'.repeat(65) }, 'client_id'],
        ['room_message', { room, content: 'x', client_id: {} }, 'client_id'],
        ['room_message', { room, content: 'x', reply_to: 'x' }, 'reply_to'],
        ['room_message', { room, content: 'x', reply_to: -1 }, 'reply_to'],
        ['direct_message', { content: 'x' }, 'to_user_id'],
        ['direct_message', { to_user_id: 'bob', content: 'x' }, 'to_user_id'],
        ['direct_message', { to_user_id: 1.5, content: 'x' }, 'to_user_id'],
        ['direct_message', { to_user_id: -1, content: 'x' }, 'to_user_id'],
        ['direct_message', { to_user_id: ann.who.id }, 'content'],
        ['room_history', {}, 'room'],
        ['room_history', { room, limit: 'many' }, 'limit'],
        ['room_history', { room, offset: {} }, 'offset'],
        ['room_history', { room, before: 'x' }, 'before'],
        ['dm_history', {}, 'with_user'],
        ['dm_history', { with_user: 'bob' }, 'with_user'],
        ['edit_message', { content: 'x' }, 'message_id'],
        ['edit_message', { message_id: id }, 'content'],
        ['edit_message', { message_id: id, content: '' }, 'content'],
        ['delete_message', {}, 'message_id'],
        ['delete_message', { message_id: {} }, 'message_id'],
        ['resume', { after_seq: 1 }, 'room'],
        ['resume', { room, after_seq: 'x' }, 'after_seq'],
        ['message_batch', {}, 'messages'],
        ['message_batch', { messages: {} }, 'messages'],
        ['auth', {}, 'token'],
        ['auth', { token: 7 }, 'token'],
    ];
    for (const [type, data, field] of cases) {
        await invalid(ann, { type, data }, field);
    }
    const { data } = await ann.ask('room_history', { room });
    assert.equal(data.total, 1);
    await ann.none();
});

/* ---- the document's codes */

test('ROOM_NOT_FOUND names the room', async () => {
    const ann = await scene.connect('ann');
    const room = 'nonexistent_room';
    for (const [type, data] of [
        ['leave_room', { room }],
        ['room_message', { room, content: 'x' }],
        ['room_history', { room }],
        ['resume', { room, after_seq: 0 }],
        ['typing_start', { room }],
        ['typing_stop', { room }],
        ['read', { room, message_id: 1 }],
    ]) {
        const { data: error } = await refused(ann, { type, data }, 'ROOM_NOT_FOUND', { room });
        assert.equal(error.message, 'Room not found');
    }
    await ann.none();
});

test('a message that is not there is not found', async () => {
    const [room, other] = [await scene.room(), await scene.room()];
    const ann = await scene.join('ann', room);
    const elsewhere = await ann.ask('room_message', { room: other, content: 'x' });
    for (const missing of [99999999, elsewhere.data.id]) {
        await refused(ann, { type: 'room_message',
            data: { room, content: 'x', reply_to: missing } }, 'ROOM_NOT_FOUND');
        await refused(ann, { type: 'room_message',
            data: { room, content: '👍', message_type: 'reaction', reply_to: missing } },
        'ROOM_NOT_FOUND');
    }
    for (const type of ['edit_message', 'delete_message']) {
        await refused(ann, { type, data: { message_id: 99999999, content: 'x' } },
            'ROOM_NOT_FOUND');
    }
    const { data } = await ann.ask('room_history', { room });
    assert.equal(data.total, 0);
});

test('USER_NOT_FOUND names the user', async () => {
    const ann = await scene.connect('ann');
    for (const [type, data] of [
        ['direct_message', { to_user_id: 99999999, content: 'x' }],
        ['dm_history', { with_user: 99999999 }],
    ]) {
        await refused(ann, { type, data }, 'USER_NOT_FOUND', { user_id: 99999999 });
    }
});

test('PERMISSION_DENIED for what needs a room one is in', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann');
    const bob = await scene.join('bob', room);
    await refused(ann, { type: 'typing_start', data: { room } }, 'PERMISSION_DENIED');
    await bob.none('user_typing');
});

test('MESSAGE_TOO_LONG counts characters, and says nothing', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await ann.ask('room_message', { room, content: '😀'.repeat(4000) });
    assert.equal(said.type, 'room_message');
    for (const content of ['x'.repeat(4001), '😀'.repeat(4001), 'x'.repeat(60000)]) {
        for (const [type, data] of [
            ['room_message', { room, content }],
            ['direct_message', { to_user_id: ann.who.id, content }],
            ['edit_message', { message_id: said.data.id, content }],
        ]) {
            await refused(ann, { type, data }, 'MESSAGE_TOO_LONG', { field: 'content' });
        }
    }
    for (const query of ['x'.repeat(201), 'x'.repeat(60000)]) {
        await refused(ann, { type: 'search', data: { query } }, 'MESSAGE_TOO_LONG',
            { field: 'query', max: 200 });
    }
    const { data } = await ann.ask('room_history', { room });
    assert.equal(data.total, 1);
    await ann.none();
});

test('errors speak English unless French is asked for', async () => {
    const french = await scene.connect('ann', { query: '?lang=fr' });
    french.send('join_room', { room: 'nonexistent_room' });
    assert.equal((await french.error('ROOM_NOT_FOUND')).data.message, 'Room inexistante.');
    const english = await scene.connect('ann', { query: '?lang=en' });
    english.send('join_room', { room: 'nonexistent_room' });
    assert.equal((await english.error('ROOM_NOT_FOUND')).data.message, 'Room not found');
});

test('answers come in the order of the questions, errors among them', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann');
    ann.send('join_room', { room }, { id: 1 });
    ann.send('nonsense', {}, { id: 2 });
    ann.write('not JSON');
    ann.send('room_message', { room, content: 'x' }, { id: 3 });
    ann.send('room_message', { room, content: '' }, { id: 4 });
    ann.send('ping', {}, { id: 5 });
    ann.send('leave_room', { room }, { id: 6 });
    const seen = [];
    while (seen.length < 7) {
        const { type, id } = await ann.next();
        if (!type.startsWith('user_')) {
            seen.push([type, id]);
        }
    }
    assert.deepEqual(seen, [['join_room_ack', 1], ['error', 2], ['error', undefined],
        ['room_message', 3], ['error', 4], ['pong', 5], ['leave_room_ack', 6]]);
});

test('whatever is sent, an error has one of the codes', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const values = [undefined, null, true, -1, 0, 2 ** 53, 1e300, '', 'x', '0', [], [[]], {}];
    const fields = ['room', 'content', 'to_user_id', 'message_id', 'message_type', 'messages',
        'with_user', 'limit', 'offset', 'before', 'after', 'after_seq', 'reply_to', 'query'];
    const types = ['join_room', 'leave_room', 'room_message', 'direct_message', 'room_history',
        'dm_history', 'message_batch', 'resume', 'typing_start', 'typing_stop', 'read',
        'edit_message', 'delete_message', 'search', 'unread'];
    for (const type of types) {
        for (const [i, field] of fields.entries()) {
            for (const value of values) {
                ann.send(type, { room, content: 'x', [field]: value }, { id: i });
            }
        }
        for (const error of await ann.takeAll('error')) {
            assert.ok(CODES.includes(error.data.code), JSON.stringify(error));
        }
        await ann.takeAll('room_message');
    }
    await ann.settle();
});
