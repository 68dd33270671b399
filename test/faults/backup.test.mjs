/* A copy made while everybody talks holds what was acknowledged before it was asked for, and is a
 * database that a server can be started on. */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import { LIMIT, OPEN } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

/* Replaces what a server has by the copy. */
async function restore(server, copy) {
    await server.kill();
    readdirSync(server.dir).filter((name) => name.startsWith('parloir.db'))
        .forEach((name) => rmSync(join(server.dir, name)));
    copyFileSync(copy, join(server.dir, 'parloir.db'));
    await server.restart();
}

/* What was known at a moment: acknowledgements and deliveries, and everything that had been said,
 * for the copy may hold more than was acknowledged. */
const asOf = (recording, moment) => ({
    ...recording,
    messages: recording.messages.map((m) =>
        ({ ...m, acks: m.acks.filter((ack) => ack.at < moment) })),
    deliveries: recording.deliveries.filter((d) => d.at < moment),
});

test('a copy made under load holds what was acknowledged before', LIMIT, async (t) => {
    const [server, other] = [await Server.start({ set: OPEN }), await Server.start({ set: OPEN })];
    t.after(() => Promise.all([server.remove(), other.remove()]));
    const load = new Load(server);
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    load.talk();
    await load.hears(2000);

    const copy = join(server.dir, 'copy.db');
    const asked = performance.now();
    const acked = load.recording.messages.filter((m) => m.acks.length > 0).length;
    await server.cli('backup', copy);
    const tookMs = performance.now() - asked;
    await load.hears(500);
    load.hush();
    await load.settled();

    load.clients.forEach((client) => client.terminate());
    await Promise.all(load.clients.map((client) => client.ended));
    await restore(other, copy);
    load.server = other;
    await load.connect();
    await load.readAll();
    assert.deepEqual(check(asOf(load.recording, asked)).map(String), []);
    assert.equal(await other.cli('check'), 'No damage was found.');
    t.diagnostic(`${acked} acknowledged before; the copy took ${Math.round(tookMs)} ms`);
});
