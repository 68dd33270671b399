/* Requests that no honest client sends, and some that an odd one does. What two readers could read
 * differently is refused, nothing is waited for too long, and two bystanders notice nothing. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Bystander } from './lib/bystander.mjs';
import { person } from './lib/hub.mjs';
import { frame, Raw, request, TEXT, upgradeRequest } from './lib/raw.mjs';
import { Server } from './lib/server.mjs';

const HELLO_MS = 1500;

let server;
let bystander;

before(async () => {
    server = await Server.start({
        set: {
            'limits.profile': 'open',
            'limits.hello_ms': HELLO_MS,
            'auth.failures_per_minute': 0,
            'server.workers': 2,
        },
    });
    bystander = await Bystander.start(server);
});
afterEach(() => bystander.calm());
after(async () => {
    await bystander?.stop();
    await server?.remove();
});

/* Sends bytes and gives the one response to them, after which the server ends the connection. */
async function refused(bytes) {
    const raw = await Raw.open(server.http);
    raw.write(bytes);
    const response = await raw.response();
    raw.finish();
    await raw.ended();
    assert.equal(raw.rest, '', 'one response, and no more');
    return response;
}

async function refusedWith(status, ...requests) {
    for (const bytes of requests) {
        const shown = JSON.stringify(bytes.slice(0, 120).toString());
        const response = await refused(bytes);
        assert.equal(response.status, status, shown);
        assert.equal(response.headers.connection, 'close', shown);
        assert.ok(JSON.parse(response.body).error.length > 10, shown);
    }
}

const healthz = (headers, more) => request('/healthz', { headers, ...more });

test('a body whose length could be read in two ways is refused', () => refusedWith(400,
    healthz(['Content-Length: 5', 'Content-Length: 6'], { body: 'aaaaab' }),
    healthz(['Content-Length: 5', 'Content-Length: 5'], { body: 'aaaaa' }),
    healthz(['Content-Length: 5, 5'], { body: 'aaaaa' }),
    healthz(['Content-Length: 5', 'Transfer-Encoding: chunked'], { body: '0\r\n\r\n' }),
    healthz(['Transfer-Encoding: chunked', 'Content-Length: 5'], { body: '0\r\n\r\n' }),
    healthz(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], { body: '0\r\n\r\n' }),
    healthz(['Transfer-Encoding: chunked, identity'], { body: '0\r\n\r\n' }),
    healthz(['Transfer-Encoding: gzip, chunked'], { body: '0\r\n\r\n' }),
    healthz(['Transfer-Encoding: xchunked'], { body: '0\r\n\r\n' }),
    healthz(['Transfer-Encoding : chunked'], { body: '0\r\n\r\n' }),
    healthz(['Transfer-Encoding: chunked'], { version: '1.0', body: '0\r\n\r\n' }),
    healthz(['Content-Length: -1']),
    healthz(['Content-Length: +1'], { body: 'a' }),
    healthz(['Content-Length: 0x1'], { body: 'a' }),
    healthz(['Content-Length: 1 1'], { body: 'a' }),
    healthz(['Content-Length: 99999999999999999999']),
    healthz(['Content-Length: 18446744073709551617'], { body: 'a' }),
    healthz(['Transfer-Encoding: chunked'], { body: 'z\r\n\r\n' }),
    healthz(['Transfer-Encoding: chunked'], { body: '1\r\nab\r\n0\r\n\r\n' }),
    healthz(['Transfer-Encoding: chunked'], { body: '-1\r\n\r\n' }),
    healthz(['Transfer-Encoding: chunked'], { body: `${'f'.repeat(20)}\r\n` }),
    healthz(['Transfer-Encoding: chunked'], { body: '1\na\n0\n\n' })));

test('a head of other lines than CR LF is refused', () => refusedWith(400,
    'GET /healthz HTTP/1.1\nHost: a\n\n',
    'GET /healthz HTTP/1.1\r\nHost: a\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\rX: y\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n',
    'GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\nX\x01: y\r\n\r\n'));

test('a request line must be one', () => refusedWith(400,
    'GET\r\n\r\n',
    'GET /healthz\r\n\r\n',
    'GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /healthz  HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /healthz HTTP/1.1 \r\nHost: a\r\n\r\n',
    'GET /health z HTTP/1.1\r\nHost: a\r\n\r\n',
    'get /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /healthz#x HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /h\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    'NOTHING /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    request('/healthz', { host: null }),
    request('/healthz', { headers: ['Host: again'] }),
    request('/healthz', { host: 'a b' }),
    request('/healthz', { host: 'a/b' }),
    request('/healthz', { host: 'a@b' })));

