/* What was said before, in the envelope: pages by offset and by cursor, search, and what of it is
 * unread. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RFC3339, Scene } from './lib/envelope.mjs';

let scene;

before(async () => {
    scene = await Scene.start();
});
after(() => scene?.remove());

/* Says texts in a room, one after the other; the messages. */
async function say(client, room, ...texts) {
    const said = [];
    for (const content of texts) {
        said.push((await client.ask('room_message', { room, content })).data);
    }
    return said;
}

const numbers = (n) => Array.from({ length: n }, (_, i) => `n ${i + 1}`);
const contents = (frame) => frame.data.messages.map((m) => m.content);
const ids = (frame) => frame.data.messages.map((m) => m.id);

/* ---- pages */

test('a history is exactly as documented', async () => {
    const room = await scene.room();
    const alice = await scene.join('alice', room);
    const bob = await scene.join('bob', room);
    const [first] = await say(alice, room, 'Message plus ancien');
    const [second] = await say(bob, room, 'Réponse au message');
    alice.send('room_history', { room, limit: 50, offset: 0 });
    const { data } = await alice.take('message_history');
    assert.deepEqual([data.room, data.total, data.has_more], [room, 2, false]);
    const documented = data.messages.map(({ id, user_id: by, username, content, message_type: type,
        created_at: at }) => {
        assert.match(at, RFC3339);
        return { id, by, username, content, type, at };
    });
    assert.deepEqual(documented, [
        { id: first.id, by: alice.who.id, username: alice.who.username,
            content: 'Message plus ancien', type: 'text', at: first.created_at },
        { id: second.id, by: bob.who.id, username: bob.who.username,
            content: 'Réponse au message', type: 'text', at: second.created_at },
    ]);
    assert.deepEqual(data.messages.map((m) => m.seq), [1, 2]);
});

test('a room in which nothing was said has an empty history', async () => {
    const room = await scene.room();
    const ann = await scene.connect('ann');
    const { data } = await ann.ask('room_history', { room });
    assert.deepEqual([data.messages, data.total, data.has_more], [[], 0, false]);
});

test('limit and offset count back from the newest', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const all = numbers(60);
    await say(ann, room, ...all);
    const bob = await scene.connect('bob');    // has not joined: a public room can be read
    const page = (data) => bob.ask('room_history', { room, ...data });
    const cases = [
        [{}, all.slice(10), true],
        [{ limit: 3 }, all.slice(57), true],
        [{ limit: 3, offset: 3 }, all.slice(54, 57), true],
        [{ limit: 50, offset: 10 }, all.slice(0, 50), false],
        [{ limit: 50, offset: 9 }, all.slice(1, 51), true],
        [{ limit: 50, offset: 59 }, all.slice(0, 1), false],
        [{ limit: 50, offset: 60 }, [], false],
        [{ limit: 50, offset: 1_000_000 }, [], false],
        [{ limit: 1000 }, all, false],
        [{ limit: 0 }, all.slice(59), true],
    ];
    for (const [data, wanted, more] of cases) {
        const answer = await page(data);
        assert.deepEqual(contents(answer), wanted, JSON.stringify(data));
        assert.equal(answer.data.total, 60);
        assert.equal(answer.data.has_more, more, JSON.stringify(data));
    }
});

test('deleted messages are not counted by offset nor total', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, room, ...numbers(10));
    for (const i of [1, 4, 8, 9]) {
        ann.send('delete_message', { message_id: said[i].id });
        await ann.take('message_deleted');
    }
    const page = (data) => ann.ask('room_history', { room, ...data });
    const left = ['n 1', 'n 3', 'n 4', 'n 6', 'n 7', 'n 8'];
    const whole = await page({});
    assert.deepEqual([contents(whole), whole.data.total], [left, 6]);
    assert.deepEqual(contents(await page({ limit: 2 })), left.slice(4));
    assert.deepEqual(contents(await page({ limit: 2, offset: 2 })), left.slice(2, 4));
    assert.deepEqual(contents(await page({ limit: 2, offset: 5 })), left.slice(0, 1));
});

test('before and after a message stay exact while messages arrive', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, room, ...numbers(10));
    const page = (data) => ann.ask('room_history', { room, ...data });

    let older = await page({ limit: 4 });
    const read = [...contents(older)];
    while (older.data.has_more) {
        await say(ann, room, 'meanwhile');
        older = await page({ limit: 4, before: ids(older)[0] });
        read.unshift(...contents(older));
    }
    assert.deepEqual(read, numbers(10));

    let newer = await page({ limit: 4, after: said[2].id });
    assert.deepEqual(contents(newer), ['n 4', 'n 5', 'n 6', 'n 7']);
    const later = [...contents(newer)];
    while (newer.data.has_more) {
        newer = await page({ limit: 4, after: ids(newer).at(-1) });
        later.push(...contents(newer));
    }
    assert.deepEqual(later, [...numbers(10).slice(3), 'meanwhile', 'meanwhile']);
    const end = await page({ after: ids(newer).at(-1) });
    assert.deepEqual([contents(end), end.data.has_more], [[], false]);
    assert.deepEqual(contents(await page({ before: said[0].id })), []);
});

