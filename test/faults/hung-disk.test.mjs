/* The disk hangs: a sync takes 0.2 s, 2 s, or does not come back. Connections are served all the
 * while; a writer who waits longer than store.away_ms is refused, and served again when the disk is
 * back.
 *
 * Whether the workers are hindered is asked with WebSocket pings, which need a worker and nothing
 * else. How late a pong may be depends on the machine, so an idle run before tells what is usual;
 * that no ping waits for the disk must hold on any. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Load } from './lib/load.mjs';
import {
    Bewitched, LIMIT, noShims, percentile, readiness, readinessSays, until,
} from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';
import { Pinger } from './lib/pinger.mjs';

const LAG_MS = 20;
const options = { ...LIMIT, skip: noShims };

const shown = (times) => `p50 ${percentile(times, 0.5).toFixed(2)}, ` +
    `p99 ${percentile(times, 0.99).toFixed(2)}, longest ${Math.max(...times).toFixed(2)} ms`;

async function someLoad(t, set) {
    const bewitched = await Bewitched.start(['slow'], { set });
    t.after(() => bewitched.remove());
    const load = new Load(bewitched.server, { pauseMs: 20 });
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    const pinger = await Pinger.start(bewitched.server, load.clients[0].token);
    await sleep(1000);
    const idle = await pinger.stop();
    return { bewitched, load, idle };
}

/* Pings while `work` goes on, and judges the pongs against those of the idle run. */
async function pinged(t, { load, idle }, hangMs, work) {
    const pinger = await Pinger.start(load.server, load.clients[0].token);
    await work();
    const times = await pinger.stop();
    t.diagnostic(`pongs idle: ${shown(idle)}; hanging: ${shown(times)}`);
    assert.ok(Math.max(...times) < hangMs / 2, 'no ping waits for the disk');
    assert.ok(percentile(times, 0.99) <= LAG_MS + percentile(idle, 0.99),
        `p99 ${percentile(times, 0.99)} ms`);
}

async function bringHome(t, load) {
    load.hush();
    await load.settled();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
    t.diagnostic(load.summary);
}

for (const [ms, forMs] of [[200, 2000], [2000, 5000]]) {
    test(`every sync takes ${ms} ms longer`, options, async (t) => {
        const scene = await someLoad(t);
        const { bewitched, load } = scene;
        await pinged(t, scene, ms, async () => {
            bewitched.say(`delay_ms=${ms}`);
            load.talk();
            await sleep(forMs);
            assert.equal((await readiness(load.server)).status, 200);
        });
        assert.equal(load.refusals, 0, 'it is slow, not away');
        const acked = load.recording.messages.filter((m) => m.acks.length > 0);
        assert.ok(acked.length > 0);
        for (const { acks, attempts } of acked) {
            assert.ok(acks[0].at - attempts[0].sentAt >= ms, 'acknowledged before it was synced');
        }
        bewitched.say('delay_ms=0');
        load.healed();
        await bringHome(t, load);
    });
}

test('a sync does not come back for longer than store.away_ms', options, async (t) => {
    const AWAY_MS = 1000;
    const scene = await someLoad(t, { 'store.away_ms': AWAY_MS });
    const { bewitched, load } = scene;
    let acked;
    await pinged(t, scene, AWAY_MS, async () => {
        load.talk();
        await load.hears(50);
        bewitched.say('delay_ms=30000');
        const refusedMs = await until(() => load.refusals > 0, AWAY_MS + 2000, 'a refusal');
        t.diagnostic(`refused after ${Math.round(refusedMs)} ms`);
        assert.ok(refusedMs > AWAY_MS / 2, 'not at once');
        acked = load.recording.messages.filter((m) => m.acks.length > 0).length;
        assert.match((await readinessSays(load.server, 503)).reason, /does not answer/);
        await sleep(1500);
        assert.equal(load.recording.messages.filter((m) => m.acks.length > 0).length, acked,
            'nothing is acknowledged while the disk hangs');
    });
    const stuck = load.clients.find((client) => client.hasWaiting);
    assert.ok(stuck, 'somebody waits');

    bewitched.say('delay_ms=0');
    load.healed();
    const backMs = await until(() =>
        load.recording.messages.filter((m) => m.acks.length > 0).length > acked, 2000, 'acks');
    t.diagnostic(`acknowledging again after ${Math.round(backMs)} ms`);
    await readinessSays(load.server, 200);
    await bringHome(t, load);
});

/* The end in order waits for the disk, but not for ever. */
test('a server whose disk hangs ends all the same', options, async (t) => {
    const bewitched = await Bewitched.start(['slow'], { set: { 'server.drain_ms': 500 } });
    const { server } = bewitched;
    t.after(() => bewitched.remove());
    const load = new Load(server);
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    load.talk();
    await load.hears(50);
    bewitched.say('delay_ms=600000');
    await sleep(100);
    load.hush();
    load.isStopping = true;
    const began = performance.now();
    const how = await server.stop();
    t.diagnostic(`over after ${Math.round(performance.now() - began)} ms: ${JSON.stringify(how)}`);
    await Promise.all(load.clients.map((client) => client.ended));
    assert.notDeepEqual(how, { code: 0, signal: null }, 'it was not in order');

    load.isStopping = false;
    bewitched.say('');
    await server.restart();
    load.healed();
    await load.comeBack();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
});
