/* Everybody is cut off at once and comes back at once, joins, and catches up through the history:
 * nobody is refused, nobody waits long, nothing is missing. Once because the network failed, once
 * because the server was killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { LIMIT, limitOfFiles, OPEN } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const BACK_MS = 10_000;
const PER_ROOM = 100;

test('a herd comes back', LIMIT, async (t) => {
    const clients = Math.min(5000, Math.floor((limitOfFiles() - 200) / PER_ROOM) * PER_ROOM);
    const rooms = clients / PER_ROOM;
    const server = await Server.start({ set: OPEN });
    t.after(() => server.remove());
    const load = new Load(server, {
        clients, rooms, joins: (i, r) => i % rooms === r, talks: (i) => i < rooms,
        isDirect: false, window: 1, pauseMs: 500, page: 50,
    });
    t.after(() => load.end());
    await load.prepare();
    await load.connect(200);
    load.talk();
    await load.hears(clients);

    const comeBack = async (why) => {
        const backMs = await load.comeBack({ atOnce: clients });
        t.diagnostic(`${clients} back after ${Math.round(backMs)} ms: ${why}`);
        assert.ok(backMs <= BACK_MS, `${backMs} ms`);
        assert.deepEqual(load.failures, [], 'nobody was refused');
        await load.hears(clients);
    };

    load.clients.slice(rooms).forEach((client) => client.terminate());
    await Promise.all(load.clients.slice(rooms).map((client) => client.ended));
    await comeBack('all connections were cut');

    await server.kill();
    await Promise.all(load.clients.map((client) => client.ended));
    await server.restart();
    await comeBack('the server was killed');

    load.hush();
    await load.settled();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
    t.diagnostic(load.summary);
});
