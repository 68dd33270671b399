/* What a message can be beside text: an image, a recording, a file, a reaction, an answer to
 * another; its fields are told to everybody and given back in history. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';

let scene;

before(async () => {
    scene = await Scene.start();
});
after(() => scene?.remove());

const only = (object, keys) => Object.fromEntries(keys.map((key) => [key, object[key]]));

async function say(client, data) {
    const frame = await client.ask('room_message', data);
    assert.equal(frame.type, 'room_message', JSON.stringify(frame));
    return frame.data;
}

const react = (client, room, target, content, more = {}) => client.ask('room_message',
    { room, message_type: 'reaction', content, reply_to: target.id, ...more });

/* ---- media */

test('the fields of a message with media are told and kept', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const kinds = [
        { message_type: 'image', content: 'Regardez cette photo !',
            media_url: 'https://example.org/photo123.jpg', media_type: 'image/jpeg' },
        { message_type: 'audio', content: 'Message vocal',
            media_url: 'https://example.org/voice123.mp3', duration: 15.5 },
        { message_type: 'audio', content: 'with a type', duration: 3,
            media_url: 'https://example.org/v.ogg?x=1#t', media_type: 'audio/ogg' },
        { message_type: 'file', content: 'le contrat',
            media_url: 'https://example.org/contrat.pdf', media_type: 'application/pdf' },
        { message_type: 'image', content: '', media_url: 'https://example.org/wordless.png' },
    ];
    for (const kind of kinds) {
        await say(ann, { room, ...kind });
        const { data } = await bob.take('room_message');
        assert.deepEqual(only(data, Object.keys(kind)), kind);
    }
    const { data } = await bob.ask('room_history', { room });
    for (const [i, kind] of kinds.entries()) {
        assert.deepEqual(only(data.messages[i], Object.keys(kind)), kind);
    }
    const plain = await say(ann, { room, content: 'text' });
    for (const key of ['media_url', 'media_type', 'duration', 'reply_to']) {
        assert.equal(key in plain, false, key);
    }
});

test('a direct message may have media, too', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const kind = { message_type: 'audio', content: 'écoute', duration: 0.5,
        media_url: 'https://example.org/v.mp3' };
    ann.send('direct_message', { to_user_id: bob.who.id, ...kind });
    const { data } = await bob.take('direct_message');
    assert.deepEqual(only(data, Object.keys(kind)), kind);
    const history = await bob.ask('dm_history', { with_user: ann.who.id });
    assert.deepEqual(only(history.data.messages[0], Object.keys(kind)), kind);
});

test('media needs an address, and one of ours or https', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bad = [undefined, '', 7, 'photo.jpg', 'http://example.org/x.jpg', 'ftp://example.org/x',
        'javascript:alert(1)', 'data:image/png;base64,AA==', '//example.org/x.jpg', 'https://',
        'https:///x', '/uploads/', '/uploads/../parloir.db', '/uploads/images/../../x',
        '/uploads/images/%2e%2e/x', '/etc/passwd', 'https://example.org/a b',
        'https://example.org/"onload="', 'https://example.org/<script>', 'JAVASCRIPT:x',
        'https://example.org/\u0000', `https://example.org/${'x'.repeat(2048)}`, ' https://x.y/z'];
    for (const type of ['image', 'audio', 'file']) {
        for (const url of bad) {
            ann.send('room_message', { room, content: 'x', message_type: type, media_url: url });
            const { data } = await ann.error('INVALID_FORMAT', { field: 'media_url' });
            assert.ok(data.message.length > 5, url);
        }
    }
    const { data } = await ann.ask('room_history', { room });
    assert.equal(data.total, 0);
});

test('an upload that is not there cannot be shown', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    ann.send('room_message', { room, content: 'x', message_type: 'image',
        media_url: '/uploads/images/photo123.jpg', media_type: 'image/jpeg' });
    await ann.error('INVALID_FORMAT', { field: 'media_url' });
    const said = await say(ann, { room, content: 'the first' });
    assert.equal(said.seq, 1);    // no number was spent
});

