/* The life of the process: what a configuration must be at the start, what SIGHUP takes up, how
 * SIGTERM ends it, and what it tells those who wait for it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Bystander } from './lib/bystander.mjs';
import { parloir } from './lib/cli.mjs';
import { HubClient, person, refusal } from './lib/hub.mjs';
import { Raw, request, upgradeRequest } from './lib/raw.mjs';
import { JWT_SECRET, PATIENCE_MS, Server, token, within } from './lib/server.mjs';

let dir;
let files = 0;

before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parloir-reload-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/* Runs a test with a server that has a configuration file. `change` rewrites the file, sends
 * SIGHUP and waits for the log line that tells what came of it. */
async function configured(text, run, options = {}) {
    files += 1;
    const file = join(dir, `${files}.conf`);
    await writeFile(file, text);
    const server = await Server.start({ ...options, args: ['--config', file] });
    const change = async (fresh, pattern = /ev=config\.reloaded/) => {
        await (fresh === null ? rm(file) : writeFile(file, fresh));
        return hup(server, pattern);
    };
    try {
        await run(server, change, file);
    } finally {
        await server.remove();
    }
}

/* Sends SIGHUP; the line of the log that it led to. */
async function hup(server, pattern) {
    const before = server.log.length;
    process.kill(server.pid, 'SIGHUP');
    return logged(server, pattern, before);
}

/* Waits for a line of the log that came behind `from`. */
async function logged(server, pattern, from = 0) {
    const look = async () => {
        for (;;) {
            const line = server.log.slice(from).split('\n').find((l) => pattern.test(l));
            if (line) {
                return line;
            }
            await new Promise((resolve) => setImmediate(resolve));
        }
    };
    return within(look(), () => `${pattern} in the log:\n${server.log.slice(from)}`);
}

/* ---- SIGHUP */

test('SIGHUP takes up the level of the log', () =>
    configured('[log]\nlevel = info\n', async (server, change) => {
        const come = async () => (await HubClient.connect(server.http, person('ann'))).close();
        await come();
        assert.ok(!server.log.includes('lvl=debug'));
        await change('[log]\nlevel = debug\n');
        await come();
        await logged(server, /lvl=debug ev=session\.opened/);
        await change('[log]\nlevel = info\nformat = json\n', /"ev":"config.reloaded"/);
        const { ev, lvl } = JSON.parse(server.log.split('\n').at(-1));
        assert.deepEqual([ev, lvl], ['config.reloaded', 'info']);
    }));

test('SIGHUP takes up limits, also for those who are connected', () =>
    configured('[limits]\nmessage_chars = 100\nhub.per_minute = 999\n', async (server, change) => {
        await server.cli('room', 'add', 'salon');
        const ann = await HubClient.connect(server.http, person('ann'));
        const says = (n) => ann.ask({ type: 'message', room: 'salon', content: 'x'.repeat(n) });
        assert.equal((await says(100)).type, 'message');
        assert.equal((await says(101)).type, 'error');
        await change('[limits]\nmessage_chars = 10\nhub.per_minute = 999\n');
        assert.equal((await says(10)).type, 'message');
        assert.equal((await says(11)).type, 'error');
        await change('[limits]\nhub.per_minute = 2\nconnections_per_user = 1\n' +
            'connections_per_address = 2\n');
        assert.equal((await says(4000)).data?.code, 'RATE_LIMITED');    // it has spoken twice
        const again = `ws://${server.http}/ws/hub?token=${ann.who.token}`;
        assert.equal((await refusal(again)).status, 429);
        await change('[limits]\nconnections_per_address = 100\nhello_ms = 300\n');
        const silent = await Raw.open(server.http);
        const began = performance.now();
        await silent.ended();
        assert.ok(performance.now() - began < PATIENCE_MS / 2);
        assert.equal((await says(4000)).type, 'message');
    }));

test('SIGHUP takes up origins', () =>
    configured('[http]\norigins = https://a.example\n', async (server, change) => {
        const from = async (origin) => {
            const raw = await Raw.open(server.http);
            raw.write(upgradeRequest(person('ann'), { extra: [`Origin: ${origin}`] }));
            const { status } = await raw.response();
            raw.leave();
            return status;
        };
        assert.equal(await from('https://a.example'), 101);
        assert.equal(await from('https://b.example'), 403);
        await change('[http]\norigins = https://b.example\n');
        assert.equal(await from('https://a.example'), 403);
        assert.equal(await from('https://b.example'), 101);
        await change('');
        assert.equal(await from('https://c.example'), 101);
    }));

