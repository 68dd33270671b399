/* TLS as a property of an address: what is spoken, what is refused, and how a certificate is
 * changed while everybody stays connected. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { certificate } from './lib/certs.mjs';
import { parloir } from './lib/cli.mjs';
import { HubClient, person } from './lib/hub.mjs';
import { frame, PING, PONG, Raw, request, TEXT, upgradeRequest } from './lib/raw.mjs';
import { JWT_SECRET, Server, within } from './lib/server.mjs';

let dir;
let first;
let second;

before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parloir-tls-'));
    first = await certificate(dir, 'first');
    second = await certificate(dir, 'second');
});
after(() => rm(dir, { recursive: true, force: true }));

/* Runs a test with a server that has a TLS address and a plain one, and files of its own for the
 * certificate. `at`: { tls, plain, cert, key }. */
async function withTls(run, options = {}) {
    const own = await mkdtemp(join(dir, 'own-'));
    const at = { cert: join(own, 'cert.pem'), key: join(own, 'key.pem') };
    await copyFile(first.cert, at.cert);
    await copyFile(first.key, at.key);
    const server = await Server.start({
        ...options,
        set: {
            'http.listen': 'tls:127.0.0.1:0,127.0.0.1:0', 'tls.cert': at.cert, 'tls.key': at.key,
            'limits.profile': 'open', ...options.set,
        },
    });
    [at.tls, at.plain] = /http="?([^\s"]+)/.exec(server.log)[1].split(',')
        .map((address) => address.replace(/^tls:/, ''));
    try {
        await run(server, at);
    } finally {
        await server.remove();
    }
}

/* Waits until the log has a line like this, behind what it had before. */
async function logs(server, pattern, act) {
    const before = server.log.length;
    await act();
    const look = async () => {
        while (!pattern.test(server.log.slice(before))) {
            await new Promise((resolve) => setImmediate(resolve));
        }
    };
    await within(look(), () => `${pattern} in the log:\n${server.log.slice(before)}`);
}

const reload = (server, pattern = /ev=config\.reloaded/) =>
    logs(server, pattern, () => process.kill(server.pid, 'SIGHUP'));

/* The certificate a newcomer is shown. */
async function shownTo(address, options = {}) {
    const raw = await Raw.open(address, { tls: options });
    const { fingerprint256 } = raw.socket.getPeerCertificate();
    raw.leave();
    return fingerprint256;
}

async function wss(address, who) {
    const socket = new WebSocket(`wss://${address}/ws/hub?token=${who.token}`,
        { rejectUnauthorized: false });
    await within(new Promise((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
    }), () => 'wss');
    return socket;
}

test('wss speaks to ws', () => withTls(async (server, at) => {
    await server.cli('room', 'add', 'salon');
    const bob = await HubClient.connect(at.plain, person('bob'));
    await bob.ask({ type: 'join', room: 'salon' });
    const ann = await wss(at.tls, person('ann'));
    const heard = new Promise((resolve) => ann.once('message', resolve));
    ann.send(JSON.stringify({ type: 'message', room: 'salon', content: 'à travers TLS' }));
    await bob.expect({ type: 'message', data: { content: 'à travers TLS' } });
    assert.equal(JSON.parse(await within(heard, () => 'the echo')).data.content, 'à travers TLS');
    const closed = new Promise((resolve) => ann.once('close', resolve));
    ann.close(1000);
    assert.equal(await within(closed, () => 'the end'), 1000);
}));

test('1.2 and 1.3 are spoken, 1.1 and 1.0 are not', () => withTls(async (server, at) => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const raw = await Raw.open(at.tls, { tls: { minVersion: version, maxVersion: version } });
        assert.equal(raw.socket.getProtocol(), version);
        raw.write(request('/healthz'));
        assert.equal((await raw.response()).status, 200);
        raw.leave();
    }
    for (const version of ['TLSv1', 'TLSv1.1']) {
        const options = { minVersion: version, maxVersion: version, ciphers: 'ALL@SECLEVEL=0' };
        await assert.rejects(Raw.open(at.tls, { tls: options }), /alert|version|ECONNRESET/i);
    }
    for (const ciphers of ['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-SHA']) {
        const options = { maxVersion: 'TLSv1.2', ciphers: `${ciphers}@SECLEVEL=0` };
        await assert.rejects(Raw.open(at.tls, { tls: options }), /alert|ECONNRESET/i, ciphers);
    }
}));

