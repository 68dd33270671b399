/* kill -9 at random moments: what was acknowledged is there, once, in its place, and the server is
 * back at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { Chance, LIMIT, OPEN, percentile, runs } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const READY_MS = 2000;

/* One life and death: returns how long the next life took to begin, and to make good. */
async function killOnce(load, chance) {
    const { server } = load;
    await load.connect();
    load.talk();
    await load.hears(1);
    await sleep(chance.between(0, 600));
    await server.kill();
    load.hush();
    await Promise.all(load.clients.map((client) => client.ended));

    const began = performance.now();
    await server.restart();
    const readyMs = performance.now() - began;
    load.healed();
    const backMs = await load.comeBack();
    await load.readAll();
    return { readyMs, backMs };
}

test('kill -9 under load loses nothing that was acknowledged', LIMIT, async (t) => {
    const chance = new Chance(t);
    const server = await Server.start({ set: OPEN });
    const loads = [];
    t.after(() => {
        loads.forEach((load) => load.end());
        return server.remove();
    });
    const ready = [];
    let backMsMax = 0;

    for (let run = 1; run <= runs(20); run++) {
        const load = new Load(server);
        loads.push(load);
        await load.prepare();
        const { readyMs, backMs } = await killOnce(load, chance);
        assert.deepEqual(check(load.recording).map(String), [], `run ${run}`);
        assert.ok(readyMs <= READY_MS, `run ${run}: ready again after ${readyMs} ms`);
        ready.push(readyMs);
        backMsMax = Math.max(backMsMax, backMs);
        t.diagnostic(`run ${run}: ${load.summary}`);
    }
    /* What one life wrote, no later death took away. */
    for (const load of loads) {
        await load.comeBack();
        await load.readAll();
        assert.deepEqual(check(load.recording).map(String), [], load.name);
    }
    t.diagnostic(`ready again after ${Math.round(percentile(ready, 0.5))} ms (median), ` +
        `${Math.round(Math.max(...ready))} ms (longest); everything acknowledged ` +
        `${Math.round(backMsMax)} ms later at most`);
});
