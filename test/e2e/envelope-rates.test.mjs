/* How much a user may say through the envelope: ten messages in a minute and a hundred in an hour,
 * unless the operator has other ideas. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Scene } from './lib/envelope.mjs';
import { until } from './lib/inbox.mjs';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DOCUMENTED = { set: { 'limits.profile': 'documented' } };

const say = (client, room, content = 'x') => client.ask('room_message', { room, content });

/* Says as much as it may, at most `most`; how much that was. */
async function sayAll(client, room, most) {
    for (let n = 0; n < most; n++) {
        const answer = await say(client, room);
        if (answer.type === 'error') {
            assert.equal(answer.data.code, 'RATE_LIMITED');
            return n;
        }
    }
    return most;
}

function assertLimited({ type, data }, { above = 0, upTo = MINUTE_MS } = {}) {
    assert.equal(type, 'error');
    assert.equal(data.code, 'RATE_LIMITED');
    const { retry_after_ms: wait } = data.details;
    assert.ok(wait > above && wait <= upTo, `${wait}`);
}

test('the eleventh message of a minute is refused, and says when to come back', () =>
    Scene.with(DOCUMENTED, async (scene) => {
        const room = await scene.room();
        const ann = await scene.join('ann', room);
        const bob = await scene.join('bob', room);
        const began = performance.now();
        for (let i = 1; i <= 10; i++) {
            assert.equal((await say(ann, room, `${i}`)).type, 'room_message');
        }
        const spent = performance.now() - began;
        const answer = await say(ann, room, '11');
        assertLimited(answer, { above: MINUTE_MS - spent - 5000 });
        assert.match(answer.data.message, /10/);    // it names the limit
        for (let i = 1; i <= 10; i++) {
            await bob.take('room_message', { data: { content: `${i}` } });
        }
        await bob.none('room_message');
        assert.equal((await say(bob, room)).type, 'room_message');    // a user's, not a room's
        assertLimited(await say(ann, room));
    }));

test('the limit is a user\'s, whatever connection, room or message it is', () =>
    Scene.with(DOCUMENTED, async (scene) => {
        const [here, there] = [await scene.room(), await scene.room()];
        const ann = await scene.join('ann', here);
        const again = await scene.join(ann.who, here, there);
        const bob = await scene.connect('bob');
        const first = await say(ann, here);
        const { id } = first.data;
        await say(again, there);
        const direct = { to_user_id: bob.who.id, content: 'x' };
        assert.equal((await ann.ask('direct_message', direct)).type, 'direct_message');
        assert.notEqual((await ann.ask('edit_message', { message_id: id, content: 'y' })).type,
            'error');
        const reaction = { room: here, message_type: 'reaction', content: '👍', reply_to: id };
        assert.notEqual((await ann.ask('room_message', reaction)).type, 'error');
        assert.equal(await sayAll(again, there, 10), 5);
        assertLimited(await say(ann, here));
        assertLimited(await ann.ask('direct_message', direct));
        assertLimited(await ann.ask('edit_message', { message_id: id, content: 'z' }));
        assertLimited(await ann.ask('room_message', reaction));
    }));

test('what creates nothing does not count, nor does what is refused', () =>
    Scene.with(DOCUMENTED, async (scene) => {
        const room = await scene.room();
        const ann = await scene.join('ann', room);
        for (let i = 0; i < 15; i++) {
            await ann.ask('join_room', { room });
            await ann.ask('room_history', { room });
            await ann.ask('search', { query: 'x' });
            await ann.ask('unread');
            await ann.ask('ping');
            await ann.ask('nonsense');
            await say(ann, 'nonexistent_room');
            await say(ann, room, '');
            ann.send('typing_start', { room });
        }
        assert.equal(await sayAll(ann, room, 20), 10);
        for (let i = 0; i < 5; i++) {
            assert.equal((await ann.ask('ping')).type, 'pong');
            assert.equal((await ann.ask('room_history', { room })).type, 'message_history');
        }
    }));

test('coming back does not begin a new minute', () => Scene.with(DOCUMENTED, async (scene) => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    assert.equal(await sayAll(ann, room, 7), 7);
    await ann.close();
    const back = await scene.join(ann.who, room);
    assert.equal(await sayAll(back, room, 10), 3);
    await back.vanish();
    assertLimited(await say(await scene.connect(ann.who), room));
}));