test('what belongs to another type is refused, and so is what cannot be', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const media = { media_url: 'https://example.org/x' };
    const cases = [
        [{ content: 'x', ...media }, 'media_url'],
        [{ message_type: 'image', content: 'x', ...media, media_type: 'not a type' }, 'media_type'],
        [{ message_type: 'image', content: 'x', ...media, media_type: 'a/b\r\nX: y' },
            'media_type'],
        [{ message_type: 'audio', content: 'x', ...media, duration: -1 }, 'duration'],
        [{ message_type: 'audio', content: 'x', ...media, duration: 'long' }, 'duration'],
        [{ message_type: 'audio', content: 'x', ...media, duration: 1e9 }, 'duration'],
    ];
    for (const [data, field] of cases) {
        ann.send('room_message', { room, ...data });
        await ann.error('INVALID_FORMAT', { field });
    }
});

/* ---- replies */

test('a reply names the message it answers', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const question = await say(ann, { room, content: 'who?' });
    const answer = await say(bob, { room, content: 'me', reply_to: question.id });
    assert.equal(answer.reply_to, question.id);
    await ann.take('room_message', { data: { id: answer.id, reply_to: question.id } });
    const { data } = await ann.ask('room_history', { room });
    assert.equal(data.messages[1].reply_to, question.id);
});

test('a direct message can be answered, but not from a room', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.connect('bob');
    const { data: question } = await ann.ask('direct_message',
        { to_user_id: bob.who.id, content: 'who?' });
    bob.send('direct_message', { to_user_id: ann.who.id, content: 'me', reply_to: question.id });
    await bob.take('direct_message', { data: { content: 'who?' } });
    await bob.take('direct_message', { data: { content: 'me', reply_to: question.id } });
    ann.send('room_message', { room, content: 'out of the bag', reply_to: question.id });
    await ann.error('ROOM_NOT_FOUND');
});

test('what is deleted cannot be answered', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, { room, content: 'gone' });
    await ann.ask('delete_message', { message_id: said.id });
    ann.send('room_message', { room, content: 'what?', reply_to: said.id });
    await ann.error('ROOM_NOT_FOUND');
    ann.send('room_message',
        { room, content: '👍', message_type: 'reaction', reply_to: said.id });
    await ann.error('ROOM_NOT_FOUND');
});

/* ---- reactions */

test('a reaction is told, kept and counted; the same again takes it back', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const said = await say(ann, { room, content: 'bonjour' });
    await bob.take('room_message');

    const reaction = (await react(bob, room, said, '👍')).data;
    assert.deepEqual(only(reaction, ['message_type', 'content', 'reply_to', 'user_id', 'seq']),
        { message_type: 'reaction', content: '👍', reply_to: said.id, user_id: bob.who.id,
            seq: said.seq + 1 });
    await ann.take('room_message', { data: { id: reaction.id, message_type: 'reaction' } });
    const before = await ann.ask('room_history', { room });
    const [message] = before.data.messages;
    assert.deepEqual(message.reactions, [{ content: '👍', count: 1, mine: false }]);
    assert.deepEqual(only(before.data.messages[1], ['id', 'message_type', 'content', 'reply_to']),
        { id: reaction.id, message_type: 'reaction', content: '👍', reply_to: said.id });
    const theirs = await bob.ask('room_history', { room });
    assert.deepEqual(theirs.data.messages[0].reactions, [{ content: '👍', count: 1, mine: true }]);

    bob.send('room_message', { room, content: '👍', message_type: 'reaction', reply_to: said.id });
    for (const client of [ann, bob]) {
        await client.take('message_deleted',
            { data: { id: reaction.id, room, message_type: 'reaction', reply_to: said.id } });
        await client.none('error', 'room_message');
    }
    const after = await ann.ask('room_history', { room });
    assert.deepEqual(after.data.messages.map((m) => m.id), [said.id]);
    assert.ok(!(after.data.messages[0].reactions?.length > 0));
    assert.notEqual((await react(bob, room, said, '👍')).data.id, reaction.id);    // and again
});