test('versions other than 1.0 and 1.1 are refused as such', () => refusedWith(505,
    'GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n',
    'GET /healthz HTTP/0.9\r\n\r\n',
    'GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n',
    'GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));

test('more than a hundred headers, or 16 KiB of them, are refused', async () => {
    const many = (count) => Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);
    await refusedWith(431,
        healthz(many(100)),    // with Host one too many
        healthz(many(5000)),
        healthz([`X: ${'a'.repeat(20 * 1024)}`]),
        healthz([`${'N'.repeat(20 * 1024)}: a`]),
        `GET /healthz HTTP/1.1\r\nX: ${'a'.repeat(1 << 20)}`);
    const raw = await Raw.open(server.http);
    raw.write(healthz(many(99)));
    assert.equal((await raw.response()).status, 200);
    raw.write(healthz([`X: ${'a'.repeat(16000)}`]));
    assert.equal((await raw.response()).status, 200);
    raw.leave();
});

test('a target may be 8 KiB long', async () => {
    await refusedWith(414,
        request(`/${'a'.repeat(8192)}`),
        request(`/healthz?${'a'.repeat(1 << 20)}`));
    await refusedWith(404, request(`/${'a'.repeat(8191)}`));
});

test('a body is read past on a GET, up to 64 KiB', async () => {
    const raw = await Raw.open(server.http);
    raw.write(healthz(['Content-Length: 5'], { body: 'GET /' }), healthz());
    assert.equal((await raw.response()).status, 200);
    assert.equal((await raw.response()).status, 200);
    raw.write(healthz(['Transfer-Encoding: chunked'],
        { body: '3;x=y\r\nabc\r\n0\r\nT: r\r\n\r\n' }));
    assert.equal((await raw.response()).status, 200);
    raw.write(healthz(['Content-Length: 65536'], { body: 'x'.repeat(65536) }));
    assert.equal((await raw.response()).status, 200);
    raw.leave();
    await refusedWith(413,
        healthz(['Content-Length: 65537']),
        healthz(['Content-Length: 9223372036854775807']),
        healthz(['Transfer-Encoding: chunked'], { body: '10001\r\n' }),
        healthz(['Transfer-Encoding: chunked'], { body: 'ffffffff\r\n' }));
    await refusedWith(400,    // far more framing than body
        healthz(['Transfer-Encoding: chunked'],
            { body: `1;${'x'.repeat(30)}\r\na\r\n`.repeat(20000) }),
        healthz(['Transfer-Encoding: chunked'], { body: `0\r\n${'T: r\r\n'.repeat(20000)}` }));
});

test('a request byte by byte is the same request', async () => {
    const raw = await Raw.open(server.http);
    for (const byte of healthz(['X-Long: yes'])) {
        raw.write(byte);
        await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await raw.response()).status, 200);
    raw.leave();
});

test('who dawdles over the head is told, counted from the accept', async () => {
    const began = performance.now();
    const raw = await Raw.open(server.http);
    const bytes = healthz([`X: ${'slowly '.repeat(1000)}`]);
    let at = 0;
    const drip = setInterval(() => raw.write(bytes[at++]), 20);
    const response = await raw.response();
    clearInterval(drip);
    const took = performance.now() - began;
    assert.equal(response.status, 408);
    assert.ok(took >= HELLO_MS - 100, `after ${took} ms`);
    assert.ok(at > 10 && at < bytes.length - 100, `${at} bytes were dripped`);
    await raw.ended();
});

test('who dawdles over the body is told as well', async () => {
    const raw = await Raw.open(server.http);
    raw.write(healthz(['Content-Length: 1000'], { body: 'x' }));
    assert.equal((await raw.response()).status, 408);
    await raw.ended();
});

test('who says nothing is shut out without a word', async () => {
    const began = performance.now();
    const silent = await Promise.all(Array.from({ length: 50 }, () => Raw.open(server.http)));
    for (const raw of silent) {
        assert.equal(await raw.ended(), 'end');
        assert.equal(raw.rest, '');
    }
    assert.ok(performance.now() - began >= HELLO_MS - 100);
});

test('pipelined requests are answered in order', async () => {
    const raw = await Raw.open(server.http);
    const kinds = ['/healthz', '/readyz', '/', '/metrics'];
    raw.write(Array.from({ length: 200 }, (_, i) => request(kinds[i % 4])).join(''));
    for (let i = 0; i < 200; i++) {
        const { status, headers, body } = await raw.response();
        assert.equal(status, 200);
        assert.match(headers['content-type'], [/json/, /json/, /html/, /plain/][i % 4]);
        assert.ok(body.length > 0);
    }
    raw.leave();
});

test('what comes behind a refused request is not read', async () => {
    const raw = await Raw.open(server.http);
    raw.write(healthz() + request('/nowhere') + healthz() + healthz());
    assert.equal((await raw.response()).status, 200);
    assert.equal((await raw.response()).status, 404);
    await raw.ended();
    assert.equal(raw.rest, '');
});

test('requests sent before our end are all answered', async () => {
    for (const count of [1, 5, 300, 1500]) {
        const one = healthz();
        const raw = await Raw.open(server.http);
        raw.write(one.repeat(count));
        raw.finish();
        await raw.ended();
        assert.equal(raw.rest.split('HTTP/1.1 200 OK').length - 1, count);
    }
});

test('requests that fill a read buffer exactly are all answered', async () => {
    const bytes = 65536;    // what the server reads at once
    const one = healthz();
    const count = Math.floor(bytes / one.length) - 1;
    const last = healthz([`X: ${'x'.repeat(bytes - one.length * (count + 1) - 5)}`]);
    const raw = await Raw.open(server.http);
    raw.write(one.repeat(count) + last);
    raw.finish();
    await raw.ended();
    assert.equal(raw.rest.split('HTTP/1.1 200 OK').length - 1, count + 1);
});