test('SIGHUP takes up the secret of tokens; who is in stays in', () => {
    const [old, fresh] = ['the old secret, thirty-two bytes!', 'the new secret, thirty-two bytes!'];
    const who = { user_id: 5, username: 'ann' };
    return configured(`[auth]\njwt_secret = ${old}\n`, async (server, change) => {
        const withOld = { token: token(who, { secret: old }) };
        const withNew = { token: token(who, { secret: fresh }) };
        const ann = await HubClient.connect(server.http, withOld);
        assert.equal((await refusal(`ws://${server.http}/ws/hub?token=${withNew.token}`)).status,
            401);
        await change(`[auth]\njwt_secret = ${fresh}\n`);
        assert.equal((await refusal(`ws://${server.http}/ws/hub?token=${withOld.token}`)).status,
            401);
        await (await HubClient.connect(server.http, withNew)).close();
        await ann.silence();
        await change('[auth]\njwt_secret = too short\n',
            /ev=config\.refused .*jwt_secret|ev=config\.refused .*32/);
        await (await HubClient.connect(server.http, withNew)).close();
        assert.ok(!server.log.includes(old) && !server.log.includes(fresh));
        assert.ok(!server.log.includes('too short'));
    }, { env: { JWT_SECRET: '' } });
});

test('a file that is broken leaves everything as it was, and the log says where', () =>
    configured('[limits]\nmessage_chars = 10\n', async (server, change, file) => {
        await server.cli('room', 'add', 'salon');
        const ann = await HubClient.connect(server.http, person('ann'));
        const cases = [
            ['[limits]\nmessage_chars = 20\nmessage_chars_max = 5\n', /\.conf:3/,
                /message_chars_max/],
            ['[limits]\nmessage_chars = 20\n[log]\nlevel = loud\n', /\.conf:4/, /log\.level/],
            ['[limits]\nmessage_chars = many\n', /\.conf:2/, /limits\.message_chars/],
            ['[limits]\nmessage_chars = 0\n', /\.conf:2/, /limits\.message_chars/],
            ['[limits]\nmessage_chars = 20\nnonsense\n', /\.conf:3/, /key = value/],
            ['[limits\nmessage_chars = 20\n', /\.conf:1/, /section/],
            ['\0[limits]\nmessage_chars = 20\n', /\.conf/, /not a text file/],
            ['[limits]\nmessage_chars = 20\n[http]\norigins = nonsense\n', /http\.origins/,
                /scheme/],
            [null, /\.conf/, /cannot be read/],
        ];
        for (const [text, where, what] of cases) {
            const line = await change(text, /lvl=error ev=config\.refused/);
            assert.match(line, where);
            assert.match(line, what);
            assert.match(line, /kept="the old one"/);
            const long = await ann.ask({ type: 'message', room: 'salon', content: 'x'.repeat(15) });
            assert.equal(long.type, 'error');
        }
        assert.ok(file);
        await change('[limits]\nmessage_chars = 20\n');
        const long = await ann.ask({ type: 'message', room: 'salon', content: 'x'.repeat(15) });
        assert.equal(long.type, 'message');
    }));

test('what only a restart can change is named', () =>
    configured('[server]\ncredits = 4096\n', async (server, change) => {
        const line = await change('[server]\ncredits = 100\n[limits]\nmessage_bytes = 128KiB\n');
        assert.match(line, /needs_restart="?[^"]*server\.credits/);
        assert.match(line, /limits\.message_bytes/);
        assert.match(await change('[server]\ncredits = 4096\n'), /needs_restart=""/);
    }));

test('any number of reloads disturb nobody', () =>
    configured('[limits]\nprofile = open\n', async (server, change) => {
        const bystander = await Bystander.start(server);
        for (let i = 0; i < 50; i++) {
            await change(`[limits]\nprofile = open\nmessage_chars = ${100 + i}\n`);
        }
        for (let i = 0; i < 100; i++) {
            process.kill(server.pid, 'SIGHUP');
        }
        await bystander.calm();
        await bystander.stop();
    }));

/* ---- the start */

