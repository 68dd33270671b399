/* A member who does not read while a thousand messages a second flow: he is shown out, what waits
 * for him is bounded, and the others do not notice.
 *
 * How long a message takes to the others is told and not judged: this process delivers, parses and
 * measures on the same processors. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { LIMIT, metrics, OPEN, percentile, total, until } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const CLOSED_MS = 30_000;
const QUEUED_MAX = 1 << 20;
const SPEAKERS = 4;
const SLOW = [SPEAKERS, SPEAKERS + 1];    // one wakes up when he is shown out, one never does

/* Milliseconds from sending to the others' hearing, of what was heard from `since` to now. */
function delays(load, since) {
    const sent = new Map(load.recording.messages.map((m) => [m.content, m.attempts[0].sentAt]));
    return load.recording.deliveries.slice(since).map((d) => d.at - sent.get(d.content));
}

test('a member who does not read is shown out, and nobody else notices', LIMIT, async (t) => {
    const server = await Server.start({ set: OPEN });
    t.after(() => server.remove());
    const load = new Load(server, {
        clients: SPEAKERS + SLOW.length, rooms: 1, joins: () => true, isDirect: false,
        talks: (i) => i < SPEAKERS, window: 50, pauseMs: 3, bytes: 1500,
    });
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    load.talk();
    await sleep(500);
    let since = load.recording.deliveries.length;
    await sleep(3000);
    const usual = delays(load, since);

    since = load.recording.deliveries.length;
    const [waking, sleeping] = SLOW.map((i) => load.clients[i]);
    waking.socket.pause();
    sleeping.socket.pause();
    const [began, said] = [performance.now(), load.recording.messages.length];
    let queuedMax = 0;
    const shownOut = async () => {
        const found = await metrics(server);
        queuedMax = Math.max(queuedMax, total(found, 'parloir_outbox_bytes'));
        return total(found, 'parloir_slow_readers_dropped_total') === SLOW.length;
    };
    const closedMs = await until(shownOut, CLOSED_MS, 'the end of the slow readers');
    const rate = (load.recording.messages.length - said) * 1000 / (performance.now() - began);
    const meanwhile = delays(load, since);
    t.diagnostic(`shown out after ${Math.round(closedMs)} ms of ${Math.round(rate)} messages a ` +
        `second; ${queuedMax} bytes waited at most`);
    t.diagnostic(`others: p99 ${percentile(usual, 0.99).toFixed(1)} ms before, ` +
        `${percentile(meanwhile, 0.99).toFixed(1)} ms meanwhile, ratio ` +
        `${(percentile(meanwhile, 0.99) / percentile(usual, 0.99)).toFixed(2)}`);
    assert.ok(rate > 300, `only ${rate} messages a second`);

    /* As many bytes as the log says each time, and the gauge never more for both together. */
    const logged = [...server.log.matchAll(/ev=session\.too_slow .*outbox_bytes=(\d+)/g)];
    assert.equal(logged.length, SLOW.length);
    logged.forEach(([line, bytes]) => assert.ok(Number(bytes) <= QUEUED_MAX, line));
    assert.ok(queuedMax > 0, 'the gauge shows what waits');
    assert.ok(queuedMax <= QUEUED_MAX * (SLOW.length + 1), `${queuedMax} bytes waited`);

    /* Who reads again finds out why. Who does not is gone all the same. */
    waking.socket.resume();
    assert.equal(await waking.ended, 4408);
    await until(async () => total(await metrics(server), 'parloir_connections') === SPEAKERS,
        CLOSED_MS, 'only the speakers are left');

    load.hush();
    await load.settled();
    sleeping.terminate();
    await sleeping.ended;
    load.healed();
    await load.comeBack();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
    assert.equal(load.failures.length, 0);
    t.diagnostic(load.summary);
});
