/* Files on their way in: POST /uploads by form and as a raw body, what is made of names and types,
 * what is refused and when, and what remains of an upload that breaks off. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';
import {
    bytesOf, get, GIF, headOf, HTML, JPEG, MP3, multipart, noise, PDF, PNG, putForm, putRaw, SVG,
    upload, WAV,
} from './lib/files.mjs';
import { person } from './lib/hub.mjs';
import { until } from './lib/inbox.mjs';
import { Raw, request, rssBytes } from './lib/raw.mjs';
import { token } from './lib/server.mjs';

const MIB = 1 << 20;
const BYTES_MAX = 10 * MIB;
const NAME = /^\/uploads\/(images|audio|video|files)\/[A-Za-z0-9_-]{22,}\.[a-z0-9]{1,5}$/;

let scene;
let server;
let ann;

before(async () => {
    scene = await Scene.start({ set: { 'auth.failures_per_minute': 0 } });
    ({ server } = scene);
    ann = person('ann');
});
after(() => scene?.remove());

/* The head of an upload by hand, and what follows it. */
const post = (body, headers = [], who = ann) => request('/uploads', { method: 'POST', body,
    headers: [...(who ? [`Authorization: Bearer ${who.token}`] : []), ...headers] });

/* How many files lie in the uploads, whole or on their way in. */
async function filesThere(where = server) {
    const entries = await readdir(join(where.dir, 'uploads'), { withFileTypes: true,
        recursive: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).length;
}

/* Waits until so many files lie there: what was refused goes after its answer. */
const settlesAt = (n, where = server) =>
    until(async () => await filesThere(where) === n, () => `${n} files`);

async function refused(answer, ...statuses) {
    assert.ok(statuses.includes(answer.status), `${answer.status}`);
    const { error } = await answer.json();
    assert.ok(error.length > 5);
}

/* ---- what is taken */

test('an upload is answered as documented, and is there', async () => {
    const answer = await putForm(server, ann, JPEG);
    assert.equal(answer.status, 201);
    assert.match(answer.headers.get('content-type'), /^application\/json/);
    const { media_url: url, media_type: type, size } = await answer.json();
    assert.match(url, NAME);
    assert.ok(url.startsWith('/uploads/images/'));
    assert.deepEqual([type, size], ['image/jpeg', JPEG.length]);
    assert.deepEqual(await bytesOf(await get(server, url)), JPEG);
});

test('the type is found from the bytes, not the name nor what the client says', async () => {
    const kinds = [[PNG, 'images', 'image/png'], [GIF, 'images', 'image/gif'],
        [JPEG, 'images', 'image/jpeg'], [WAV, 'audio', 'audio/wav'], [MP3, 'audio', 'audio/mpeg'],
        [PDF, 'files', 'application/pdf'], [noise(500), 'files', 'application/octet-stream']];
    for (const [bytes, folder, type] of kinds) {
        for (const answer of [
            await putForm(server, ann, bytes, 'page.html', 'text/html'),
            await putRaw(server, ann, bytes, { 'Content-Type': 'text/html' }),
            await putRaw(server, ann, bytes),
        ]) {
            assert.equal(answer.status, 201, type);
            const { media_url: url, media_type: theirs, size } = await answer.json();
            assert.ok(url.startsWith(`/uploads/${folder}/`), url);
            assert.deepEqual([theirs, size], [type, bytes.length]);
            assert.deepEqual(await bytesOf(await get(server, url)), bytes);
        }
    }
    for (const bytes of [HTML, SVG]) {
        const lie = await putForm(server, ann, bytes, 'photo.png', 'image/png');
        const { media_url: url, media_type: type } = await lie.json();
        assert.ok(url.startsWith('/uploads/files/'), url);
        assert.notEqual(type, 'image/png');
    }
});

test('the same file twice has two names that nobody can guess', async () => {
    const urls = new Set();
    for (let i = 0; i < 20; i++) {
        urls.add((await upload(server, ann, PNG)).media_url);
    }
    assert.equal(urls.size, 20);
});

test('nothing of the name that was given remains', async () => {
    const names = ['../../../parloir.db', '..\\\\..\\\\x.png', '/etc/passwd', 'a/b/c.png', '.ht',
        '%2e%2e%2fx', 'con.png', 'x'.repeat(200), '<script>.png', 'é\u202egnp.exe', '', '.', '..',
        'a;b.png', "'; --"];
    for (const name of names) {
        const body = multipart([[headOf(name), PNG]]);
        const answer = await putRaw(server, ann, body,
            { 'Content-Type': 'multipart/form-data; boundary=XbX' });
        assert.equal(answer.status, 201, name);
        const { media_url: url } = await answer.json();
        assert.match(url, /^\/uploads\/images\/[A-Za-z0-9_-]{22,}\.png$/);
        assert.deepEqual(await bytesOf(await get(server, url)), PNG);
    }
});

test('a form may have other fields, and boundaries of any kind', async () => {
    const field = ['Content-Disposition: form-data; name="comment"', 'not the file'];
    const file = [headOf('x.png', '\r\nContent-Type: image/png'), PNG];
    for (const boundary of ['X', '-----------------------------735323031399963166993862150',
        "a'()+_,-./:=?b", 'x'.repeat(70)]) {
        const body = multipart([field, file, field], { boundary });
        const answer = await putRaw(server, ann, body,
            { 'Content-Type': `multipart/form-data; boundary="${boundary}"` });
        assert.equal(answer.status, 201, boundary);
        const { size } = await answer.json();
        assert.equal(size, PNG.length);
    }
});

test('a file that looks like its own boundary comes through whole', async () => {
    const body = Buffer.concat([noise(64), Buffer.from('\r\n--Xb\r\n--XbX\r\n--\r\n-'), noise(64)]);
    const form = multipart([[headOf('x'), body]], { boundary: 'XbXb' });
    const answer = await putRaw(server, ann, form,
        { 'Content-Type': 'multipart/form-data; boundary=XbXb' });
    const { media_url: url, size } = await answer.json();
    assert.equal(size, body.length);
    assert.deepEqual(await bytesOf(await get(server, url)), body);
});

test('an upload in pieces of one byte, and one in chunks', async () => {
    const raw = await Raw.open(server.http);
    const body = multipart([[headOf('x.png'), PNG]]);
    raw.write(post('', ['Content-Type: multipart/form-data; boundary=XbX',
        `Content-Length: ${body.length}`]));
    for (const byte of body) {
        await raw.pour(Buffer.from([byte]));
    }
    const answer = await raw.response();
    assert.equal(answer.status, 201);
    assert.equal(JSON.parse(answer.body).size, PNG.length);

    raw.write(post('', ['Transfer-Encoding: chunked']));
    for (let at = 0; at < PNG.length; at += 7) {
        const piece = PNG.subarray(at, at + 7);
        raw.write(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
    }
    raw.write('0\r\n\r\n');
    const chunked = await raw.response();
    assert.equal(chunked.status, 201);
    assert.equal(JSON.parse(chunked.body).size, PNG.length);
    raw.write(request('/healthz'));    // and the connection goes on
    assert.equal((await raw.response()).status, 200);
    raw.leave();
});

test('many at once are each kept whole', async () => {
    const files = Array.from({ length: 20 }, (_, i) => noise(10_000 * (i + 1)));
    const saved = await Promise.all(files.map((bytes, i) =>
        (i % 2 === 0 ? putForm : putRaw)(server, ann, bytes).then((answer) => answer.json())));
    for (const [i, { media_url: url, size }] of saved.entries()) {
        assert.equal(size, files[i].length);
        assert.ok((await bytesOf(await get(server, url))).equals(files[i]));
    }
});

/* ---- who may */

test('without a token, or with a bad one, nothing is taken', async () => {
    const before = await filesThere();
    const expired = token({ user_id: ann.id, exp: 1 });
    for (const who of [null, { token: 'nonsense' }, { token: expired }]) {
        await refused(await putForm(server, who, PNG), 401);
    }
    const raw = await Raw.open(server.http);
    raw.write(post('', [`Content-Length: ${PNG.length}`], null));
    assert.equal((await raw.response()).status, 401);    // before the body came
    raw.leave();
    await settlesAt(before);
});

test('who is banned uploads no more', async () => {
    const bob = person('bob');
    await upload(server, bob, PNG);
    await server.cli('ban', 'add', bob.username);
    await refused(await putForm(server, bob, PNG), 403);
    await server.cli('ban', 'remove', bob.username);
    await upload(server, bob, PNG);
});

test('a page of another origin may ask, and uploads', async () => {
    const origin = 'https://front.example';
    const preflight = await get(server, '/uploads', { Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type' }, 'OPTIONS');
    assert.ok([200, 204].includes(preflight.status), `${preflight.status}`);
    const allowed = (name) => preflight.headers.get(`access-control-allow-${name}`) ?? '';
    assert.ok(['*', origin].includes(allowed('origin')));
    assert.match(allowed('methods'), /\bPOST\b/);
    assert.match(allowed('headers'), /\bauthorization\b/i);
    assert.match(allowed('headers'), /\bcontent-type\b/i);
    for (const who of [ann, null]) {    // a page can read a refusal, too
        const answer = await putRaw(server, who, PNG, { Origin: origin });
        assert.ok(['*', origin].includes(answer.headers.get('access-control-allow-origin')));
    }
    const { media_url: url } = await upload(server, ann, PNG);
    const shown = await get(server, url, { Origin: origin });
    assert.ok(['*', origin].includes(shown.headers.get('access-control-allow-origin')));
});

test('a list of origins holds for uploads', () =>
    Scene.with({ set: { 'http.origins': 'https://front.example' } }, async (own) => {
        const from = (origin) => putRaw(own.server, ann, PNG, { Origin: origin });
        const known = await from('https://front.example');
        assert.equal(known.status, 201);
        assert.equal(known.headers.get('access-control-allow-origin'), 'https://front.example');
        assert.equal((await from('https://evil.example')).status, 403);
        assert.equal((await putRaw(own.server, ann, PNG)).status, 201);    // not from a page
        await settlesAt(2, own.server);
    }));

/* ---- what is refused */

test('an upload of nothing is refused', async () => {
    const before = await filesThere();
    await refused(await putForm(server, ann, Buffer.alloc(0)), 400);
    await refused(await putRaw(server, ann, Buffer.alloc(0)), 400);
    await settlesAt(before);
});

test('a form that is none is refused', async () => {
    const before = await filesThere();
    const good = multipart([[headOf('x.png'), PNG]]);
    const field = multipart([['Content-Disposition: form-data; name="comment"', 'no file']]);
    const cases = [
        ['multipart/form-data', good],
        ['multipart/form-data; boundary=', good],
        ['multipart/form-data; boundary=other', good],
        [`multipart/form-data; boundary=${'x'.repeat(71)}`, good],
        ['multipart/form-data; boundary=XbX', field],
        ['multipart/form-data; boundary=XbX', Buffer.from('--XbX--\r\n')],
        ['multipart/form-data; boundary=XbX', multipart([[headOf('x.png'), PNG]], { end: '' })],
        ['multipart/form-data; boundary=XbX', good.subarray(0, good.length - 20)],
        ['multipart/form-data; boundary=XbX', Buffer.from('nonsense')],
        ['multipart/form-data; boundary=XbX',
            multipart([[headOf('x.png', `\r\nX: ${'x'.repeat(100_000)}`), PNG]])],
        ['multipart/form-data; boundary=XbX',
            multipart(Array(5000).fill(['Content-Disposition: form-data; name="a"', 'b']))],
    ];
    for (const [type, body] of cases) {
        const isLong = body.length > 50_000;    // and then it may be called so
        await refused(await putRaw(server, ann, body, { 'Content-Type': type }),
            400, isLong ? 413 : 400);
    }
    await settlesAt(before);
});

test('an upload that breaks off leaves nothing behind', async () => {
    const before = await filesThere();
    const body = multipart([[headOf('x.png'), noise(200_000)]]);
    const whole = ['Content-Type: multipart/form-data; boundary=XbX',
        `Content-Length: ${body.length}`];
    for (const [headers, bytes] of [
        [whole, body.subarray(0, 100_000)],
        [whole, body.subarray(0, body.length - 1)],
        [[`Content-Length: ${100_000}`], noise(99_999)],
        [['Transfer-Encoding: chunked'], Buffer.from('5\r\nabcde\r\n')],
    ]) {
        for (const leave of ['finish', 'reset']) {
            const raw = await Raw.open(server.http);
            raw.write(post('', headers));
            await raw.pour(bytes);
            raw[leave]();
            await raw.ended().catch(() => {});
            await settlesAt(before);
        }
    }
});

test('more than was announced is another request, and a bad one', async () => {
    const raw = await Raw.open(server.http);
    raw.write(post('', [`Content-Length: ${PNG.length}`]), PNG, 'surplus\r\n\r\n');
    const answer = await raw.response();
    assert.equal(answer.status, 201);
    assert.equal(JSON.parse(answer.body).size, PNG.length);
    assert.equal((await raw.response()).status, 400);
    await raw.ended();
});

test('lengths that contradict each other are refused', async () => {
    for (const headers of [
        ['Content-Length: 5', 'Content-Length: 6'],
        ['Content-Length: 5', 'Transfer-Encoding: chunked'],
        ['Content-Length: -1'], ['Content-Length: 5x'], ['Content-Length: 99999999999999999999'],
    ]) {
        const raw = await Raw.open(server.http);
        raw.write(post('', headers));
        const { status } = await raw.response();
        assert.ok(status === 400 || status === 413, `${status} to ${headers}`);
        await raw.ended();
    }
});

test('ten MiB are taken, one byte more is refused before the body is read', async () => {
    const before = await filesThere();
    const largest = noise(BYTES_MAX);
    const answer = await putRaw(server, ann, largest);
    assert.equal(answer.status, 201);
    const { media_url: url, size } = await answer.json();
    assert.equal(size, BYTES_MAX);
    assert.ok((await bytesOf(await get(server, url))).equals(largest));

    for (const n of [BYTES_MAX + 1, 2 ** 31, 2 ** 40]) {
        for (const expect of [[], ['Expect: 100-continue']]) {
            const raw = await Raw.open(server.http);
            raw.write(post('', [`Content-Length: ${n}`, ...expect]));
            const refusal = await raw.response();
            assert.equal(refusal.status, 413, `${n} ${expect}`);
            assert.ok(JSON.parse(refusal.body).error.length > 5);
            raw.leave();
        }
    }
    await settlesAt(before + 1);
});

test('a length that was not announced is noticed on the way', async () => {
    const before = await filesThere();
    const raw = await Raw.open(server.http);
    raw.write(post('', ['Transfer-Encoding: chunked']));
    const piece = noise(65536);
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);
    for (let i = 0; i < BYTES_MAX / 65536; i++) {
        await raw.pour(chunk);
    }
    for (let i = 0; i < 8; i++) {
        raw.write(chunk);    // which nobody need read
    }
    assert.equal((await raw.response()).status, 413);
    raw.leave();
    await settlesAt(before);
});

test('who asks first is told to go on, or why not', async () => {
    const raw = await Raw.open(server.http);
    raw.write(post('', [`Content-Length: ${PNG.length}`, 'Expect: 100-continue']));
    assert.equal((await raw.response()).status, 100);
    raw.write(PNG);
    assert.equal((await raw.response()).status, 201);
    raw.leave();

    const stranger = await Raw.open(server.http);
    stranger.write(post('', [`Content-Length: ${PNG.length}`, 'Expect: 100-continue'], null));
    assert.equal((await stranger.response()).status, 401);
    stranger.leave();

    const odd = await Raw.open(server.http);
    odd.write(post('', [`Content-Length: ${PNG.length}`, 'Expect: miracles']));
    assert.equal((await odd.response()).status, 417);
    odd.leave();
});

test('a user has a quota, and others have theirs', () =>
    Scene.with({ set: { 'media.quota_bytes': 3000 } }, async (own) => {
        const [one, other] = [person('one'), person('other')];
        assert.equal((await putRaw(own.server, one, noise(2000))).status, 201);
        await refused(await putRaw(own.server, one, noise(1001)), 507);
        await settlesAt(1, own.server);
        assert.equal((await putRaw(own.server, one, noise(1000))).status, 201);
        await refused(await putRaw(own.server, one, noise(1)), 507);
        assert.equal((await putRaw(own.server, other, noise(3000))).status, 201);
    }));

test('two uploads at once cannot both have what is left of a quota', () =>
    Scene.with({ set: { 'media.quota_bytes': 100_000 } }, async (own) => {
        const one = person('one');
        const answers = await Promise.all(Array.from({ length: 8 },
            () => putRaw(own.server, one, noise(60_000))));
        const statuses = answers.map(({ status }) => status).sort();
        assert.deepEqual(statuses, [201, ...Array(7).fill(507)]);
        await settlesAt(1, own.server);
    }));

/* ---- memory and power */

test('files on their way in are not held in memory', async () => {
    const COUNT = 6;
    const before = await rssBytes(server.pid);
    const half = noise(9 * MIB);
    const senders = [];
    for (let i = 0; i < COUNT; i++) {
        const raw = await Raw.open(server.http);
        raw.write(post('', [`Content-Length: ${half.length + 1}`]));
        await raw.pour(half);
        senders.push(raw);
    }
    const grown = await rssBytes(server.pid) - before;
    assert.ok(grown < 16 * MIB, `${grown} bytes more`);
    for (const raw of senders) {
        raw.write('x');
        const { status, body } = await raw.response();
        assert.equal(status, 201);
        assert.equal(JSON.parse(body).size, half.length + 1);
        raw.leave();
    }
});

test('what was acknowledged survives kill -9', () => Scene.with({}, async (own) => {
    const room = await own.room();
    const bob = await own.join('bob', room);
    const bytes = noise(300_000);
    const { media_url: url } = await upload(own.server, bob.who, bytes);
    await bob.ask('room_message', { room, content: 'x', message_type: 'file', media_url: url });
    await own.server.kill();
    await own.server.restart();
    assert.ok((await bytesOf(await get(own.server, url))).equals(bytes));
    const back = await own.connect(bob.who);
    const { data } = await back.ask('room_history', { room });
    assert.equal(data.messages[0].media_url, url);
}));
