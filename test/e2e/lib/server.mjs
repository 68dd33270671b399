/* A Parloir of its own for a test file: started on free ports in a directory of its own, ended by
 * its process id, killed and started again on the same data.
 *
 *     const server = await Server.start({ set: { 'limits.profile': 'open' } });
 *     await server.cli('room', 'add', 'general');
 *     new WebSocket(`ws://${server.http}/ws/hub?token=${token({ user_id: 1, username: 'ann' })}`);
 *     await server.remove();
 *
 * The program is $PARLOIR_BIN, else $PARLOIR, else build/parloir. PARLOIR_SLOW stretches every
 * deadline, for builds with sanitizers. */
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const program = process.env.PARLOIR_BIN || process.env.PARLOIR ||
    fileURLToPath(new URL('../../../build/parloir', import.meta.url));

/* Milliseconds a test may wait for something that ought to happen at once. */
export const PATIENCE_MS = 10_000 * Number(process.env.PARLOIR_SLOW || 1);

export const JWT_SECRET = 'a secret of the tests, longer than 32 bytes';

/* The promise, or an error that says what was waited for. */
export function within(promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`waited in vain for ${what()}`)), PATIENCE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/* A JWT with these claims, signed HS256, good for an hour unless they say otherwise. */
export function token(claims, { secret = JWT_SECRET, alg = 'HS256' } = {}) {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const signed = `${base64url({ alg, typ: 'JWT' })}.${base64url({ exp, ...claims })}`;
    const hash = createHmac('sha256', secret).update(signed).digest('base64url');
    return `${signed}.${alg === 'none' ? '' : hash}`;
}

export class Server {
    #options;
    #child;
    #exited;
    #log = [];

    /* Starts one in a new directory. set: configuration; env: beside JWT_SECRET; args: flags;
     * under: where the directory is made; through: a command that runs it, such as prlimit. */
    static async start({ set = {}, env = {}, args = [], under = tmpdir(), through = [] } = {}) {
        const server = new Server();
        server.dir = await mkdtemp(join(under, 'parloir-'));
        server.#options = { set, env, args, through };
        try {
            await server.#spawn();
        } catch (error) {
            await server.kill();
            await rm(server.dir, { recursive: true, force: true });
            throw error;
        }
        return server;
    }

    get pid() {
        return this.#child.pid;
    }

    /* What it has logged so far. */
    get log() {
        return this.#log.join('\n');
    }

    get #env() {
        const { PATH, ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS } = process.env;
        return {
            PATH,
            ...(ASAN_OPTIONS && { ASAN_OPTIONS }),
            ...(UBSAN_OPTIONS && { UBSAN_OPTIONS }),
            ...(TSAN_OPTIONS && { TSAN_OPTIONS }),
            JWT_SECRET,
            ...this.#options.env,
        };
    }

    async #spawn() {
        const { set, args, through } = this.#options;
        const settings = { 'http.listen': '127.0.0.1:0', 'tchatator.listen': '', ...set };
        const flags = Object.entries(settings).flatMap((pair) => ['--set', pair.join('=')]);
        const command = [...through, program, 'serve', '--data', this.dir, ...flags, ...args];
        const child = spawn(command[0], command.slice(1),
            { env: this.#env, stdio: ['ignore', 'ignore', 'pipe'] });
        const stop = () => child.kill('SIGKILL');

        this.#child = child;
        process.once('exit', stop);
        this.#exited = new Promise((resolve) => {
            child.once('error', (error) => resolve({ error }));
            child.once('exit', (code, signal) => resolve({ code, signal }));
        });
        this.#exited.then(() => process.removeListener('exit', stop));
        await within(Promise.race([this.#ready(child), this.#died()]),
            () => `"ready":\n${this.log}`);
    }

    async #died() {
        const how = await this.#exited;
        throw new Error(`the server ended (${JSON.stringify(how)}):\n${this.log}`);
    }

    /* Reads the log; at its line `ev=server.ready` learns the addresses. */
    #ready(child) {
        return new Promise((resolve) => {
            let rest = '';
            child.stderr.setEncoding('utf8');
            child.stderr.on('data', (text) => {
                const lines = (rest + text).split('\n');
                rest = lines.pop();
                for (const line of lines) {
                    this.#log.push(line);
                    if (line.includes('ev=server.ready')) {
                        this.http = /\bhttp="?([^\s",]+)/.exec(line)?.[1];
                        this.hub = /\bhub="?([^\s",]+)/.exec(line)?.[1];
                        this.tchatator = /\btchatator="?([^\s",]+)/.exec(line)?.[1];
                        resolve();
                    }
                }
            });
        });
    }

    /* Runs the command line on this server's data. The answer without its last newline. */
    cli(...args) {
        return new Promise((resolve, reject) => {
            execFile(program, [...args, '--data', this.dir], { env: this.#env },
                (error, stdout, stderr) => error
                    ? reject(new Error(`parloir ${args.join(' ')}: ${stderr || error.message}`))
                    : resolve(stdout.trimEnd()));
        });
    }

    /* Asks it to end in order; how it ended. */
    async stop() {
        this.#child.kill('SIGTERM');
        return within(this.#exited, () => `the end after SIGTERM:\n${this.log}`);
    }

    /* Ends it as a power cut would. */
    async kill() {
        this.#child.kill('SIGKILL');
        return this.#exited;
    }

    /* Starts it again, on the same data and perhaps on other ports. */
    async restart() {
        await this.#exited;
        await this.#spawn();
    }

    /* Ends it and removes its directory. Fails if it did not end in order. */
    async remove() {
        const { code, signal } = await this.stop();
        await rm(this.dir, { recursive: true, force: true });
        if (code !== 0 && signal !== 'SIGKILL') {
            throw new Error(`exit status ${code}, signal ${signal}:\n${this.log}`);
        }
    }
}
