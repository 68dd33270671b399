/* Whoever reads the log may stall, and whoever knocks may knock often: neither stops the server, and
 * what was not written is counted. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { program } from './lib/cli.mjs';
import { Raw, upgradeRequest } from './lib/raw.mjs';
import { JWT_SECRET, within } from './lib/server.mjs';

const { PATH, ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS } = process.env;
const STRANGERS = 2000;
const SUPPRESSED = /ev=log\.suppressed event=origin\.refused count=(\d+)/g;
const { O_NONBLOCK, O_RDWR } = constants;

/* A server whose standard error is a pipe that is read when the test says so. */
class Muffled {
    #pipe;    // ours, both ends
    #exited;
    text = '';

    static async start() {
        const one = new Muffled();
        one.dir = await mkdtemp(join(tmpdir(), 'parloir-log-'));
        const path = join(one.dir, 'stderr');
        await promisify(execFile)('mkfifo', [path]);
        one.#pipe = openSync(path, O_RDWR | O_NONBLOCK);
        const theirs = openSync(path, 'w');    // blocks who writes to it
        const set = ['http.listen=127.0.0.1:0', 'tchatator.listen=',
            'http.origins=https://chat.example.org'].flatMap((option) => ['--set', option]);
        one.child = spawn(program, ['serve', '--data', join(one.dir, 'data'), ...set], {
            env: {
                PATH, JWT_SECRET,
                ...(ASAN_OPTIONS && { ASAN_OPTIONS }),
                ...(UBSAN_OPTIONS && { UBSAN_OPTIONS }),
                ...(TSAN_OPTIONS && { TSAN_OPTIONS }),
            },
            stdio: ['ignore', 'ignore', theirs],
        });
        closeSync(theirs);
        one.#exited = new Promise((resolve) => {
            one.child.once('exit', (code, signal) => resolve({ code, signal }));
        });
        await one.reads(() => /ev=server\.ready/.test(one.text), 'server.ready');
        one.http = /\bhttp="?([^\s",]+)/.exec(one.text)[1];
        return one;
    }

    #read() {
        const bytes = Buffer.alloc(65536);
        try {
            this.text += bytes.toString('utf8', 0, readSync(this.#pipe, bytes));
        } catch (error) {
            assert.equal(error.code, 'EAGAIN');
        }
    }

    /* Reads until that is so. */
    async reads(isSo, what) {
        const look = async () => {
            for (this.#read(); !isSo(); this.#read()) {
                await new Promise((resolve) => setImmediate(resolve));
            }
        };
        await within(look(), () => `${what} in the log:\n${this.text.slice(-5000)}`);
    }

    /* Leaves no room in the pipe, not for a byte. */
    stuff() {
        for (const size of [4096, 1]) {
            try {
                for (;;) {
                    writeSync(this.#pipe, Buffer.alloc(size, '\n'));
                }
            } catch (error) {
                assert.equal(error.code, 'EAGAIN');
            }
        }
    }

    async stop() {
        this.child.kill('SIGTERM');
        return within(this.#exited, () => 'the end after SIGTERM');
    }

    async remove() {
        this.child.kill('SIGKILL');
        closeSync(this.#pipe);
        await rm(this.dir, { recursive: true, force: true });
    }
}

async function muffled(run) {
    const server = await Muffled.start();
    try {
        await run(server);
    } finally {
        await server.remove();
    }
}

/* Knocks so often, each time from another page that is not welcome. */
async function knock(server) {
    for (let i = 0; i < STRANGERS; i++) {
        const raw = await Raw.open(server.http);
        raw.write(upgradeRequest(null, { extra: [`Origin: https://evil-${i}.example`] }));
        assert.equal((await raw.response()).status, 403, `request ${i}`);
        raw.leave();
    }
}

test('a log that nobody reads keeps nobody waiting, not even the end', () =>
    muffled(async (server) => {
        server.stuff();
        await within(knock(server), () => `${STRANGERS} answers`);
        assert.deepEqual(await server.stop(), { code: 0, signal: null });
    }));

test('a log that is read again has every line, or says how many it has not', () =>
    muffled(async (server) => {
        server.stuff();
        await knock(server);
        const count = () => [...server.text.matchAll(SUPPRESSED)]
            .reduce((sum, [, n]) => sum + Number(n),
                server.text.match(/ev=origin\.refused/g)?.length ?? 0);
        await server.reads(() => count() >= STRANGERS, 'every stranger');
        assert.equal(count(), STRANGERS);
        assert.match(server.text, /origin="?https:\/\/evil-0\.example/);
        assert.ok(server.text.match(SUPPRESSED), 'some were only counted');
        assert.deepEqual(await server.stop(), { code: 0, signal: null });
        await server.reads(() => /ev=server\.stopped status=0\n$/.test(server.text), 'the end');
    }));
