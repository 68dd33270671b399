/* Two innocent people who chat without a pause while others misbehave. However the server is
 * attacked, every word of theirs must arrive, once, in order, and soon. */
import assert from 'node:assert/strict';

import { HubClient, person } from './hub.mjs';
import { PATIENCE_MS } from './server.mjs';

/* What a word may take, there and back. */
const WORD_MS_MAX = PATIENCE_MS / 5;

export class Bystander {
    #isOver = false;
    #chat;
    #waiting = [];
    words = 0;
    slowestMs = 0;

    /* Begins to chat in a room of its own. The server must not limit messages. */
    static async start(server) {
        const one = new Bystander();
        await server.cli('room', 'add', 'square');
        one.ann = await HubClient.connect(server.http, person('ann-by'));
        one.bob = await HubClient.connect(server.http, person('bob-by'));
        await one.ann.ask({ type: 'join', room: 'square' });
        await one.bob.ask({ type: 'join', room: 'square' });
        one.#chat = one.#talk();
        one.#chat.catch(() => {});    // told by calm() and stop()
        return one;
    }

    async #talk() {
        while (!this.#isOver) {
            this.words += 1;
            const began = performance.now();
            const said = { type: 'message', room: 'square', content: `word ${this.words}` };
            const heard = { type: 'message', data: { content: said.content, seq: this.words } };
            this.ann.send(said);
            await this.ann.expect(heard);
            await this.bob.expect(heard);
            this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
            for (const wake of this.#waiting.splice(0)) {
                wake();
            }
        }
    }

    /* Three more words have gone through, and none was slow. */
    async calm() {
        const until = this.words + 3;
        while (this.words < until) {
            await Promise.race([this.#chat, new Promise((wake) => this.#waiting.push(wake))]);
        }
        const slowest = this.slowestMs;
        this.slowestMs = 0;
        assert.ok(slowest <= WORD_MS_MAX, `a word took ${Math.round(slowest)} ms`);
    }

    /* Falls silent, and finds that nothing else has come. */
    async stop() {
        this.#isOver = true;
        await this.#chat;
        await this.ann.silence();
        await this.bob.silence();
        await Promise.all([this.ann.close(), this.bob.close()]);
    }
}
