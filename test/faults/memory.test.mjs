/* A crowd that does not read: what waits for all of them together is bounded, whatever each one may
 * have, and those who read hear everything. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { LIMIT, metrics, OPEN, total, until } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const MIB = 1 << 20;
const SPEAKERS = 4;
const SLEEPERS = 40;
const SHOWN_OUT_MS = 30_000;
const FREE_MS = 1000;

const residentBytes = (server) =>
    1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

/* Lets the sleepers sleep until all are shown out. The most that waited, and the growth. */
async function crowd(t, backlog) {
    const server = await Server.start({ set: { ...OPEN, 'limits.backlog_bytes': backlog } });
    t.after(() => server.remove());
    const load = new Load(server, {
        clients: SPEAKERS + SLEEPERS, rooms: 1, joins: () => true, isDirect: false,
        talks: (i) => i < SPEAKERS, window: 20, pauseMs: 5, bytes: 3900,
    });
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    load.talk();
    await load.hears(20 * (SPEAKERS + SLEEPERS));

    const sleepers = load.clients.slice(SPEAKERS);
    sleepers.forEach((client) => client.socket.pause());
    const before = residentBytes(server);
    let waited = 0, grown = 0;
    const ms = await until(async () => {
        const found = await metrics(server);
        waited = Math.max(waited, total(found, 'parloir_outbox_bytes'));
        grown = Math.max(grown, residentBytes(server) - before);
        return total(found, 'parloir_slow_readers_dropped_total') === SLEEPERS;
    }, SHOWN_OUT_MS, 'the end of the sleepers');
    t.diagnostic(`${backlog}: ${(waited / MIB).toFixed(1)} MiB waited at most, ` +
        `${(grown / MIB).toFixed(1)} MiB more were used, all shown out after ${Math.round(ms)} ms`);
    return { server, load, sleepers, waited, grown };
}

test('a crowd that does not read shares one bound', LIMIT, async (t) => {
    const { server, load, sleepers, waited, grown } = await crowd(t, '4MiB');
    assert.ok(waited > MIB, 'something waited');
    assert.ok(waited <= 6 * MIB, `${waited} bytes waited`);    // and what is on its way to speakers
    assert.ok(grown <= 16 * MIB, `${grown} bytes more`);

    sleepers.forEach((client) => client.terminate());
    await Promise.all(sleepers.map((client) => client.ended));
    load.hush();
    await load.settled();
    await until(async () => total(await metrics(server), 'parloir_outbox_bytes') === 0, FREE_MS,
        'nothing waits any more');
    load.healed();
    await load.comeBack();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
    t.diagnostic(load.summary);
});

test('without that bound each would have had its own', LIMIT, async (t) => {
    const { waited } = await crowd(t, '1GiB');
    assert.ok(waited > SLEEPERS / 2 * MIB, `only ${waited} bytes waited: the test above is blind`);
});