test('http/1.1 is agreed on, h2 alone is not', () => withTls(async (server, at) => {
    const raw = await Raw.open(at.tls, { tls: { ALPNProtocols: ['h2', 'http/1.1'] } });
    assert.equal(raw.socket.alpnProtocol, 'http/1.1');
    raw.leave();
    await assert.rejects(Raw.open(at.tls, { tls: { ALPNProtocols: ['h2'] } }), /alert|ECONNRESET/i);
}));

test('large answers and small pieces go through whole', () => withTls(async (server, at) => {
    const raw = await Raw.open(at.tls, { tls: {} });
    for (const byte of request('/healthz')) {
        raw.write(byte);
    }
    assert.equal((await raw.response()).status, 200);
    raw.write(request('/metrics').repeat(60));
    for (let i = 0; i < 60; i++) {
        const { body } = await raw.response();
        assert.ok(body.length > 5000 && body.endsWith('\n'));
    }
    raw.finish();
    assert.equal(await raw.ended(), 'end');
    const ws = await Raw.open(at.tls, { tls: {} });
    const ping = frame(PING, 'over TLS');
    ws.write(Buffer.concat([Buffer.from(upgradeRequest(person('ann'))), ping,
        frame(TEXT, `{"type":"ping","x":"${'x'.repeat(60000)}"}`)]));
    assert.equal((await ws.response()).status, 101);
    assert.equal((await ws.frameOf(PONG)).payload.toString(), 'over TLS');
    assert.equal((await ws.frameOf(TEXT)).json.type, 'pong');
    ws.leave();
}));

test('who does not speak TLS to a TLS address, or TLS to a plain one, is shown out', () =>
    withTls(async (server, at) => {
        for (const bytes of [request('/healthz'), '\x16\x03\x01\x00\x05nonse',
            '\x16\x03\x01\xff\xff',
            '\x80\x2e\x01\x00\x02', '\0'.repeat(1000), '\x15\x03\x03\x00\x02\x02\x28']) {
            const raw = await Raw.open(at.tls);
            raw.write(Buffer.from(bytes, 'latin1'));
            raw.finish();
            await raw.ended();
            assert.ok(!raw.rest.includes('HTTP/'), 'no word in the clear');
        }
        await assert.rejects(Raw.open(at.plain, { tls: {} }),
            /wrong version|packet|SSL|ECONNRESET/i);
        const raw = await Raw.open(at.tls, { tls: {} });
        raw.write(request('/healthz'));
        assert.equal((await raw.response()).status, 200);
        raw.leave();
    }));

test('a handshake without an end is over after hello_ms', () => withTls(async (server, at) => {
    const silent = await Raw.open(at.tls);
    const half = await Raw.open(at.tls);
    half.write(Buffer.from('1603010200010001fc0303', 'hex'));
    const idle = await Raw.open(at.tls, { tls: {} });
    await Promise.all([silent.ended(), half.ended(), idle.ended()]);
}, { set: { 'limits.hello_ms': 800 } }));

