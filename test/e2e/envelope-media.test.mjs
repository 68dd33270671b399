/* Uploads on their way out: what a browser may show and what it must save, ranges and conditions,
 * names that are none; and messages that show an upload. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';
import {
    bytesOf, get, GIF, HTML, HTML_SPACED, JPEG, MP3, noise, PDF, PNG, POLYGLOT, SCRIPT, SVG,
    SVG_PROLOG, upload, WAV,
} from './lib/files.mjs';
import { person } from './lib/hub.mjs';
import { Raw, request } from './lib/raw.mjs';

let scene;
let server;
let ann;

before(async () => {
    scene = await Scene.start({ set: { 'limits.uploads_per_minute': 0 } });
    ({ server } = scene);
    ann = person('ann');
});
after(() => scene?.remove());

const put = async (bytes) => (await upload(server, ann, bytes)).media_url;

/* What keeps a browser from running anything, whatever the file is. */
function assertHarmless(answer, why) {
    const header = (name) => answer.headers.get(name) ?? '';
    assert.equal(header('x-content-type-options'), 'nosniff', why);
    assert.match(header('content-security-policy'), /(^|;)\s*sandbox\s*(;|$)/, why);
    assert.ok(!header('content-security-policy').includes('allow-scripts'), why);
}

/* ---- what is shown, and what is saved */

test('images and audio are shown where they stand', async () => {
    for (const [bytes, type] of [[PNG, 'image/png'], [GIF, 'image/gif'], [JPEG, 'image/jpeg'],
        [WAV, 'audio/wav'], [MP3, 'audio/mpeg']]) {
        const answer = await get(server, await put(bytes));
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('content-type'), type);
        assert.equal(Number(answer.headers.get('content-length')), bytes.length);
        assert.doesNotMatch(answer.headers.get('content-disposition') ?? 'inline', /attachment/);
        assertHarmless(answer, type);
        assert.deepEqual(await bytesOf(answer), bytes);
    }
});

test('what a browser could run is a download only', async () => {
    for (const bytes of [SVG, SVG_PROLOG, HTML, HTML_SPACED, SCRIPT, PDF, noise(100)]) {
        const why = bytes.toString('latin1').slice(0, 30);
        const answer = await get(server, await put(bytes));
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get('content-disposition'), /^attachment\b/, why);
        assertHarmless(answer, why);
        assert.deepEqual(await bytesOf(answer), bytes);
    }
});

test('an image that is a script as well is an image, and nothing else', async () => {
    const answer = await get(server, await put(POLYGLOT));
    const isShown = !/^attachment/.test(answer.headers.get('content-disposition') ?? '');
    assert.ok(!isShown || answer.headers.get('content-type') === 'image/gif');
    assertHarmless(answer, 'a polyglot');
});

test('parts of a file are no less harmless', async () => {
    const url = await put(HTML);
    const answer = await get(server, url, { Range: 'bytes=2-' });
    assert.equal(answer.status, 206);
    assert.match(answer.headers.get('content-disposition'), /^attachment\b/);
    assertHarmless(answer, 'a part');
});

/* ---- ranges and conditions */

test('a range of a file is that part of it', async () => {
    const bytes = noise(1000);
    const url = await put(bytes);
    assert.equal((await get(server, url)).headers.get('accept-ranges'), 'bytes');
    for (const [range, from, to] of [['0-0', 0, 0], ['0-99', 0, 99], ['990-', 990, 999],
        ['-10', 990, 999], ['-5000', 0, 999], ['500-99999', 500, 999], ['999-999', 999, 999]]) {
        const answer = await get(server, url, { Range: `bytes=${range}` });
        assert.equal(answer.status, 206, range);
        assert.equal(answer.headers.get('content-range'), `bytes ${from}-${to}/1000`);
        assert.equal(Number(answer.headers.get('content-length')), to - from + 1);
        assert.deepEqual(await bytesOf(answer), bytes.subarray(from, to + 1));
    }
});

