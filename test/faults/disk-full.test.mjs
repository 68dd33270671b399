/* The disk is full: nothing is acknowledged that is not stored, who wants to write is told so at
 * once, reading goes on, and writing comes back by itself when there is room again. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { Server } from '../e2e/lib/server.mjs';
import { Load } from './lib/load.mjs';
import {
    Bewitched, Chance, fillDisk, LIMIT, metrics, noShims, OPEN, readinessSays, removeDisk,
    smallDisk, total, until,
} from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const BACK_MS = 2000;
const NOTICED_MS = 6000;
const SPEAKERS = 8;

/* One who has been here before, and has nothing under way, comes while the disk is full: gets in,
 * joins, reads; and is told that nothing can be written. */
async function readOn(witness) {
    await reconnect(witness);
    const place = `#${witness.rooms[0]}`;
    const rows = await witness.readWhole(place);
    assert.ok(rows.length > 0, 'there is a history');
    const refused = witness.say(place);
    await until(() => refused.attempts[0].isRefused, 1000, 'the refusal');
    witness.giveUp(refused);    // never sent again, so never to be seen
}

async function reconnect(client) {
    client.terminate();
    await client.ended;
    await client.connect(true);
}

/* Whether a sum of failures was told when the store had already returned. */
function hasLateSum(log) {
    let isBack = false;
    return log.split('\n').some((line) => {
        isBack = isBack ? !/ev=store\.lost/.test(line) : /ev=store\.returned/.test(line);
        return isBack && /ev=store\.\w+_failed .*repeated=/.test(line);
    });
}

/* Fills the disk under load and makes room again, with `fill` and `free`. */
async function fillAndFree(t, server, { fill, free }) {
    const load = new Load(server, { clients: SPEAKERS + 1, talks: (i) => i < SPEAKERS });
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    load.talk();
    await load.hears(500);

    const failures = async () => total(await metrics(server), 'parloir_commit_errors_total');
    const failedBefore = await failures();
    await fill();
    await until(() => load.refusals > 0, NOTICED_MS, 'a refusal');
    const { reason } = await readinessSays(server, 503);
    assert.match(reason, /full/);
    assert.equal((await fetch(`http://${server.http}/healthz`)).status, 200);
    await readOn(load.clients[SPEAKERS]);

    /* A speaker may have to wait at the door for what he has under way, and gets it all. */
    const speaker = load.clients[0];
    const isBack = reconnect(speaker).then(() => speaker.sayAgain());
    isBack.catch(() => {});    // it is awaited below

    await until(async () => await failures() >= failedBefore + 3, NOTICED_MS, 'two more tries');
    const acked = () => load.recording.messages.filter((m) => m.acks.length > 0).length;
    const before = acked();
    await free();
    load.healed();
    const backMs = await until(() => acked() > before, BACK_MS, 'an acknowledgement');
    await readinessSays(server, 200);
    await isBack;
    await load.hears(500);
    load.hush();
    await load.settled();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
    assert.match(server.log, /ev=store\.lost .*\n(.*\n)*.*ev=store\.returned /);
    t.diagnostic(`writing again ${Math.round(backMs)} ms after there was room; ${load.summary}`);
    load.end();
}

test('a disk that says ENOSPC', { ...LIMIT, skip: noShims }, async (t) => {
    const chance = new Chance(t);
    const bewitched = await Bewitched.start(['errors']);
    t.after(() => bewitched.remove());
    for (const partial of [0, 1, 0]) {
        const at = chance.between(1, 20);
        await fillAndFree(t, bewitched.server, {
            fill: () => bewitched.say(`call=write errno=ENOSPC at=${at} partial=${partial}`),
            free: () => bewitched.say(''),
        });
    }
    await bewitched.server.stop();
    assert.ok(!hasLateSum(bewitched.server.log), bewitched.server.log);
});

test('a small disk that is full', LIMIT, async (t) => {
    const disk = await smallDisk(32 << 20);
    if (disk === null) {
        t.skip('mounting a tmpfs is not allowed here');
        return;
    }
    t.after(() => removeDisk(disk));
    const server = await Server.start({ under: disk, set: OPEN });
    t.after(() => server.kill());
    const filler = join(disk, 'filler');
    for (let run = 1; run <= 2; run++) {
        await fillAndFree(t, server, {
            fill: () => fillDisk(filler),
            free: () => rm(filler),
        });
    }
    assert.equal(await server.cli('check'), 'No damage was found.');
});