test('a conversation remembers both sides, for these two only', async () => {
    const alice = await scene.connect('alice');
    const bob = await scene.connect('bob');
    const carol = await scene.connect('carol');
    const write = async (from, to, content) =>
        (await from.ask('direct_message', { to_user_id: to.who.id, content })).data;
    const said = [await write(alice, bob, 'un'), await write(bob, alice, 'deux'),
        await write(alice, bob, 'trois')];
    await write(carol, bob, 'something else');

    const mine = await alice.ask('dm_history', { with_user: bob.who.id, limit: 50, offset: 0 });
    assert.equal(mine.type, 'message_history');
    assert.equal(mine.data.with_user, bob.who.id);
    assert.deepEqual([contents(mine), mine.data.total, mine.data.has_more],
        [['un', 'deux', 'trois'], 3, false]);
    assert.deepEqual(mine.data.messages.map((m) => [m.user_id, m.username]),
        [alice, bob, alice].map(({ who }) => [who.id, who.username]));
    const theirs = await bob.ask('dm_history', { with: alice.who.id });
    assert.deepEqual(ids(theirs), said.map((m) => m.id));
    assert.equal(theirs.data.with_user, alice.who.id);
    const middle = await bob.ask('dm_history', { with_user: alice.who.id, limit: 1, offset: 1 });
    assert.deepEqual([contents(middle), middle.data.has_more], [['deux'], true]);
    const cut = await bob.ask('dm_history', { with_user: alice.who.id, before: said[1].id });
    assert.deepEqual(contents(cut), ['un']);
    const none = await carol.ask('dm_history', { with_user: alice.who.id });
    assert.deepEqual([contents(none), none.data.total], [[], 0]);
});

test('a history of the longest messages comes in parts, and none is lost', async () => {
    const COUNT = 40;
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, room, ...Array(COUNT).fill('😀'.repeat(4000)));
    const read = [];
    let part = { data: { has_more: true } };
    while (part.data.has_more) {
        part = await ann.ask('room_history', { room, limit: 200, before: read[0] });
        assert.notEqual(part.data.messages.length, 0);
        read.unshift(...ids(part));
    }
    assert.deepEqual(read, said.map((m) => m.id));
    const forward = [];
    part = { data: { has_more: true } };
    while (part.data.has_more) {
        part = await ann.ask('room_history', { room, limit: 200, after: forward.at(-1) ?? 1 });
        assert.notEqual(part.data.messages.length, 0);
        forward.push(...ids(part));
    }
    assert.deepEqual(forward.filter((id) => id >= said[0].id), said.map((m) => m.id));
});

/* ---- search */

test('search folds accents and case, and finds whole words', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const [summer, , winter] = await say(ann, room, 'Été à Évian', 'rien ici', 'cet hiver, Ski');
    const found = async (query) => ids(await ann.ask('search', { query, room }));
    for (const query of ['ete', 'été', 'ETE', 'Evian', 'ÉVIAN', 'ete evian']) {
        assert.deepEqual(await found(query), [summer.id], query);
    }
    assert.deepEqual(await found('SKI'), [winter.id]);
    assert.deepEqual(await found('nothing of that'), []);
    const frame = await ann.ask('search', { query: 'ete', room });
    assert.equal(frame.type, 'search_results');
    assert.equal(frame.data.query, 'ete');
    assert.equal(frame.data.has_more, false);
    const [hit] = frame.data.messages;
    assert.deepEqual([hit.room, hit.user_id, hit.username, hit.content, hit.seq],
        [room, ann.who.id, ann.who.username, 'Été à Évian', summer.seq]);
});

test('search finds a word in scripts without spaces', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const [japanese, chinese, korean] = await say(ann, room, '東京都に住んでいます',
        '我昨天去了北京大学', '안녕하세요 여러분');
    const found = async (query) => ids(await ann.ask('search', { query, room }));
    assert.deepEqual(await found('東京'), [japanese.id]);
    assert.deepEqual(await found('北京'), [chinese.id]);
    assert.deepEqual(await found('大学'), [chinese.id]);
    assert.deepEqual(await found('안녕'), [korean.id]);
});

test('what looks like a query language is text to look for', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const [said] = await say(ann, room, 'the "quoted" AND (bracketed) NOT near*');
    for (const query of ['"quoted"', 'AND', '(bracketed)', 'NOT near', '"', '*', 'a:b', "'", '^x',
        'x OR', '-', 'NEAR(', '%', 'quoted"; DROP TABLE messages']) {
        const answer = await ann.ask('search', { query, room });
        assert.equal(answer.type, 'search_results', query);
    }
    assert.deepEqual(ids(await ann.ask('search', { query: '"quoted" and', room })), [said.id]);
});

