/* Connections that behave badly as such: they never speak, never listen, break off in the middle,
 * come by the thousand. Nothing of them stays, and two bystanders notice nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Bystander } from './lib/bystander.mjs';
import { HubClient, person } from './lib/hub.mjs';
import {
    CLOSE, closing, descriptors, frame, metric, metricIs, PING, Raw, request, rssBytes, TEXT,
    upgradeRequest,
} from './lib/raw.mjs';
import { Server } from './lib/server.mjs';

const BYSTANDERS = 2;
const US = 1;    // whoever asks for the metric
const SLOW = Number(process.env.PARLOIR_SLOW || 1);

/* Runs a test with a server and two bystanders of its own; afterwards nobody else is connected. */
async function attack(options, run) {
    const server = await Server.start({
        ...options, set: { 'limits.profile': 'open', 'server.workers': 2, ...options.set },
    });
    try {
        const bystander = await Bystander.start(server);
        await run(server, bystander);
        await bystander.calm();
        await metricIs(server, 'parloir_sessions', BYSTANDERS + US);
        await metricIs(server, 'parloir_connections', BYSTANDERS);
        await bystander.stop();
    } finally {
        await server.remove();
    }
}

/* Runs `count` jobs, `width` at a time. */
async function crowd(count, width, job) {
    let next = 0;
    await Promise.all(Array.from({ length: width }, async () => {
        while (next < count) {
            next += 1;
            await job(next);
        }
    }));
}

/* ---- breaking off */

test('an upgrade broken off leaves nothing', () => attack({}, async (server, bystander) => {
    const who = person('eve');
    const length = upgradeRequest(who).length;
    await crowd(300, 10, async (i) => {
        const raw = await Raw.open(server.http);
        const bytes = upgradeRequest(who);
        const cut = i % 3 === 0 ? bytes.length : (i * 37) % length;
        raw.write(bytes.slice(0, cut));
        if (i % 2 === 0) {
            await new Promise((resolve) => setImmediate(resolve));
        }
        raw[['reset', 'leave', 'finish'][i % 5 % 3]]();
        if (i % 5 % 3 === 2) {
            await raw.ended().catch(() => {});
        }
    });
    await bystander.calm();
    const back = await HubClient.connect(server.http, who);    // none of these holds a place
    await back.close();
}));

test('thousands that come and go in every way leave nothing', () =>
    attack({ set: { 'limits.connections_per_user': 0 } }, async (server, bystander) => {
        const who = person('churn');
        const partings = [
            (raw) => raw.write(frame(CLOSE, closing(1000))),
            (raw) => raw.reset(),
            (raw) => raw.leave(),
            (raw) => raw.finish(),
            (raw) => raw.write(frame(TEXT, 'x'.repeat(3000)).subarray(0, 1000)) ?? raw.reset(),
            (raw) => raw.write(frame(TEXT, '{}', { masked: false })),
            (raw) => raw.write(frame(TEXT, '{"type":"join","room":"square"}')) ?? raw.leave(),
            (raw) => raw.write(Buffer.concat(Array(100).fill(frame(PING, 'x')))) ?? raw.reset(),
        ];
        const come = async (i) => {
            const raw = await Raw.upgrade(server.http, who, { deflate: i % 2 === 0 });
            partings[i % partings.length](raw);
            await raw.ended();
        };
        await crowd(1000, 20, come);
        await metricIs(server, 'parloir_sessions', BYSTANDERS + US);
        const [rss, fds] = [await rssBytes(server.pid), await descriptors(server.pid)];
        await crowd(4000, 20, come);
        await bystander.calm();
        await metricIs(server, 'parloir_sessions', BYSTANDERS + US);
        assert.ok(await descriptors(server.pid) <= fds + 2, 'no descriptor stays');
        const grown = await rssBytes(server.pid) - rss;
        assert.ok(grown < 4 << 20, `${grown} bytes more than before`);
    }));

test('plain requests by the thousand leave nothing', () => attack({}, async (server, bystander) => {
    const knock = async (i) => {
        const raw = await Raw.open(server.http);
        raw.write(request(i % 2 ? '/healthz' : '/nowhere', { headers: ['Connection: close'] }));
        assert.equal((await raw.response()).status, i % 2 ? 200 : 404);
        await raw.ended();
    };
    await crowd(1000, 20, knock);
    const rss = await rssBytes(server.pid);
    await crowd(3000, 20, knock);
    await bystander.calm();
    const grown = await rssBytes(server.pid) - rss;
    assert.ok(grown < 4 << 20, `${grown} bytes more than before`);
}));

/* ---- silence */

test('half-open and silent connections are over after hello_ms', () =>
    attack({ set: { 'limits.hello_ms': 1000 } }, async (server, bystander) => {
        const starts = ['', 'G', 'GET / HT', '\r\n', '\r\n\r\n\r\n',
            'GET / HTTP/1.1\r\nHost: a\r\n',
            upgradeRequest(person('half')).slice(0, -2),
                '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'];
        const raws = [];
        for (const start of starts) {
            const raw = await Raw.open(server.http);
            raw.write(Buffer.from(start, 'latin1'));
            raws.push(raw);
        }
        await bystander.calm();
        await Promise.all(raws.map((raw) => raw.ended()));
    }));

