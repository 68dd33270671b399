/* Out of descriptors: who does not fit in is turned away at once, who is in is served on, nobody
 * spins, and a place that becomes free is taken within a second. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { cpuSeconds, LIMIT, OPEN, until } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const FILES = 256;
const CROWD = 400;
const REFUSED_MS = 5000;    // for all of them, of which this process has its share
const FREE_MS = 1000;

test(`with ${FILES} descriptors for a crowd of ${CROWD}`, LIMIT, async (t) => {
    const server = await Server.start({
        set: OPEN, through: ['prlimit', `--nofile=${FILES}:${FILES}`],
    });
    t.after(() => server.remove());
    const load = new Load(server, { clients: CROWD, rooms: 1, joins: () => true, pauseMs: 1000 });
    t.after(() => load.end());
    await load.prepare();

    const refusedMs = [];
    await Promise.all(load.clients.map(async (client) => {
        const began = performance.now();
        await client.connect().catch(() => refusedMs.push(performance.now() - began));
    }));
    const inside = () => load.clients.filter((client) => client.isOpen);
    const served = inside().length;
    t.diagnostic(`${served} were let in, ${refusedMs.length} refused, the last after ` +
        `${Math.round(Math.max(...refusedMs))} ms`);
    assert.equal(served + refusedMs.length, CROWD);
    assert.ok(served >= FILES / 2 && served < FILES, `${served} were let in`);
    assert.ok(Math.max(...refusedMs) <= REFUSED_MS, 'who is refused knows at once');
    assert.match(server.log, /lvl=warn ev=listener\.refused why="?Too many open files/);

    /* Those inside talk on while others go on knocking. */
    const outside = load.clients.filter((client) => !client.isOpen).slice(0, 20);
    let isKnocking = true;
    const knocks = outside.map(async (client) => {
        while (isKnocking) {
            await client.connect().catch(() => {});
            await sleep(20);
        }
    });
    const cpuBefore = cpuSeconds(server.pid);
    await sleep(2000);
    const cpu = cpuSeconds(server.pid) - cpuBefore;
    t.diagnostic(`${cpu.toFixed(2)} s of CPU time in 2 s of knocking`);
    assert.ok(cpu < 1, 'it does not spin');
    await inside()[0].ask({ type: 'ping' });
    assert.match(await server.cli('status'), /state: ready/, 'the operator gets in');
    isKnocking = false;
    await Promise.all(knocks);

    inside().slice(-50).forEach((client) => client.terminate());
    const freeMs = await until(async () => {
        await outside[0].connect().catch(() => {});
        return outside[0].isOpen;
    }, FREE_MS, 'a free place');
    t.diagnostic(`a free place was to be had after ${Math.round(freeMs)} ms`);
    await Promise.all(outside.slice(1).map((client) => client.connectAgain()));

    load.talk();
    await load.hears(2 * inside().length);
    load.hush();
    await load.settled();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
    t.diagnostic(load.summary);
    load.end();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

test('it takes as many descriptors as the system lets it have', LIMIT, async (t) => {
    const server = await Server.start({ set: OPEN, through: ['prlimit', '--nofile=64:512'] });
    t.after(() => server.remove());
    const limits = readFileSync(`/proc/${server.pid}/limits`, 'utf8');
    assert.match(limits, /Max open files +512 +512/);
});
