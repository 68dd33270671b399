/* The disk is dying: after a sync or a write that failed nobody knows what is on it. The process
 * says so and ends, acknowledging nothing; the next one starts with what is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Load } from './lib/load.mjs';
import { Bewitched, Chance, LIMIT, noShims } from './lib/machine.mjs';
import { check } from './lib/oracle.mjs';

const ways = {
    'a sync of the log fails': 'call=sync name=-wal',
    'a sync of the database fails, in a checkpoint': 'call=sync name=parloir.db',
    'a write to the log fails': 'call=write name=-wal',
    'a write to the log fails half-way': 'call=write name=-wal partial=1',
    'a write to the database fails': 'call=write name=parloir.db',
};

for (const [way, words] of Object.entries(ways)) {
    test(way, { ...LIMIT, skip: noShims }, async (t) => {
        const at = words.includes('-wal') ? new Chance(t).between(1, 40) : 1;
        const bewitched = await Bewitched.start(['errors']);
        const { server } = bewitched;
        t.after(() => bewitched.remove());
        const load = new Load(server, { bytes: 1000 });
        t.after(() => load.end());
        await load.prepare();
        await load.connect();
        load.talk();
        await load.hears(100);
        bewitched.say(`errno=EIO at=${at} ${words}`);
        await Promise.all(load.clients.map((client) => client.ended));
        load.hush();

        assert.deepEqual(await server.stop(), { code: 1, signal: null });
        assert.match(server.log, /lvl=error ev=store\.(commit|upkeep)_failed why=/);
        bewitched.say('');
        await server.restart();
        load.healed();
        const backMs = await load.comeBack();
        await load.readAll();
        assert.deepEqual(check(load.recording).map(String), []);
        assert.equal(await server.cli('check'), 'No damage was found.');
        t.diagnostic(`at=${at}: ${load.summary}; all acknowledged after ${Math.round(backMs)} ms`);
    });
}