test('on SIGHUP newcomers see the new certificate, and nobody is disturbed', () =>
    withTls(async (server, at) => {
        await server.cli('room', 'add', 'salon');
        const ann = await wss(at.tls, person('ann'));
        const frames = [];
        let wake = () => {};
        ann.on('message', (data) => {
            frames.push(JSON.parse(data));
            wake();
        });
        const next = async () => {
            while (frames.length === 0) {
                await within(new Promise((resolve) => { wake = resolve; }), () => 'a frame');
            }
            return frames.shift();
        };
        assert.equal(await shownTo(at.tls), first.fingerprint);
        for (const [which, other] of [[second, first], [first, second]]) {
            await copyFile(which.cert, at.cert);
            await copyFile(which.key, at.key);
            assert.equal(await shownTo(at.tls), other.fingerprint, 'not before it is told');
            await reload(server);
            assert.equal(await shownTo(at.tls), which.fingerprint);
            assert.equal(await shownTo(at.tls, { maxVersion: 'TLSv1.2' }), which.fingerprint);
            ann.send(JSON.stringify({ type: 'message', room: 'salon', content: 'still here' }));
            assert.equal((await next()).data.content, 'still here');
        }
        ann.terminate();
    }));

test('a session ticket from before a reload does no harm', () => withTls(async (server, at) => {
    const raw = await Raw.open(at.tls, { tls: { maxVersion: 'TLSv1.2' } });
    const session = raw.socket.getSession();
    raw.leave();
    await copyFile(second.cert, at.cert);
    await copyFile(second.key, at.key);
    await reload(server);
    assert.equal(await shownTo(at.tls, { maxVersion: 'TLSv1.2', session }), second.fingerprint);
}));

test('a bad certificate on SIGHUP leaves the old one, and the log says why', () =>
    withTls(async (server, at) => {
        const bad = [
            async () => writeFile(at.cert, 'no certificate'),
            async () => writeFile(at.key, ''),
            async () => copyFile(second.key, at.key),    // not of this certificate
            async () => rm(at.cert),
            async () => rm(at.key),
        ];
        for (const spoil of bad) {
            await copyFile(first.cert, at.cert);
            await copyFile(first.key, at.key);
            await spoil();
            await reload(server, /lvl=error ev=config\.refused why="tls: [^\n]*\.pem/);
            assert.equal(await shownTo(at.tls), first.fingerprint);
        }
        await copyFile(second.cert, at.cert);
        await copyFile(second.key, at.key);
        await reload(server);
        assert.equal(await shownTo(at.tls), second.fingerprint);
    }));

test('a TLS address speaks TLS until a restart, whatever the file says', async () => {
    const config = join(dir, 'parloir.conf');
    await writeFile(config, '[hub]\nlisten = tls:127.0.0.1:0\n' +
        `[tls]\ncert = ${first.cert}\nkey = ${first.key}\n`);
    const server = await Server.start({ args: ['--config', config] });
    const address = server.hub.replace(/^tls:/, '');
    assert.equal(await shownTo(address), first.fingerprint);
    await writeFile(config, '[hub]\nlisten = 127.0.0.1:0\n');
    await reload(server, /ev=config\.reloaded needs_restart="?hub\.listen/);
    const raw = await Raw.open(address);
    raw.write(request('/'));
    raw.finish();
    await raw.ended();
    assert.ok(!raw.rest.includes('HTTP/'), 'no word in the clear');
    assert.equal(await shownTo(address), first.fingerprint);
    await server.remove();
});

test('files that are missing or wrong end the start with 2 and a name', async () => {
    const data = join(dir, 'data');
    const cases = [
        [['tls.cert=/nowhere/cert.pem', `tls.key=${first.key}`], /\/nowhere\/cert\.pem/],
        [[`tls.cert=${first.cert}`, 'tls.key=/nowhere/key.pem'], /\/nowhere\/key\.pem/],
        [[`tls.cert=${first.cert}`, `tls.key=${second.key}`], /not the key/],
        [[`tls.cert=${first.key}`, `tls.key=${first.key}`], /not a PEM certificate/],
        [[`tls.cert=${first.cert}`], /tls\.key/],
        [[], /tls\.cert/],
    ];
    for (const [set, pattern] of cases) {
        const args = ['serve', '--data', data, '--set', 'http.listen=tls:127.0.0.1:0',
            ...set.flatMap((s) => ['--set', s])];
        const { code, err } = await parloir(args, { env: { JWT_SECRET } });
        assert.equal(code, 2, err);
        assert.match(err, pattern);
    }
});
