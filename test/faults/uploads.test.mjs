/* The disk says no to files people send: each is refused with what it is, nothing of it is kept,
 * conversations and downloads go on, and the next is taken when the disk takes it. */
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { EnvelopeClient } from '../e2e/lib/envelope.mjs';
import { bytesOf, get, noise, PNG, putForm, putRaw, upload } from '../e2e/lib/files.mjs';
import { person } from '../e2e/lib/hub.mjs';
import { Raw, request } from '../e2e/lib/raw.mjs';
import { Server } from '../e2e/lib/server.mjs';
import { Bewitched, fillDisk, LIMIT, noShims, OPEN, removeDisk, smallDisk, until }
    from './lib/machine.mjs';

const MIB = 1 << 20;
const GONE_MS = 5000;
const SET = { ...OPEN, 'limits.uploads_per_minute': 0, 'media.quota_bytes': 0 };

async function filesThere(server) {
    const entries = await readdir(join(server.dir, 'uploads'), { withFileTypes: true,
        recursive: true });
    return entries.filter((entry) => entry.isFile()).length;
}

/* Sends a body of which perhaps not all is wanted; what is answered. */
async function send(server, who, body, headers) {
    const raw = await Raw.open(server.http);
    raw.write(request('/uploads', { method: 'POST',
        headers: [`Authorization: Bearer ${who.token}`, ...headers] }), body);
    const answer = await raw.response();
    raw.leave();
    return answer;
}

/* The same, as raw bytes of a length that is announced, or is not. */
const sendAnnounced = (server, who, body) =>
    send(server, who, body, [`Content-Length: ${body.length}`]);
const sendChunked = (server, who, body) => send(server, who,
    Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
    ['Transfer-Encoding: chunked']);

/* Somebody who talks about what he uploads. */
async function speaker(server) {
    await server.cli('room', 'add', 'salon');
    const ann = await EnvelopeClient.connect(server, person('ann'));
    await ann.ask('join_room', { room: 'salon' });
    const says = async () =>
        assert.equal((await ann.ask('room_message', { room: 'salon', content: 'x' })).type,
            'room_message');
    return { who: ann.who, says };
}

test('a disk that says no while a file comes in', { ...LIMIT, skip: noShims }, async (t) => {
    const bewitched = await Bewitched.start(['errors'], { set: SET });
    t.after(() => bewitched.remove());
    const { server } = bewitched;
    const { who, says } = await speaker(server);
    const { media_url: earlier } = await upload(server, who, PNG);
    const body = noise(200_000);    // some pieces
    const refusals = { ENOSPC: [507, 'QUOTA_EXCEEDED'], EIO: [503, 'INTERNAL_ERROR'] };

    for (const [errno, [status, code]] of Object.entries(refusals)) {
        for (const call of ['call=write at=1', 'call=write at=1 partial=1', 'call=write at=2',
            'call=sync at=1', 'call=sync at=2']) {    // of the file, and of its name
            for (const way of [sendAnnounced, sendChunked]) {
                bewitched.say(`${call} errno=${errno} in=/uploads/`);
                const answer = await way(server, who, body);
                assert.equal(answer.status, status, `${call} ${errno}`);
                assert.equal(JSON.parse(answer.body).code, code);
                assert.ok(JSON.parse(answer.body).error.length > 5);
                await until(async () => await filesThere(server) === 1, GONE_MS, 'nothing kept');
                await says();
                assert.deepEqual(await bytesOf(await get(server, earlier)), PNG);
            }
        }
    }
    bewitched.say('');
    for (const put of [putRaw, putForm]) {
        assert.equal((await put(server, who, body)).status, 201);
    }
    assert.equal(await filesThere(server), 3);
    assert.equal(await server.cli('check'), 'No damage was found.');
});

test('uploads leave room on a small disk, and a full one takes none', LIMIT, async (t) => {
    const disk = await smallDisk(32 * MIB);
    if (disk === null) {
        t.skip('mounting a tmpfs is not allowed here');
        return;
    }
    t.after(() => removeDisk(disk));
    const server = await Server.start({ under: disk, set: { ...SET, 'media.spare_bytes': '8MiB' } });
    t.after(() => server.kill());
    const { who, says } = await speaker(server);
    const body = noise(9 * MIB);
    const taken = [];
    for (;;) {
        const answer = await sendAnnounced(server, who, body);
        if (answer.status !== 201) {
            assert.equal(answer.status, 507);
            break;
        }
        taken.push(JSON.parse(answer.body).media_url);
    }
    assert.ok(taken.length > 0 && taken.length < 3, `${taken.length}`);
    for (const way of [sendAnnounced, sendChunked]) {    // before the body, and on the way
        assert.equal((await way(server, who, body)).status, 507);
        await until(async () => await filesThere(server) === taken.length, GONE_MS, 'nothing kept');
    }
    await says();    // in what was left free

    const filler = join(disk, 'filler');
    fillDisk(filler);
    assert.equal((await sendAnnounced(server, who, PNG)).status, 507);
    assert.ok((await bytesOf(await get(server, taken[0]))).equals(body));
    await rm(filler);
    await until(async () => (await putRaw(server, who, PNG)).status === 201, GONE_MS, 'room again');
    assert.equal(await server.cli('check'), 'No damage was found.');
});