/* ---- not listening */

/* Fills a room with long messages until the server has lost patience with somebody. */
async function shoutUntilDropped(server, speaker, room, count) {
    const content = '😀'.repeat(4000);
    const before = await metric(server, 'parloir_slow_readers_dropped_total');
    let said = 0;
    while (await metric(server, 'parloir_slow_readers_dropped_total') < before + count) {
        for (let i = 0; i < 20; i++) {
            said += 1;
            const answer = await speaker.ask({ type: 'message', room, content });
            assert.equal(answer.type, 'message');
        }
        assert.ok(said < 5000, 'nobody was dropped');
    }
    return said;
}

test('a member who never reads is closed with 4408, the others hear everything', () =>
    attack({ set: { 'limits.outbox_bytes': '256KiB' } }, async (server, bystander) => {
        await server.cli('room', 'add', 'loud');
        const speaker = await HubClient.connect(server.http, person('speaker'));
        const listener = await HubClient.connect(server.http, person('listener'));
        const asleep = await Raw.upgrade(server.http, person('asleep'));
        const dead = await Raw.upgrade(server.http, person('dead'));
        for (const one of [speaker, listener, asleep, dead]) {
            assert.equal((await one.ask({ type: 'join', room: 'loud' })).type, 'join_ack');
        }
        const rss = await rssBytes(server.pid);
        asleep.stopReading();
        dead.stopReading();
        const said = await shoutUntilDropped(server, speaker, 'loud', 2);
        assert.ok(await rssBytes(server.pid) - rss < 64 << 20);
        asleep.readOn();
        for (let seq = 1; ; seq++) {    // what it still gets has no hole
            const { opcode, code, json } = await asleep.frame();
            if (opcode === CLOSE) {
                assert.equal(code, 4408);
                break;
            }
            assert.equal(json.data.seq, seq);
        }
        for (let seq = 1; seq <= said; seq++) {
            await listener.expect({ type: 'message', data: { seq } });
        }
        await bystander.calm();
        await metricIs(server, 'parloir_sessions', BYSTANDERS + US + 2);    // also the dead one
        assert.match(server.log, /ev=session\.too_slow/);
        await speaker.close();
        await listener.close();
        asleep.leave();
        dead.leave();
    }));

test('who asks and never reads is held up', () => attack({}, async (server, bystander) => {
    const raws = await Promise.all(Array.from({ length: 10 }, () => Raw.open(server.http)));
    const rss = await rssBytes(server.pid);
    for (const raw of raws) {
        raw.stopReading();
        raw.write(request('/metrics').repeat(5000));
    }
    await bystander.calm();
    const before = await metric(server, 'parloir_http_requests_total');
    await bystander.calm();
    const grown = await rssBytes(server.pid) - rss;
    assert.ok(grown < 64 << 20, `${grown} bytes more than before`);
    assert.ok(before > 0);
    raws.forEach((raw) => raw.reset());
}));

/* ---- too many at once */

test('an address over its limit does not use up what others need', () =>
    attack({
        set: { 'limits.connections_per_address': 10 }, through: ['prlimit', '--nofile=100:100'],
    }, async (server, bystander) => {
        const from = '127.0.0.20';
        const raws = [];
        for (let i = 0; i < 300; i++) {    // who do not leave although they are refused
            raws.push(await Raw.open(server.http, { from }).catch(() => null));
        }
        const began = performance.now();
        for (let i = 0; i < 20; i++) {
            const other = await Raw.open(server.http, { from: '127.0.0.21' });
            other.write(request('/healthz', { headers: ['Connection: close'] }));
            assert.equal((await other.response()).status, 200);
            await other.ended();
        }
        const took = performance.now() - began;
        assert.ok(took < 500 * SLOW, `twenty requests took ${took} ms`);
        await bystander.calm();
        raws.forEach((raw) => raw?.leave());
    }));

test('out of descriptors newcomers are turned away, and it passes', () =>
    attack({
        set: { 'limits.connections_per_address': 0 }, through: ['prlimit', '--nofile=100:100'],
    }, async (server, bystander) => {
        const raws = [];
        for (let i = 0; i < 150; i++) {
            raws.push(await Raw.open(server.http).catch(() => null));
        }
        await bystander.calm();
        raws.forEach((raw) => raw?.leave());
        const back = async () => {
            for (;;) {
                const raw = await Raw.open(server.http);
                raw.write(request('/healthz'));
                const answer = await raw.response().catch(() => null);
                raw.leave();
                if (answer?.status === 200) {
                    return;
                }
            }
        };
        const began = performance.now();
        await back();
        assert.ok(performance.now() - began < 3000 * SLOW);
    }));
