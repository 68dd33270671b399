/* Uploads that nobody needs: what the sweep takes, once it is old enough, and what it leaves. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';
import { bytesOf, get, noise, PNG, putRaw, upload } from './lib/files.mjs';
import { person } from './lib/hub.mjs';
import { until } from './lib/inbox.mjs';
import { Raw, request } from './lib/raw.mjs';

const BLOCK = 4096;    // what the smallest file weighs in a quota
const HOUR_S = 3600;

let dir;
let files = 0;

before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parloir-sweep-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/* Runs a test in a scene where `hurry` lets uploads that no message shows last a second only: what
 * is to be shown is shown before, however slow the machine is. */
async function patient(set, run) {
    files += 1;
    const file = join(dir, `${files}.conf`);
    await writeFile(file, '[media]\norphan_ms = 24h\n');
    await Scene.with({ set, args: ['--config', file] }, async (own) => {
        await run(own, async () => {
            await writeFile(file, '[media]\norphan_ms = 1s\n');
            process.kill(own.server.pid, 'SIGHUP');
        });
    });
}

const isThere = async (server, url) => (await get(server, url)).status === 200;
const isGone = (server, url) => until(async () => (await get(server, url)).status === 404,
    () => `the end of ${url}`);

/* Puts a file of so many seconds' age into the uploads, as a crash leaves one. */
async function leave(server, name, age) {
    const path = join(server.dir, 'uploads', name);
    await writeFile(path, PNG);
    const at = Date.now() / 1000 - age;
    await utimes(path, at, at);
}

const namesIn = async (server, folder) => (await readdir(join(server.dir, 'uploads', folder))).sort();

/* ---- what no message shows */

test('an upload that no message shows goes when it is old enough, with its file', () =>
    patient({}, async (own, hurry) => {
        const { server } = own;
        const room = await own.room();
        const ann = await own.join('ann', room);
        const [shown, taken, never] = await Promise.all([1, 2, 3].map(
            async () => (await upload(server, ann.who, PNG)).media_url));
        const show = (url) => ann.ask('room_message', { room, content: 'x', message_type: 'image',
            media_url: url });
        await show(shown);
        const { data } = await show(taken);
        await ann.ask('delete_message', { message_id: data.id });
        for (const url of [shown, taken, never]) {
            assert.ok(await isThere(server, url), 'not before its time');
        }

        await hurry();
        await isGone(server, never);
        await isGone(server, taken);
        assert.ok(await isThere(server, shown));
        const refused = await show(never);
        assert.equal(refused.type, 'error');
        assert.equal((await namesIn(server, 'images')).length, 1);
        assert.match(server.log, /ev=uploads\.removed /);
        assert.equal(await server.cli('check'), 'No damage was found.');
    }));

test('a new upload has its second, and then goes as well', () =>
    patient({}, async (own, hurry) => {
        const ann = person('ann');
        await hurry();
        for (let round = 0; round < 2; round++) {
            const { media_url: url } = await upload(own.server, ann, PNG);
            await isGone(own.server, url);
        }
    }));

test('what has gone no longer weighs in a quota', () =>
    patient({ 'media.quota_bytes': 2 * BLOCK }, async (own, hurry) => {
        const ann = person('ann');
        const put = async () => (await putRaw(own.server, ann, noise(1))).status;
        assert.deepEqual([await put(), await put(), await put()], [201, 201, 507]);
        await hurry();
        await until(async () => (await namesIn(own.server, 'files')).length === 0,
            () => 'the end of both');
        assert.deepEqual([await put(), await put()], [201, 201]);
    }));

test('more of them than one step takes all go', () =>
    patient({ 'limits.uploads_per_minute': 0 }, async (own, hurry) => {
        const ann = person('ann');
        for (let i = 0; i < 11; i++) {
            await Promise.all(Array.from({ length: 10 }, () => upload(own.server, ann, PNG)));
        }
        assert.equal((await namesIn(own.server, 'images')).length, 110);
        await hurry();
        await until(async () => (await namesIn(own.server, 'images')).length === 0,
            () => 'the end of all');
        assert.equal(await own.server.cli('check'), 'No damage was found.');
    }));

/* ---- what no fact knows */

test('what a crash left goes at the next start, if it is an hour old', () =>
    Scene.with({ set: { 'media.orphan_ms': '1m' } }, async (own) => {
        const { server } = own;
        const ann = person('ann');
        const bytes = noise(300_000);
        const { media_url: kept } = await upload(server, ann, bytes);
        const raw = await Raw.open(server.http);
        raw.write(request('/uploads', { method: 'POST', headers: [
            `Authorization: Bearer ${ann.token}`, `Content-Length: ${bytes.length}`] }));
        await raw.pour(bytes.subarray(0, 200_000));
        await until(async () => (await namesIn(server, 'incoming')).length === 1, () => 'a file');
        const [broken] = await namesIn(server, 'incoming');
        await server.kill();
        await raw.ended().catch(() => {});

        assert.deepEqual(await namesIn(server, 'incoming'), [broken]);
        const old = '0'.repeat(32);
        const young = '1'.repeat(32);
        await leave(server, `incoming/${old}`, 2 * HOUR_S);
        await leave(server, `images/${old}.png`, 2 * HOUR_S);
        await leave(server, `images/${young}.png`, HOUR_S / 2);
        const at = Date.now() / 1000 - 2 * HOUR_S;
        await utimes(join(server.dir, kept), at, at);    // it has a fact, whatever its age
        await server.restart();
        await until(async () => (await namesIn(server, 'images')).length === 1, () => 'one less');
        await until(async () => (await namesIn(server, 'incoming')).length === 1, () => 'one less');
        assert.deepEqual(await namesIn(server, 'images'), [`${young}.png`]);
        assert.deepEqual(await namesIn(server, 'incoming'), [broken]);
        assert.ok((await bytesOf(await get(server, kept))).equals(bytes));
    }));
