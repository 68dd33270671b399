/* Pings a connection from a thread of its own, so that what is measured is the server and not this
 * process's own business.
 *
 *     const pinger = await Pinger.start(server, client.token);
 *     const times = await pinger.stop();    // milliseconds from each ping to its pong */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const EVERY_MS = 10;    // more than 200 a second is a flood

export class Pinger {
    #worker;

    static async start(server, token) {
        const pinger = new Pinger();
        const url = `ws://${server.http}/ws/hub?token=${token}`;
        pinger.#worker = new Worker(new URL(import.meta.url), { workerData: url });
        await pinger.#next();
        return pinger;
    }

    #next() {
        return new Promise((resolve, reject) => {
            this.#worker.once('message', resolve);
            this.#worker.once('error', reject);
        });
    }

    async stop() {
        const times = this.#next();
        this.#worker.postMessage('stop');
        const found = await times;
        await this.#worker.terminate();
        return found;
    }
}

async function pingOn() {
    const WebSocket = createRequire(new URL('../../e2e/package.json', import.meta.url))('ws');
    const socket = new WebSocket(workerData, { perMessageDeflate: false });
    const times = [];
    let isOver = false;
    parentPort.once('message', () => { isOver = true; });
    await new Promise((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
    });
    parentPort.postMessage('ready');
    while (!isOver) {
        const began = performance.now();
        const pong = new Promise((resolve) => socket.once('pong', resolve));
        socket.ping();
        await pong;
        times.push(performance.now() - began);
        await sleep(EVERY_MS);
    }
    socket.terminate();
    parentPort.postMessage(times);
}

if (!isMainThread) {
    await pingOn();
}
