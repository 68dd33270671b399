/* The command line under test: a data directory, with a server on it or without, and one function
 * that runs a command there and tells everything about how it went. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PATIENCE_MS, Server } from './server.mjs';

export const program = process.env.PARLOIR_BIN || process.env.PARLOIR ||
    fileURLToPath(new URL('../../../build/parloir', import.meta.url));

const { PATH, ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS } = process.env;
const environment = {
    PATH,
    ...(ASAN_OPTIONS && { ASAN_OPTIONS }),
    ...(UBSAN_OPTIONS && { UBSAN_OPTIONS }),
    ...(TSAN_OPTIONS && { TSAN_OPTIONS }),
};

/* Runs the program with these arguments and nothing else. Never throws for an exit status; a
 * program that does not end is killed, and has none. */
export function parloir(args, { input = '', env = {} } = {}) {
    return new Promise((resolve) => {
        const child = execFile(program, args,
            { env: { ...environment, ...env }, maxBuffer: 1 << 28, timeout: 3 * PATIENCE_MS,
                killSignal: 'SIGKILL' },
            (error, out, err) => resolve({ code: error ? error.code : 0, out, err }));
        child.stdin.on('error', () => {});    // it may end without reading
        child.stdin.end(input);
    });
}

/* A place where commands are run: `dir` is its data directory. */
export class Place {
    static async withServer(options = {}) {
        const place = new Place();
        place.server = await Server.start({ ...options, env: { JWT_SECRET: '', ...options.env } });
        place.dir = place.server.dir;
        return place;
    }

    static async withoutServer() {
        const place = new Place();
        place.parent = await mkdtemp(join(tmpdir(), 'parloir-'));
        place.dir = join(place.parent, 'data');
        return place;
    }

    /* Runs a command on the data directory. An object at the end of `args` holds options. */
    run(...args) {
        const options = typeof args.at(-1) === 'object' ? args.pop() : {};
        return parloir([...args, '--data', this.dir], options);
    }

    /* Runs a command that must succeed, and gives what it printed, without the last newline. */
    async ok(...args) {
        const { code, out, err } = await this.run(...args);
        if (code !== 0 || err !== '') {
            throw new Error(`${args.join(' ')}: exit ${code}, said ${JSON.stringify(err)}`);
        }
        return out.replace(/\n$/, '');
    }

    /* The same with --json: the objects, one for each line. */
    async json(...args) {
        const text = await this.ok(...args.filter((a) => typeof a === 'string'), '--json',
            ...args.filter((a) => typeof a === 'object'));
        return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
    }

    async remove() {
        await this.server?.remove();
        if (this.parent) {
            await rm(this.parent, { recursive: true, force: true });
        }
    }
}