test('what one says through the hub makes the envelope no laxer', () =>
    Scene.with(DOCUMENTED, async (scene) => {
        const room = await scene.room();
        const ann = await scene.join('ann', room);
        const hub = await scene.hub(ann.who, room);
        const sayHub = () => hub.ask({ type: 'message', room, content: 'x' });
        const before = await sayAll(ann, room, 5);
        for (let i = 0; i < 5; i++) {
            assert.equal((await sayHub()).type, 'message');
        }
        assert.ok(before + await sayAll(ann, room, 20) <= 10);
        assert.equal((await sayHub()).type, 'message');    // the hub has a limit of its own
        assertLimited(await say(ann, room));
    }));

test('each message of a batch counts', () => Scene.with(DOCUMENTED, async (scene) => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const part = { type: 'room_message', data: { room, content: 'x' } };
    const { data } = await ann.ask('message_batch', { messages: Array(12).fill(part) });
    assert.equal(data.messages.length, 12);
    for (const [i, answer] of data.messages.entries()) {
        if (i < 10) {
            assert.notEqual(answer.type, 'error');
        } else {
            assertLimited(answer);
        }
    }
    assert.equal((await bob.takeAll('room_message')).length, 10);
}));

test('an hour has its own limit', () => Scene.with({ set: {
    ...DOCUMENTED.set, 'limits.envelope.per_minute': 0, 'limits.envelope.per_hour': 12,
} }, async (scene) => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    assert.equal(await sayAll(ann, room, 20), 12);
    const answer = await say(ann, room);
    assertLimited(answer, { above: HOUR_MS - 5 * MINUTE_MS, upTo: HOUR_MS });
    assert.match(answer.data.message, /12/);
}));

test('a message is free again when the window has moved on', () => Scene.with({ set: {
    ...DOCUMENTED.set, 'limits.envelope.per_minute': 1000, 'limits.envelope.per_hour': 0,
    'limits.envelope.burst': 2,    // in any second: the shortest window there is
} }, async (scene) => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const accepted = () => until(async () => (await say(ann, room)).type === 'room_message',
        () => 'the end of the limit');
    const began = performance.now();
    for (let i = 0; i < 5; i++) {
        await accepted();
    }
    assert.ok(performance.now() - began >= 1990, 'five of two a second take two seconds');
}));

test('the profiles open and chat change it', async () => {
    for (const [profile, most] of [['open', 70], ['chat', 20]]) {
        await Scene.with({ set: { 'limits.profile': profile } }, async (scene) => {
            const room = await scene.room();
            const ann = await scene.join('ann', room);
            const parts = Array(70).fill({ type: 'room_message', data: { room, content: 'x' } });
            const { data } = await ann.ask('message_batch', { messages: parts });
            const accepted = data.messages.filter((answer) => answer.type !== 'error');
            assert.equal(accepted.length, most, profile);
        });
    }
});

test('SIGHUP takes up another limit, also for those who are connected', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'parloir-rates-'));
    const file = join(dir, 'parloir.conf');
    const limit = (n) => writeFile(file,
        `[limits]\nprofile = documented\nenvelope.per_minute = ${n}\n`);
    await limit(3);
    const scene = await Scene.start({ bare: true, args: ['--config', file] });
    try {
        const reload = async () => {
            const from = scene.server.log.length;
            process.kill(scene.server.pid, 'SIGHUP');
            await until(() => /ev=config\.reloaded/.test(scene.server.log.slice(from)),
                () => 'the reload');
        };
        const room = await scene.room();
        const ann = await scene.join('ann', room);
        assert.equal(await sayAll(ann, room, 10), 3);
        await limit(5);
        await reload();
        assert.equal(await sayAll(ann, room, 10), 2);
        await limit(1);
        await reload();
        assertLimited(await say(ann, room));
        await limit(0);
        await reload();
        assert.equal(await sayAll(ann, room, 10), 10);
    } finally {
        await scene.remove();
        await rm(dir, { recursive: true, force: true });
    }
});