test('a range that is not there is 416, one that is none is ignored', async () => {
    const bytes = noise(1000);
    const url = await put(bytes);
    for (const range of ['1000-', '5000-6000', '-0', '99999999999999999999-']) {
        const answer = await get(server, url, { Range: `bytes=${range}` });
        assert.equal(answer.status, 416, range);
        assert.equal(answer.headers.get('content-range'), 'bytes */1000');
    }
    for (const range of ['bytes=', 'bytes=5-2', 'bytes=a-b', 'lines=0-5', 'bytes', 'bytes=--5',
        'bytes=1-2-3']) {
        const answer = await get(server, url, { Range: range });
        assert.equal(answer.status, 200, range);
        assert.deepEqual(await bytesOf(answer), bytes);
    }
    const several = await get(server, url, { Range: 'bytes=0-1,5-6' });
    assert.ok([200, 206].includes(several.status));
});

test('who has a file already is told so', async () => {
    const url = await put(PNG);
    const first = await get(server, url);
    const etag = first.headers.get('etag');
    const modified = first.headers.get('last-modified');
    assert.match(etag, /^"[^"]+"$/);
    assert.match(first.headers.get('cache-control'), /\bimmutable\b/);
    for (const headers of [{ 'If-None-Match': etag }, { 'If-None-Match': `"x", W/${etag}` },
        { 'If-None-Match': '*' }, { 'If-Modified-Since': modified }]) {
        const answer = await get(server, url, headers);
        assert.equal(answer.status, 304, JSON.stringify(headers));
        assert.equal(answer.headers.get('etag'), etag);
        assert.equal((await bytesOf(answer)).length, 0);
    }
    for (const headers of [{ 'If-None-Match': '"other"' },
        { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }]) {
        assert.deepEqual(await bytesOf(await get(server, url, headers)), PNG);
    }
    assert.equal((await get(server, url, { 'If-Match': '"other"' })).status, 412);
});

test('a part is had only of the file it was begun with', async () => {
    const url = await put(PNG);
    const etag = (await get(server, url)).headers.get('etag');
    const part = (condition) => get(server, url, { Range: 'bytes=4-', 'If-Range': condition });
    assert.equal((await part(etag)).status, 206);
    const whole = await part('"other"');
    assert.equal(whole.status, 200);
    assert.deepEqual(await bytesOf(whole), PNG);
});

test('HEAD is GET without the body', async () => {
    const url = await put(PNG);
    const raw = await Raw.open(server.http);
    raw.write(request(url));
    const got = await raw.response();
    for (const headers of [[], ['Range: bytes=0-3']]) {    // ranges are for GET alone
        raw.write(request(url, { method: 'HEAD', headers }));
        const head = await raw.response({ bodiless: true });
        const undated = ({ date, ...rest }) => rest;
        assert.equal(head.status, 200);
        assert.deepEqual(undated(head.headers), undated(got.headers));
        assert.equal(Number(head.headers['content-length']), PNG.length);
    }
    raw.write(request('/healthz'));
    assert.equal((await raw.response()).status, 200);
    raw.leave();
});

test('a large file comes while the chat goes on', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const bytes = noise(10 << 20);
    const url = await put(bytes);
    const slow = await Raw.open(server.http);
    slow.stopReading();
    slow.write(request(url, { headers: ['Connection: close'] }));
    for (let i = 0; i < 10; i++) {
        assert.equal((await bob.ask('room_message', { room, content: `${i}` })).data.seq, i + 1);
    }
    assert.ok((await bytesOf(await get(server, url))).equals(bytes));
    slow.readOn();
    await slow.ended();
    assert.ok(Buffer.from(slow.rest, 'latin1').subarray(-bytes.length).equals(bytes));
});

/* ---- names */

test('what was never uploaded is not there', async () => {
    const url = await put(PNG);
    const other = `${url.slice(0, -10)}${url.at(-10) === 'a' ? 'b' : 'a'}${url.slice(-9)}`;
    for (const path of [other, url.replace('images', 'files'), url.replace('.png', '.jpg'),
        `${url}x`, `${url}/`, url.toUpperCase(), url.slice(0, -4),
        '/uploads/images/photo123.jpg']) {
        assert.equal((await get(server, path)).status, 404, path);
    }
});