test('everybody has reactions of their own, in the order of the first', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const said = await say(ann, { room, content: 'x' });
    for (const [who, emoji] of [[bob, '🎉'], [ann, '👍'], [ann, '🎉'], [bob, '❤️']]) {
        assert.equal((await react(who, room, said, emoji)).type, 'room_message');
    }
    const { data } = await ann.ask('room_history', { room });
    assert.deepEqual(data.messages[0].reactions, [
        { content: '🎉', count: 2, mine: true },
        { content: '👍', count: 1, mine: true },
        { content: '❤️', count: 1, mine: false },
    ]);
    bob.send('room_message', { room, content: '🎉', message_type: 'reaction', reply_to: said.id });
    await ann.take('message_deleted');
    const less = await ann.ask('room_history', { room });
    assert.deepEqual(less.data.messages[0].reactions.find((r) => r.content === '🎉'),
        { content: '🎉', count: 1, mine: true });
});

test('a reaction is one emoji under one message', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, { room, content: 'x' });
    for (const content of ['ok', '', ' ', '👍👍', '👍 ', '1', 'é', '🇫🇷🇩🇪', ':)', '<b>']) {
        ann.send('room_message',
            { room, content, message_type: 'reaction', reply_to: said.id });
        await ann.error('INVALID_FORMAT', { field: 'content' });
    }
    ann.send('room_message', { room, content: '👍', message_type: 'reaction' });
    await ann.error('INVALID_FORMAT', { field: 'reply_to' });
    for (const content of ['👍', '❤️', '👩‍👩‍👧‍👦', '👋🏽', '🇫🇷', '1️⃣']) {
        assert.equal((await react(ann, room, said, content)).data.content, content);
    }
});

test('a reaction under a direct message is seen by both people alone', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const carol = await scene.connect('carol');
    const { data: said } = await ann.ask('direct_message',
        { to_user_id: bob.who.id, content: 'hello' });
    bob.send('direct_message', { to_user_id: ann.who.id, content: '👍', message_type: 'reaction',
        reply_to: said.id });
    await bob.take('direct_message', { data: { id: said.id } });
    for (const client of [ann, bob]) {
        await client.take('direct_message',
            { data: { message_type: 'reaction', content: '👍', reply_to: said.id } });
    }
    carol.send('direct_message', { to_user_id: ann.who.id, content: '👍',
        message_type: 'reaction', reply_to: said.id });
    await carol.error('ROOM_NOT_FOUND');
    await ann.none();
    const { data } = await ann.ask('dm_history', { with_user: bob.who.id });
    assert.deepEqual(data.messages[0].reactions, [{ content: '👍', count: 1, mine: false }]);
});

test('a reaction can be deleted like any message, and not edited', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, { room, content: 'x' });
    const { data: reaction } = await react(ann, room, said, '👍');
    ann.send('edit_message', { message_id: reaction.id, content: '🎉' });
    await ann.error('PERMISSION_DENIED');
    await ann.ask('delete_message', { message_id: reaction.id });
    const { data } = await ann.ask('room_history', { room });
    assert.deepEqual(data.messages.map((m) => m.id), [said.id]);
    assert.equal((await react(ann, room, said, '👍')).type, 'room_message');
});

test('a reaction cannot stand under a reaction', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, { room, content: 'x' });
    const { data: reaction } = await react(ann, room, said, '👍');
    ann.send('room_message',
        { room, content: '🎉', message_type: 'reaction', reply_to: reaction.id });
    await ann.error('ROOM_NOT_FOUND');
});

test('many who change their mind at once end where they began', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const again = await scene.join(ann.who, room);
    const said = await say(ann, { room, content: 'x' });
    for (let i = 0; i < 20; i++) {
        (i % 2 === 0 ? ann : again).send('room_message',
            { room, content: '👍', message_type: 'reaction', reply_to: said.id });
    }
    await ann.settle();
    await again.settle();
    const { data } = await ann.ask('room_history', { room });
    assert.ok(!(data.messages[0].reactions?.length > 0));
    assert.equal(data.total, 1);
    await ann.none('error');
});