test('a configuration that is not understood ends with 2, naming file, line and key', async () => {
    const file = join(dir, 'wrong.conf');
    const serve = (...args) => parloir(['serve', '--data', join(dir, 'data'), '--set',
        'http.listen=127.0.0.1:0', ...args], { env: { JWT_SECRET } });
    const cases = [
        ['[limits]\n\nmessage_chars = lots\n', /wrong\.conf:3.*limits\.message_chars/],
        ['; a comment\n[limit]\nmessage_chars = 10\n', /wrong\.conf:3.*limit\.message_chars/],
        ['[limits]\nmesage_chars = 10\n',
            /wrong\.conf:2.*limits\.mesage_chars.*limits\.message_chars/s],
        ['[http]\nlisten = nowhere\n', /wrong\.conf:2.*http\.listen/],
        ['[tls]\ncert = /tmp/x\n', /tls\.cert/],
        ['[store]\nurl = mysql:x\n', /store\.url/],
        ['[limits]\nfollows_per_connection = 65536\n', /wrong\.conf:2.*follows_per_connection/],
        ['hello\n', /wrong\.conf:1/],
    ];
    for (const [text, pattern] of cases) {
        await writeFile(file, text);
        const { code, out, err } = await serve('--config', file);
        assert.equal(code, 2, `${text}: ${err}`);
        assert.equal(out, '');
        assert.match(err, pattern);
    }
    const missing = await serve('--config', join(dir, 'missing.conf'));
    assert.equal(missing.code, 2);
    assert.match(missing.err, /missing\.conf/);
    const flag = await serve('--set', 'log.level=loud');
    assert.equal(flag.code, 2);
    assert.match(flag.err, /--set.*log\.level/);
    const env = await parloir(['serve', '--data', join(dir, 'data')],
        { env: { JWT_SECRET, PARLOIR_LIMITS_MESSAGE_CHARS: 'x' } });
    assert.equal(env.code, 2);
    assert.match(env.err, /PARLOIR_LIMITS_MESSAGE_CHARS/);
});

test('a configuration is refused in the format it asks for', async () => {
    const file = join(dir, 'json.conf');
    const tls = join(dir, 'no.pem');
    const serve = (env, ...args) => parloir(['serve', '--data', join(dir, 'data'), '--set',
        'http.listen=127.0.0.1:0', ...args], { env: { JWT_SECRET, ...env } });
    const cases = [
        ['[log]\nformat = json\n[limits]\nmessage_chars = lots\n', /message_chars/, {}],
        [`[log]\nformat = json\n[tls]\ncert = ${tls}\nkey = ${tls}\n`, /no\.pem/, {}],
        ['hello\n', /json\.conf:1/, { PARLOIR_LOG_FORMAT: 'json' }],
        ['[limits]\nmessage_chars = lots\n', /message_chars/, {}, '--set', 'log.format=json'],
    ];
    for (const [text, pattern, env, ...args] of cases) {
        await writeFile(file, text);
        const { code, err } = await serve(env, '--config', file, ...args);
        assert.equal(code, 2, err);
        const { lvl, ev, why } = JSON.parse(err);
        assert.deepEqual([lvl, ev], ['error', 'config.refused']);
        assert.match(why, pattern);
    }
});

test('a second process on the same data is refused, and the first one goes on', async () => {
    const server = await Server.start();
    const ann = await HubClient.connect(server.http, person('ann'));
    const { code, err } = await parloir(['serve', '--data', server.dir, '--set',
        'http.listen=127.0.0.1:0', '--set', 'tchatator.listen='], { env: { JWT_SECRET } });
    assert.equal(code, 1);
    assert.match(err, new RegExp(`in use by another process \\(${server.pid}\\)`));
    await ann.silence();
    await server.cli('user', 'list');    // its control socket is still the first one's
    await server.remove();
});

test('an address that is taken is named, with exit 1', async () => {
    const server = await Server.start();
    const { code, err } = await parloir(['serve', '--data', join(dir, 'other'), '--set',
        `http.listen=${server.http}`], { env: { JWT_SECRET } });
    assert.equal(code, 1);
    assert.ok(err.includes(server.http), err);
    await server.remove();
});

/* ---- the end */

