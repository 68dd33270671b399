/* SIGTERM under load: nothing is lost, nothing doubled, everybody is told 1012, and it is over in
 * time. What was not acknowledged is said again to the next server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { Chance, LIMIT, OPEN, runs } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const ENDED_MS = 10_000;

test('SIGTERM under load loses nothing and doubles nothing', LIMIT, async (t) => {
    const chance = new Chance(t);
    const server = await Server.start({ set: OPEN });
    t.after(() => server.remove());
    let longest = 0;
    for (let run = 1; run <= runs(10); run++) {
        const load = new Load(server);
        t.after(() => load.end());
        await load.prepare();
        await load.connect();
        load.talk();
        await load.hears(1);
        await sleep(chance.between(0, 500));

        load.isStopping = true;
        const began = performance.now();
        const how = await server.stop();
        const tookMs = performance.now() - began;
        longest = Math.max(longest, tookMs);
        load.hush();
        const codes = await Promise.all(load.clients.map((client) => client.ended));
        assert.deepEqual(how, { code: 0, signal: null }, server.log);
        assert.ok(tookMs <= ENDED_MS, `it took ${tookMs} ms`);
        assert.deepEqual(codes, codes.map(() => 1012));

        load.isStopping = false;
        await server.restart();
        load.healed();
        await load.comeBack();
        await load.readAll();
        assert.deepEqual(check(load.recording).map(String), [], `run ${run}`);
        t.diagnostic(`run ${run}: over after ${Math.round(tookMs)} ms; ${load.summary}`);
        load.end();
    }
    t.diagnostic(`over after ${Math.round(longest)} ms at most`);
});

/* Whoever does not say goodbye does not keep the others waiting. */
test('a client that does not answer delays the end no longer than allowed', LIMIT, async (t) => {
    const server = await Server.start({ set: OPEN });
    t.after(() => server.remove());
    const load = new Load(server, { clients: 2 });
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    load.clients[0].socket.pause();
    const began = performance.now();
    const how = await server.stop();
    const tookMs = performance.now() - began;
    assert.deepEqual(how, { code: 0, signal: null }, server.log);
    assert.ok(tookMs <= ENDED_MS, `it took ${tookMs} ms`);
    assert.equal(await load.clients[1].ended, 1012);
    t.diagnostic(`over after ${Math.round(tookMs)} ms`);
});
