/* Coming back to a room where one left it: what was missed, then what is said now, without a hole
 * and without a repeat, however busy the room is meanwhile. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';

let scene;

before(async () => {
    scene = await Scene.start();
});
after(() => scene?.remove());

async function say(client, room, ...texts) {
    const said = [];
    for (const content of texts) {
        said.push((await client.ask('room_message', { room, content })).data);
    }
    return said;
}

/* Somebody who says numbers without a pause, until told to stop; how many that were. */
function chatter(client, room) {
    let isOver = false;
    let count = 0;
    const talking = (async () => {
        while (!isOver) {
            count += 1;
            await client.ask('room_message', { room, content: `${count}` });
        }
    })();
    return {
        /* Once at least so many have been said. */
        async reached(n) {
            while (count < n) {
                await Promise.race([client.settle(), talking]);
            }
        },
        async stop() {
            isOver = true;
            await talking;
            return count;
        },
    };
}

/* The seqs somebody hears of a room, up to the last one. */
async function seqsUpTo(client, last) {
    const seqs = [];
    while (seqs.at(-1) !== last) {
        seqs.push((await client.take('room_message')).data.seq);
        assert.ok(seqs.length <= last, `more than there can be: ${seqs}`);
    }
    return seqs;
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('what was missed comes first, then its end is told, then what is new', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const [first] = await say(ann, room, 'heard');
    await bob.take('room_message');
    await bob.vanish();
    const missed = await say(ann, room, 'missed 1', 'missed 2');

    const back = await scene.connect(bob.who);
    back.send('resume', { room, after_seq: first.seq }, { id: 'r' });
    for (const { id, seq, content } of missed) {
        const { data } = await back.take('room_message', { data: { id, seq, content, room } });
        assert.equal(data.user_id, ann.who.id);
        assert.equal(data.username, ann.who.username);
        assert.equal(data.created_at, missed.find((m) => m.id === id).created_at);
    }
    const end = await back.take('resumed');
    assert.equal(end.id, 'r');
    assert.equal(end.data.room, room);
    assert.equal(end.data.last_seq, missed[1].seq);
    assert.equal(end.data.recovered, true);
    await say(ann, room, 'live');
    await back.take('room_message', { data: { content: 'live', seq: missed[1].seq + 1 } });
    await back.none('room_message', 'error');
});

test('who missed nothing is told so, and is in the room', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const [said] = await say(ann, room, 'heard');
    const bob = await scene.connect('bob');
    const end = await bob.ask('resume', { room, after_seq: said.seq });
    assert.deepEqual([end.type, end.data.last_seq, end.data.recovered],
        ['resumed', said.seq, true]);
    await ann.take('user_connected', { data: { user_id: bob.who.id, room } });
    await bob.none('room_message');
    await say(ann, room, 'live');
    await bob.take('room_message', { data: { content: 'live' } });
});

test('after_seq 0 is the whole of a room, however much that is', async () => {
    const COUNT = 450;    // more than one answer of the store holds
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    for (let i = 0; i < COUNT; i++) {
        ann.send('room_message', { room, content: `${i}` });
    }
    await ann.settle();
    const bob = await scene.connect('bob');
    bob.send('resume', { room, after_seq: 0 });
    assert.deepEqual(await seqsUpTo(bob, COUNT), range(1, COUNT));
    await bob.take('resumed', { data: { room, last_seq: COUNT, recovered: true } });
    await bob.none('room_message');
});

test('edits and deletions are missed, too', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const [kept, edited, erased] = await say(ann, room, 'kept', 'helo', 'oops');
    const bob = await scene.join('bob', room);
    await bob.vanish();
    for (const [type, data] of [
        ['edit_message', { message_id: edited.id, content: 'hello' }],
        ['delete_message', { message_id: erased.id }],
    ]) {
        await ann.ask(type, data);
    }
    const back = await scene.connect(bob.who);
    back.send('resume', { room, after_seq: erased.seq });
    await back.take('message_updated', { data: { id: edited.id, content: 'hello', room } });
    await back.take('message_deleted', { data: { id: erased.id, room } });
    await back.take('resumed');
    await back.none('room_message', 'message_updated', 'message_deleted');
    assert.ok(kept.seq < edited.seq);
});