test('asking for what is not there costs nobody a connection', async () => {
    const missing = (await put(PNG)).replace(/[^/]{32}(?=\.png$)/, '0'.repeat(32));
    const people = [];
    for (let i = 0; i < 5; i++) {    // whatever descriptors this frees, the next ones to come have
        assert.equal((await get(server, missing)).status, 404);
        people.push(await scene.connect('ann'));
    }
    assert.equal((await get(server, missing)).status, 404);
    await Promise.all(people.map((client) => client.settle()));
    await Promise.all(people.map((client) => client.close()));
});

test('no path leads out of the uploads, nor to a list of them', async () => {
    const url = await put(PNG);
    const name = url.split('/').at(-1);
    const paths = ['/uploads/', '/uploads/images', '/uploads/images/', '/uploads/incoming/',
        '/uploads/../parloir.db', '/uploads/../jwt.key', '/uploads/images/../../parloir.db',
        '/uploads/%2e%2e/parloir.db', '/uploads/%2e%2e%2fparloir.db', '/uploads/..%2fparloir.db',
        '/uploads/..%5cparloir.db', '/uploads//etc/passwd', '/uploads/images//etc/passwd',
        '/uploads/%2fetc%2fpasswd', '/uploads/images/%00', `/uploads/images/${name}%00.html`,
        `/uploads/images/./${name}`, `/uploads/files/../images/${name}`,
        `/uploads/images%2f${name}`, `/uploads/images/${'x'.repeat(2000)}`];
    for (const path of paths) {
        const raw = await Raw.open(server.http);
        raw.write(request(path, { headers: ['Connection: close'] }));
        const { status, body } = await raw.response();
        assert.ok([400, 404, 405].includes(status), `${status} for ${path}`);
        assert.ok(![name, 'SQLite', 'root:'].some((text) => body.includes(text)), path);
        raw.leave();
    }
});

test('an upload is read and not changed', async () => {
    const url = await put(PNG);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await get(server, url, { Authorization: `Bearer ${ann.token}` }, method);
        assert.equal(answer.status, 405, method);
        assert.match(answer.headers.get('allow'), /\bGET\b/);
    }
    assert.deepEqual(await bytesOf(await get(server, url)), PNG);
    const list = await get(server, '/uploads', { Authorization: `Bearer ${ann.token}` });
    assert.ok([404, 405].includes(list.status));
});

/* ---- in messages */

test('an upload is shown in a message, and history gives it back', async () => {
    const room = await scene.room();
    const alice = await scene.join('alice', room);
    const bob = await scene.join('bob', room);
    const image = await upload(server, alice.who, PNG);
    const voice = await upload(server, alice.who, WAV);
    const fields = ({ message_type: type, content, media_url: url, media_type: media, duration }) =>
        [type, content, url, media, duration];
    const wanted = [
        ['image', 'Regardez cette photo !', image.media_url, 'image/png', undefined],
        ['audio', 'Message vocal', voice.media_url, 'audio/wav', 15.5],
    ];
    for (const [type, content, url, media, duration] of wanted) {
        alice.send('room_message', { room, content, message_type: type, media_url: url,
            media_type: media, duration });
        const { data } = await bob.take('room_message');
        assert.deepEqual(fields(data), [type, content, url, media, duration]);
        assert.equal((await get(server, data.media_url)).status, 200);
    }
    const { data } = await bob.ask('room_history', { room });
    assert.deepEqual(data.messages.map(fields), wanted);
    alice.send('direct_message', { to_user_id: bob.who.id, content: '', message_type: 'image',
        media_url: image.media_url });
    await bob.take('direct_message', { data: { media_url: image.media_url } });
});

test('a name that was never given cannot be shown, however like one it is', async () => {
    const room = await scene.room();
    const alice = await scene.join('alice', room);
    const { media_url: url } = await upload(server, alice.who, PNG);
    for (const wrong of [url.replace('.png', '.jpg'), `${url}x`, `${url}?x`, `${url}#x`,
        `/uploads/images/../images/${url.split('/').at(-1)}`, url.toUpperCase()]) {
        alice.send('room_message',
            { room, content: 'x', message_type: 'image', media_url: wrong });
        await alice.error('INVALID_FORMAT', { field: 'media_url' });
    }
    const { data } = await alice.ask('room_history', { room });
    assert.equal(data.total, 0);
});