for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} ends an idle server at once`, async () => {
        const server = await Server.start();
        const began = performance.now();
        process.kill(server.pid, signal);
        assert.deepEqual(await server.stop(), { code: 0, signal: null });
        assert.ok(performance.now() - began < PATIENCE_MS / 5);
        assert.match(server.log, /ev=server\.draining signal=\d+/);
        assert.match(server.log, /ev=server\.stopped status=0/);
        await rm(server.dir, { recursive: true, force: true });
    });
}

test('SIGTERM tells everybody, and waits for nobody who does not answer', async () => {
    const server = await Server.start({ set: { 'limits.profile': 'open', 'server.workers': 2 } });
    await server.cli('room', 'add', 'salon');
    const polite = await Promise.all(Array.from({ length: 20 }, () =>
        HubClient.connect(server.http, person('polite'))));
    const [mute, deaf, half, idle, late] = await Promise.all([
        Raw.upgrade(server.http, person('mute')), Raw.upgrade(server.http, person('deaf')),
        Raw.open(server.http), Raw.open(server.http), Raw.open(server.http)]);
    deaf.stopReading();
    half.write('GET / HTTP/1.1\r\nHost:');
    late.write(request('/healthz'));
    await late.response();
    const asked = polite.map((client, i) =>
        client.ask({ type: 'message', room: 'salon', content: `word ${i}` }));
    const began = performance.now();
    const ended = server.stop();
    const said = await Promise.allSettled(asked);
    for (const client of polite) {
        assert.equal((await client.closed()).code, 1012);
    }
    assert.equal(await mute.closeCode(), 1012);
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.ok(performance.now() - began < PATIENCE_MS / 2);
    await Promise.all([half.ended(), idle.ended(), late.ended(), deaf.ended(), mute.ended()]);

    const kept = said.filter((s) => s.status === 'fulfilled' && s.value.type === 'message');
    await server.restart();    // what was acknowledged is there
    const ann = await HubClient.connect(server.http, person('ann'));
    const { data } = await ann.ask({ type: 'room_history', room: 'salon', limit: 200 });
    const words = new Set(data.map((m) => m.content));
    assert.ok(kept.every((s) => words.has(s.value.data.content)));
    await server.remove();
});

test('a server that is ending lets nobody in', async () => {
    const server = await Server.start({ set: { 'server.workers': 1 } });
    const mute = await Raw.upgrade(server.http, person('mute'));
    const ended = server.stop();
    await mute.closeCode();
    await assert.rejects(Raw.open(server.http), /ECONNREFUSED|ECONNRESET/);
    await ended;
    await rm(server.dir, { recursive: true, force: true });
});

/* ---- systemd */

/* A datagram socket, which Node does not have: every datagram is a line. */
const LISTENER = `
import os, socket, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + path[1:] if path[0] == '@' else path)
print('bound', flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
`;

class Systemd {
    #child;
    #text = '';
    #wake = () => {};

    static async at(path) {
        const one = new Systemd();
        one.#child = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe',
            'inherit'] });
        one.#child.stdout.on('data', (text) => {
            one.#text += text;
            one.#wake();
        });
        await one.hears('bound');
        return one;
    }

    async hears(word) {
        const listen = async () => {
            while (!this.#text.includes(`${word}\n`)) {
                await new Promise((resolve) => { this.#wake = resolve; });
            }
        };
        await within(listen(), () => `${word}; heard ${JSON.stringify(this.#text)}`);
    }

    get heard() {
        return this.#text.trim().split('\n').slice(1);
    }

    leave() {
        this.#child.kill();
    }
}

for (const [kind, pathOf] of [['a path', () => join(dir, 'notify.sock')],
    ['an abstract name', () => `@parloir-notify-${process.pid}`]]) {
    test(`systemd is told through ${kind}`, async () => {
        const path = pathOf();
        const systemd = await Systemd.at(path);
        try {
            const server = await Server.start({ env: { NOTIFY_SOCKET: path } });
            await systemd.hears('READY=1');
            await server.remove();
            await systemd.hears('STOPPING=1');
            assert.deepEqual(systemd.heard, ['READY=1', 'STOPPING=1']);
        } finally {
            systemd.leave();
        }
    });
}

test('a systemd that is not there is no reason to stop', async () => {
    for (const NOTIFY_SOCKET of ['/nowhere/notify.sock', 'x'.repeat(300), '@', 'relative']) {
        const server = await Server.start({ env: { NOTIFY_SOCKET } });
        const ann = await HubClient.connect(server.http, person('ann'));
        await ann.silence();
        await server.remove();
    }
});