test('a flood of pipelined requests disturbs nobody', async () => {
    const floods = await Promise.all(Array.from({ length: 20 }, () => Raw.open(server.http)));
    const requests = request('/metrics').repeat(20000);
    await Promise.all(floods.map(async (raw, i) => {
        if (i % 2 === 0) {
            raw.stopReading();    // and some do not even listen
        }
        raw.write(requests);
        await bystander.calm();
        raw.reset();
    }));
});

test('frames in one segment with the handshake are not lost', async () => {
    const who = person('eager');
    const asked = Array.from({ length: 20 }, (_, i) =>
        frame(TEXT, JSON.stringify({ type: 'ping', id: i })));
    const bytes = Buffer.concat([Buffer.from(upgradeRequest(who)), ...asked]);
    for (const cut of [bytes.length, 1, bytes.length - asked.at(-1).length - 3]) {
        const raw = await Raw.open(server.http);
        raw.write(bytes.subarray(0, cut));
        raw.write(bytes.subarray(cut));
        assert.equal((await raw.response()).status, 101);
        for (let i = 0; i < 20; i++) {
            assert.equal((await raw.frame()).json.ref, i);
        }
        raw.leave();
    }
    const raw = await Raw.open(server.http);    // behind other requests
    raw.write(healthz() + healthz());
    raw.write(bytes);
    assert.equal((await raw.response()).status, 200);
    assert.equal((await raw.response()).status, 200);
    assert.equal((await raw.response()).status, 101);
    for (let i = 0; i < 20; i++) {
        assert.equal((await raw.frame()).json.ref, i);
    }
    raw.leave();
});

test('requests behind an upgrade are frames, and bad ones', async () => {
    const raw = await Raw.open(server.http);
    raw.write(upgradeRequest(person('odd')) + healthz() + healthz());
    assert.equal((await raw.response()).status, 101);
    assert.equal(await raw.closeCode(), 1002);
    raw.leave();
});

test('an upgrade must be asked for as it should be', async () => {
    const who = person('ann');
    const change = (headers, more = {}) => upgradeRequest(who, { change: headers, ...more });
    await refusedWith(426,
        change({ Upgrade: null }),
        change({ Connection: 'keep-alive' }),
        change({ Upgrade: 'h2c' }),
        change({ 'Sec-WebSocket-Version': null }),
        change({ 'Sec-WebSocket-Version': '8' }),
        change({ 'Sec-WebSocket-Version': '13, 8' }),
        change({ 'Content-Length': '5' }) + 'aaaaa',
        change({ 'Transfer-Encoding': 'chunked' }) + '0\r\n\r\n',
        change({}).replace('HTTP/1.1', 'HTTP/1.0'));
    await refusedWith(400,
        change({ 'Sec-WebSocket-Key': null }),
        change({ 'Sec-WebSocket-Key': '' }),
        change({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }),
        change({ 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
        change({ 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }),
        change({}, { extra: ['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='] }));
    await refusedWith(405, change({}).replace('GET', 'POST'));
    const { headers } = await refused(change({ 'Sec-WebSocket-Version': '8' }));
    assert.equal(headers['sec-websocket-version'], '13');
    for (const legit of [
        change({ Connection: 'keep-alive, Upgrade' }),
        change({ Connection: 'upgrade', Upgrade: 'WebSocket' }),
        change({ 'Sec-WebSocket-Extensions': 'x-unknown; a=b' }),
        change({ 'Sec-WebSocket-Protocol': 'chat, other' }),
        change({ 'Content-Length': '0' }),
    ]) {
        const raw = await Raw.open(server.http);
        raw.write(legit);
        assert.equal((await raw.response()).status, 101, legit);
        raw.leave();
    }
});

test('methods and targets nobody needs here are refused', async () => {
    await refusedWith(405,
        ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'].map((method) =>
            request('/healthz', { method })));
    await refusedWith(404,
        request('*', { method: 'OPTIONS' }),
        request('parloir.test:443', { method: 'CONNECT' }),
        request('/../etc/passwd'),
        request('/%2e%2e/etc/passwd'),
        request('//healthz'),
        request('/healthz/'),
        request('/healthz%00'),
        request('/HEALTHZ'));
    const trace = await refused(request('/', { method: 'TRACE', headers: ['X-Secret: s3cret'] }));
    assert.ok(!trace.body.includes('s3cret'));
});

test('a whole URL as the target is understood', async () => {
    const raw = await Raw.open(server.http);
    for (const target of ['http://other.test/healthz', 'HTTP://other.test:80/healthz?x=y',
        'http://user@other.test/healthz', 'https://other.test/healthz', 'http://other.test']) {
        raw.write(request(target));
        assert.equal((await raw.response()).status, 200, target);
    }
    raw.leave();
    await refusedWith(404, request('http://other.test/nowhere'));
    await refusedWith(400, request('ftp://other.test/healthz'), request('http:/healthz'));
});
