/* The oracle must be able to find fault: a true recording is doctored, one lie at a time, and each
 * must be noticed for what it is. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { LIMIT, OPEN } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

let server;
let load;

/* A real one, with a fault in the middle, and talk before and after it. */
before(async () => {
    server = await Server.start({ set: OPEN });
    load = new Load(server, { clients: 6 });
    await load.prepare();
    await load.connect();
    load.talk();
    await load.hears(300);
    await server.kill();
    load.hush();
    await Promise.all(load.clients.map((client) => client.ended));
    await server.restart();
    load.healed();
    await load.comeBack();
    load.talk();
    await load.hears(300);
    load.hush();
    await load.settled();
    await load.readAll();
}, LIMIT);
after(() => {
    load?.end();
    return server?.remove();
});

const isAcked = (message) => message.acks.length > 0;

/* A room's message in the middle of what was said there, with where it stands in the history. */
function middle(recording) {
    const history = recording.histories.find((h) => h.isWhole && h.place[0] === '#');
    const at = Math.floor(history.rows.length / 2);
    const row = history.rows[at];
    const message = recording.messages.find((m) => m.content === row.content);
    return { history, at, row, message };
}

/* A stretch of one connection's live stream of a place, from what nobody read a history over. */
function stream(recording) {
    const first = recording.deliveries.findIndex((d) => !d.isAnswer &&
        !recording.histories.some((h) => h.conn === d.conn && h.place === d.place));
    const { conn, place } = recording.deliveries[first];
    const indices = [...recording.deliveries.keys()].filter((i) =>
        recording.deliveries[i].conn === conn && recording.deliveries[i].place === place);
    return { indices, at: Math.floor(indices.length / 2) };
}

/* Two messages of one person in one place, one after the other. */
function pair(recording) {
    const [first] = recording.messages;
    return recording.messages.filter((m) => m.user === first.user && m.place === first.place);
}

const lies = {
    'an acknowledged message is lost at the end': ['I1', (r) => {
        const { history } = middle(r);
        const { content } = history.rows.pop();
        r.deliveries = r.deliveries.filter((d) => d.content !== content);
    }],
    'a message that somebody saw is lost': ['I1', (r) => {
        const { history } = middle(r);
        const { content } = history.rows.pop();
        r.messages.find((m) => m.content === content).acks = [];
    }],
    'a message is stored twice': ['I1', (r) => {
        const { history, row } = middle(r);
        const { id, seq } = history.rows.at(-1);
        history.rows.push({ ...row, id: id + 1, seq: seq + 1 });
    }],
    'a delivery comes twice': ['I2', (r) => {
        const { indices, at } = stream(r);
        r.deliveries.push(r.deliveries[indices[at]]);
    }],
    'an answer comes twice': ['I2', (r) => {
        r.deliveries.push(r.deliveries.findLast((d) => d.isAnswer));
    }],
    'two deliveries are swapped': ['I3', (r) => {
        const { indices, at } = stream(r);
        const [a, b] = [indices[at - 1], indices[at]];
        [r.deliveries[a], r.deliveries[b]] = [r.deliveries[b], r.deliveries[a]];
    }],
    'a seq is another message for somebody': ['I3', (r) => {
        const { indices, at } = stream(r);
        const [a, b] = [r.deliveries[indices[at - 1]], r.deliveries[indices[at]]];
        [a.content, b.content, a.from, b.from] = [b.content, a.content, b.from, a.from];
    }],
    'a history stands in another order': ['I3', (r) => {
        const { history, at } = middle(r);
        [history.rows[at], history.rows[at - 1]] = [history.rows[at - 1], history.rows[at]];
    }],
    'a delivery is missing': ['I4', (r) => {
        const { indices, at } = stream(r);
        r.deliveries.splice(indices[at], 1);
    }],
    'a row of the history is missing': ['I4', (r) => {
        const { history, at } = middle(r);
        history.rows.splice(at, 1);
    }],
    'the beginning of the history is missing': ['I4', (r) => {
        middle(r).history.rows.shift();
    }],
    'something is missing between history and live': ['I4', (r) => {
        const whole = new Set(r.histories.filter((h) => h.isWhole).map((h) => h.conn + h.place));
        const page = r.histories.find((h) => !h.isWhole && !whole.has(h.conn + h.place) &&
            h.rows.length > 0 &&
            r.deliveries.some((d) => d.conn === h.conn && d.place === h.place &&
                d.seq > h.rows.at(-1).seq + 1));
        const next = page.rows.at(-1).seq + 1;
        const isNext = (d) => d.conn === page.conn && d.place === page.place && d.seq === next;
        r.deliveries = r.deliveries.filter((d) => !isNext(d));
    }],
    'something arrives that nobody sent': ['I5', (r) => {
        const { indices, at } = stream(r);
        r.deliveries[indices[at]].content = 'what is this?';
    }],
    'something is said in another name': ['I5', (r) => {
        const { row } = middle(r);
        row.from += 1;
    }],
    'something arrives in another room': ['I5', (r) => {
        const d = r.deliveries.at(-1);
        d.place = Object.keys(r.members).find((place) => place !== d.place);
    }],
    'something refused is stored': ['I5', (r) => {
        const { message } = middle(r);
        message.acks = [];
        message.attempts.forEach((attempt) => { attempt.isRefused = true; });
    }],
    'an acknowledgement has a wrong id': ['I6', (r) => {
        r.messages.find(isAcked).acks[0].id += 1;
    }],
    'an acknowledgement has a wrong seq': ['I6', (r) => {
        r.messages.find(isAcked).acks[0].seq += 1;
    }],
    "one person's messages are stored in another order": ['I7', (r) => {
        const [a, b] = pair(r);
        [a.attempts, b.attempts] = [b.attempts, a.attempts];
    }],
    'a message reaches somebody who is not in the room': ['I8', (r) => {
        const { place } = r.deliveries[0];
        const stranger = load.clients.find((c) => !r.members[place].includes(c.id));
        r.deliveries.push({ ...r.deliveries[0], user: stranger.id, conn: 999999 });
    }],
    'a direct message reaches a third': ['I8', (r) => {
        const d = r.deliveries.find(({ place }) => place[0] !== '#');
        const third = load.clients.find((c) => !r.members[d.place].includes(c.id));
        r.deliveries.push({ ...d, user: third.id, conn: 999999 });
    }],
    'a third can read a conversation': ['I8', (r) => {
        const history = r.histories.find(({ place }) => place[0] !== '#');
        const third = load.clients.find((c) => !r.members[history.place].includes(c.id));
        r.histories.push({ ...history, user: third.id, conn: 999999 });
    }],
    'an acknowledgement comes too late': ['I10', (r) => {
        r.messages.at(-1).acks[0].at += 5001;
    }],
    'an acknowledgement never comes': ['I10', (r) => {
        r.messages.at(-1).acks = [];
    }],
    'a frame comes that nobody expected': ['X', (r) => {
        r.problems.push('a frame');
    }],
    'nobody looked': ['X', (r) => {
        r.histories = [];
    }],
};

test('a true recording is believed', () => {
    assert.deepEqual(check(load.recording).map(String), []);
    assert.ok(load.recording.messages.length > 50);
});

for (const [lie, [rule, doctor]] of Object.entries(lies)) {
    test(`it is noticed when ${lie}`, () => {
        const recording = structuredClone(load.recording);
        doctor(recording);
        const found = check(recording);
        assert.ok(found.some((finding) => finding.rule === rule),
            `wanted ${rule}, found ${JSON.stringify(found.map(String))}`);
    });
}