test('what was said and deleted meanwhile leaves no hole unexplained', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const [first] = await say(ann, room, 'first');
    const [gone] = await say(ann, room, 'gone');
    await ann.ask('delete_message', { message_id: gone.id });
    const [last] = await say(ann, room, 'last');
    const bob = await scene.connect('bob');
    await bob.ask('resume', { room, after_seq: first.seq });
    await bob.take('room_message', { data: { seq: last.seq, content: 'last' } });
    const frames = await bob.rest('room_message', 'message_deleted');
    assert.ok(frames.every((f) => f.type === 'message_deleted' && f.data.id === gone.id));
    assert.ok(!JSON.stringify(frames).includes('"gone"'));
});

test('a room that never pauses is resumed without a hole or a repeat', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const talk = chatter(ann, room);
    const lost = [];
    for (let i = 1; i <= 5; i++) {    // they come back at different moments
        await talk.reached(i * 40);
        const bob = await scene.connect(`bob${i}`);
        const after = i * 7;
        bob.send('resume', { room, after_seq: after });
        lost.push({ bob, after });
        if (i % 2 === 0) {
            await bob.take('resumed', { data: { recovered: true } });
        }
    }
    await talk.reached(300);
    const last = await talk.stop();
    for (const { bob, after } of lost) {
        assert.deepEqual(await seqsUpTo(bob, last), range(after + 1, last));
        await bob.none('room_message', 'error');
    }
});

test('one who comes and goes hears every message once, taken together', async () => {
    const room = await scene.room();
    const ann = await scene.hub('ann', room);
    const talk = chatter({
        ask: (_, data) => ann.ask({ type: 'message', ...data }),
        settle: () => ann.ask({ type: 'ping' }),
    }, room);
    const who = (await scene.connect('bob')).who;
    const seqs = [];
    for (let i = 1; i <= 6; i++) {
        const bob = await scene.connect(who);
        bob.send('resume', { room, after_seq: seqs.at(-1) ?? 0 });
        await talk.reached(i * 50);
        const until = (seqs.at(-1) ?? 0) + 20;
        while ((seqs.at(-1) ?? 0) < until) {
            seqs.push((await bob.take('room_message')).data.seq);
        }
        await (i % 2 === 0 ? bob.close() : bob.vanish());
    }
    const last = await talk.stop();
    const bob = await scene.connect(who);
    bob.send('resume', { room, after_seq: seqs.at(-1) });
    if (seqs.at(-1) < last) {
        seqs.push(...await seqsUpTo(bob, last));
    }
    assert.deepEqual(seqs, range(1, last));
});

test('each room is resumed by itself', async () => {
    const [one, two] = [await scene.room(), await scene.room()];
    const ann = await scene.join('ann', one, two);
    await say(ann, one, 'one 1', 'one 2');
    await say(ann, two, 'two 1', 'two 2', 'two 3');
    const bob = await scene.connect('bob');
    bob.send('resume', { room: one, after_seq: 1 }, { id: 1 });
    bob.send('resume', { room: two, after_seq: 2 }, { id: 2 });
    const seen = [await bob.take('room_message'), await bob.take('room_message')];
    assert.deepEqual(seen.map((f) => f.data.content).sort(), ['one 2', 'two 3']);
    const ends = [await bob.take('resumed'), await bob.take('resumed')];
    assert.deepEqual(ends.map((f) => [f.id, f.data.room]).sort(), [[1, one], [2, two]]);
});

test('a number the room has not reached is not believed', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    await say(ann, room, 'one');
    const bob = await scene.connect('bob');
    const end = await bob.ask('resume', { room, after_seq: 1000 });
    assert.deepEqual([end.type, end.data.recovered, end.data.last_seq], ['resumed', false, 1]);
    await say(ann, room, 'two');
    await bob.take('room_message', { data: { content: 'two', seq: 2 } });
});

test('what was missed is there after the server has restarted', () =>
    Scene.with({}, async (own) => {
        const room = await own.room();
        const ann = await own.join('ann', room);
        const bob = await own.join('bob', room);
        const [heard] = await say(ann, room, 'heard');
        await bob.vanish();
        await say(ann, room, 'missed');
        await own.server.stop();
        await own.server.restart();
        const back = await own.connect(bob.who);
        back.send('resume', { room, after_seq: heard.seq });
        await back.take('room_message', { data: { content: 'missed', seq: heard.seq + 1 } });
        await back.take('resumed', { data: { recovered: true } });
    }));