test('search goes through what one may read, and nothing else', async () => {
    const word = 'xylophone';
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.connect('bob');
    const carol = await scene.connect('carol');
    const [open] = await say(ann, room, `a ${word} in public`);
    const secret = (await ann.ask('direct_message',
        { to_user_id: bob.who.id, content: `a ${word} for you` })).data;
    const found = async (who, more) => ids(await who.ask('search', { query: word, ...more }));
    assert.deepEqual(await found(ann), [secret.id, open.id]);    // the newest first
    assert.deepEqual(await found(bob), [secret.id, open.id]);
    assert.deepEqual(await found(carol), [open.id]);
    assert.deepEqual(await found(bob, { room }), [open.id]);
    assert.deepEqual(await found(bob, { with_user: ann.who.id }), [secret.id]);
    assert.deepEqual(await found(carol, { with_user: ann.who.id }), []);
    const hidden = await scene.room('--private');
    carol.send('search', { query: word, room: hidden });
    await carol.error('ROOM_NOT_FOUND', { room: hidden });
});

test('search follows edits and deletions, and comes in pages', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const said = await say(ann, room, ...Array.from({ length: 5 }, (_, i) => `needle ${i}`));
    const search = (more) => ann.ask('search', { query: 'needle', room, ...more });
    const newest = said.map((m) => m.id).reverse();
    const first = await search({ limit: 2 });
    assert.deepEqual([ids(first), first.data.has_more], [newest.slice(0, 2), true]);
    const rest = await search({ limit: 10, before: newest[1] });
    assert.deepEqual([ids(rest), rest.data.has_more], [newest.slice(2), false]);

    ann.send('edit_message', { message_id: newest[0], content: 'found no more' });
    await ann.take('message_updated');
    ann.send('delete_message', { message_id: newest[1] });
    await ann.take('message_deleted');
    assert.deepEqual(ids(await search()), newest.slice(2));
    assert.deepEqual(ids(await ann.ask('search', { query: 'no more', room })), [newest[0]]);
});

test('a search needs something to look for', async () => {
    const ann = await scene.connect('ann');
    for (const data of [{}, { query: '' }, { query: '  ' }, { query: 7 }]) {
        ann.send('search', data);
        await ann.error('INVALID_FORMAT', { field: 'query' });
    }
    ann.send('search', { query: 'x'.repeat(201) });
    await ann.error('MESSAGE_TOO_LONG', { field: 'query' });
});

/* ---- unread */

/* The row of a room, or of a conversation, in what somebody has not read. */
async function unread(client, pick) {
    const frame = await client.ask('unread');
    assert.equal(frame.type, 'unread');
    return frame.data.rooms.find((row) =>
        (pick.room ? row.room === pick.room : row.with_user === pick.with_user));
}

test('what was read is counted from there, on all connections and for good', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.join('bob', room);
    const again = await scene.connect(bob.who);
    const said = await say(ann, room, ...numbers(5));
    const counts = async (client) => {
        const row = await unread(client, { room });
        return [row.unread, row.read_seq, row.last_seq];
    };
    await bob.ask('read', { room, message_id: said[1].id });
    assert.deepEqual(await counts(bob), [3, 2, 5]);
    assert.deepEqual(await counts(again), [3, 2, 5]);
    await say(bob, room, 'my own');
    assert.deepEqual(await counts(bob), [3, 2, 6]);    // one's own are not unread
    await bob.ask('read', { room, message_id: said[0].id });
    assert.deepEqual(await counts(bob), [3, 2, 6]);    // a mark moves forward only
    await bob.ask('read', { room });
    assert.deepEqual(await counts(again), [0, 6, 6]);
});

test('a call by name is unread until it is read', async () => {
    const room = await scene.room();
    const ann = await scene.join('ann', room);
    const bob = await scene.connect('bob');
    await say(ann, room, 'first', `@${bob.who.username}?`);
    const row = await unread(bob, { room });
    assert.deepEqual([row.unread, row.mentions], [2, 1]);
    await bob.ask('read', { room });
    const after = await unread(bob, { room });
    assert.deepEqual([after.unread, after.mentions], [0, 0]);
});

test('a conversation is unread for the one who did not write', async () => {
    const ann = await scene.connect('ann');
    const bob = await scene.connect('bob');
    const write = () => ann.ask('direct_message', { to_user_id: bob.who.id, content: 'hello' });
    await write();
    await write();
    assert.equal((await unread(bob, { with_user: ann.who.id })).unread, 2);
    assert.ok(!((await unread(ann, { with_user: bob.who.id }))?.unread > 0));
    await bob.ask('read', { with_user: ann.who.id });
    assert.equal((await unread(bob, { with_user: ann.who.id })).unread, 0);
});
