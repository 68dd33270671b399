/* The machine under the server, and ways to make it fail: shims, limits, small disks; and what the
 * server says of itself meanwhile. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Server } from '../../e2e/lib/server.mjs';

const program = process.env.PARLOIR_BIN || process.env.PARLOIR ||
    fileURLToPath(new URL('../../../build/parloir', import.meta.url));

/* What every server of these tests goes by: nobody is too fast, or one too many. */
export const OPEN = {
    'limits.profile': 'open',
    'limits.connections_per_address': 0,
    'server.workers': 2,
};

/* How often a test repeats what it does: PARLOIR_FAULT_RUNS, or as many as there is time for. */
export const runs = (otherwise) => Number(process.env.PARLOIR_FAULT_RUNS || otherwise);

/* For every test: one that hangs is a failure, and not the end of the whole run. */
export const LIMIT = { timeout: 60_000 * Math.max(1, runs(20) / 20) };

/* ---- chance */

/* Numbers from 0 to 1 from a seed: PARLOIR_FAULT_SEED, or the clock. The test prints it. */
export class Chance {
    constructor(t) {
        this.seed = Number(process.env.PARLOIR_FAULT_SEED || Date.now() % 1_000_000);
        this.state = this.seed;
        t.diagnostic(`PARLOIR_FAULT_SEED=${this.seed}`);
    }

    draw() {
        this.state = (this.state + 0x6d2b79f5) | 0;
        let n = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
        n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
        return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
    }

    between(low, high) {
        return low + Math.floor(this.draw() * (high - low));
    }
}

/* ---- shims */

const shimPath = (name) => join(dirname(program), 'test', 'faults', `${name}.so`);

/* Why the shims cannot be used with this build, or false: for a test's option `skip`. */
export const noShims = existsSync(shimPath('power')) ? false
    : `there is no ${shimPath('power')}: a sanitizer's build has no shims`;

/* A server over shims, in a directory of its own that they look at. See README.md for the words. */
export class Bewitched {
    static async start(shims, { words = '', set = {}, under = tmpdir(), ...options } = {}) {
        const b = new Bewitched();
        b.home = await mkdtemp(join(under, 'parloir-faults-'));
        b.books = await mkdtemp(join(tmpdir(), 'parloir-control-'));
        b.control = join(b.books, 'control');
        b.say(words);
        b.server = await Server.start({
            ...options,
            under: b.home,
            set: { ...OPEN, ...set },
            env: {
                LD_PRELOAD: shims.map(shimPath).join(':'),
                FAULT_DIR: b.home,
                FAULT_CONTROL: b.control,
                FAULT_SEED: '1',
                ...options.env,
            },
        });
        return b;
    }

    /* From now on: `delay_ms=200`, `call=write errno=ENOSPC at=1`. */
    say(words) {
        writeFileSync(`${this.control}.new`, `${words}\n`);
        renameSync(`${this.control}.new`, this.control);
    }

    async remove() {
        await this.server?.kill();
        await rm(this.home, { recursive: true, force: true });
        await rm(this.books, { recursive: true, force: true });
    }
}

/* ---- disks */

/* Mounts a disk in memory of so many bytes; its path, or null where that is not allowed. */
export async function smallDisk(bytes) {
    const dir = await mkdtemp(join(tmpdir(), 'parloir-disk-'));
    try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir],
            { stdio: 'ignore' });
        return dir;
    } catch {
        await rm(dir, { recursive: true });
        return null;
    }
}

export async function removeDisk(dir) {
    execFileSync('umount', ['-l', dir]);
    await rm(dir, { recursive: true, force: true });
}

/* Writes `file` until the disk is full, to the last page. */
export function fillDisk(file) {
    for (const bytes of [65536, 4096]) {
        const block = Buffer.alloc(bytes, 'x');
        try {
            for (;;) {
                writeFileSync(file, block, { flag: 'a' });
            }
        } catch (error) {
            if (error.code !== 'ENOSPC') {
                throw error;
            }
        }
    }
}

/* ---- what the server says, and what it costs */

/* /readyz: { status, body }. */
export async function readiness(server) {
    const response = await fetch(`http://${server.http}/readyz`,
        { headers: { connection: 'close' } });
    return { status: response.status, body: await response.json() };
}

/* Waits a second at most until /readyz has this status; its body. */
export async function readinessSays(server, status) {
    let last;
    await until(async () => {
        last = await readiness(server);
        return last.status === status;
    }, 1000, `readiness ${status}`);
    return last.body;
}

/* Waits until `look` gives true; returns the milliseconds it took, or throws after `atMost`. */
export async function until(look, atMost, what) {
    const began = performance.now();
    for (;;) {
        if (await look()) {
            return performance.now() - began;
        }
        if (performance.now() - began > atMost) {
            throw new Error(`not within ${atMost} ms: ${what}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
}

/* /metrics as a map from `name{labels}` to numbers. */
export async function metrics(server) {
    const response = await fetch(`http://${server.http}/metrics`,
        { headers: { connection: 'close' } });
    const text = await response.text();
    return new Map(text.split('\n').filter((line) => line && line[0] !== '#')
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/* The sum of a metric over its labels. */
export const total = (found, name) => [...found]
    .filter(([key]) => key === name || key.startsWith(`${name}{`))
    .reduce((sum, [, value]) => sum + value, 0);

/* Seconds of CPU time the process has used. */
export function cpuSeconds(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;    // utime, stime, in ticks
}

/* Descriptors this process may have open. */
export const limitOfFiles = () =>
    Number(/Max open files +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);

/* The p-th percentile, p from 0 to 1. */
export const percentile = (numbers, p) =>
    [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * p)];
