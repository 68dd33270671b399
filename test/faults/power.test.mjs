/* The power goes out under a whole server: what was written and not synced is lost, in part, by
 * lot. Nothing that was acknowledged, or that anybody saw, may be among it. The shim shows first
 * that this test can fail: with syncs that do nothing, or only later, messages are lost. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Load } from './lib/load.mjs';
import { Bewitched, Chance, LIMIT, noShims, runs } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const options = { ...LIMIT, skip: noShims };

/* Talks, cuts the power after `ms`, starts again, and returns what is wrong. */
async function cutOnce(server, load, ms) {
    load.talk();
    await load.hears(20);
    await sleep(ms);
    process.kill(server.pid, 'SIGUSR2');
    await Promise.all(load.clients.map((client) => client.ended));
    load.hush();
    await server.restart();
    load.healed();
    await load.comeBack();
    await load.readAll();
    return check(load.recording);
}

async function someLoad(t, server) {
    const load = new Load(server);
    t.after(() => load.end());
    await load.prepare();
    await load.connect();
    return load;
}

for (const sync of ['off', 'normal']) {
    test(`it is noticed when syncs are ${sync}`, options, async (t) => {
        const bewitched = await Bewitched.start(['power']);
        t.after(() => bewitched.remove());
        const load = await someLoad(t, bewitched.server);
        bewitched.say(`sync=${sync} keep=none`);
        const found = await cutOnce(bewitched.server, load, 50);
        assert.ok(found.some(({ rule }) => rule === 'I1'), found.map(String).join('\n'));
        t.diagnostic(found.map(String)[0]);
    });
}

test('a power cut under load loses nothing that was acknowledged', options, async (t) => {
    const chance = new Chance(t);
    let messages = 0;
    for (let run = 1; run <= runs(12); run++) {
        const keep = ['none', 'some', 'torn'][run % 3];
        const bewitched = await Bewitched.start(['power'], {
            words: `keep=${keep} seed=${chance.between(1, 1e6)}`,
        });
        t.after(() => bewitched.remove());
        const load = await someLoad(t, bewitched.server);
        const found = await cutOnce(bewitched.server, load, chance.between(0, 300));
        assert.deepEqual(found.map(String), [], `run ${run}, keep=${keep}`);
        const report = await bewitched.server.cli('check');
        t.diagnostic(`run ${run}, keep=${keep}: ${load.summary}; check: ${report}`);
        messages += load.recording.messages.length;
        load.end();
        await bewitched.server.remove();
    }
    t.diagnostic(`${messages} messages`);
});

/* A process that is killed between a write and its sync leaves a log in the system's memory that
 * the disk has not seen. The next one must not serve from it before it is on the disk. */
test('a log that cannot be synced at the start is not served from', options, async (t) => {
    const bewitched = await Bewitched.start(['errors', 'slow']);
    const { server } = bewitched;
    t.after(() => bewitched.remove());
    const load = await someLoad(t, server);
    load.talk();
    await load.hears(20);
    load.hush();
    await load.settled();
    bewitched.say('delay_ms=600000');
    load.clients[0].say(`#${load.clients[0].rooms[0]}`);
    await sleep(100);    // it is written, and its sync hangs
    await server.kill();

    bewitched.say('call=sync errno=EIO at=1 name=-wal');
    await assert.rejects(server.restart(), /ev=server.not_started/);
    bewitched.say('');
    await server.restart();
    load.healed();
    await load.comeBack();
    await load.readAll();
    assert.deepEqual(check(load.recording).map(String), []);
});

/* Empties the data directory: the next start is the first one. */
const forget = ({ dir }) =>
    readdirSync(dir).forEach((name) => rmSync(join(dir, name), { recursive: true }));

const keys = ({ dir }) =>
    ['jwt.key', 'token.key'].map((name) => readFileSync(join(dir, name), 'utf8'));

test('a first start may be cut short at any write or sync', options, async (t) => {
    const bewitched = await Bewitched.start(['power'], { env: { JWT_SECRET: '' } });
    const { server } = bewitched;
    t.after(() => bewitched.remove());
    let at = 0;
    for (let isCut = true; isCut;) {
        at += 1;
        await server.kill();
        forget(server);
        bewitched.say(`cut_at=${at} keep=${['none', 'torn'][at % 2]} seed=${at}`);
        isCut = await server.restart().then(() => false, () => true);
        const made = isCut ? null : keys(server);
        if (!isCut) {
            process.kill(server.pid, 'SIGUSR2');
        }
        bewitched.say('');
        await server.restart();    // as if nothing had been
        if (made) {
            assert.deepEqual(keys(server), made, 'tokens given out would not be good any more');
        }
    }
    assert.ok(at > 10, `only ${at} writes and syncs`);
    t.diagnostic(`${at - 1} starts were cut short`);
});
