/* What has come to a client and was not taken yet, in order, and whoever waits for more. */
import { PATIENCE_MS, within } from './server.mjs';

/* Asks again and again until it is so, for what cannot be waited for: a file, a log, a count. */
export async function until(isSo, what) {
    const end = performance.now() + PATIENCE_MS;
    while (!await isSo()) {
        if (performance.now() > end) {
            throw new Error(`waited in vain for ${what()}`);
        }
        await new Promise((resolve) => setImmediate(resolve));
    }
}

/* Whether `value` has everything `wanted` has; a function is asked. */
export function matches(value, wanted) {
    if (typeof wanted === 'function') {
        return wanted(value);
    }
    if (wanted === null || typeof wanted !== 'object') {
        return Object.is(value, wanted);
    }
    return value !== null && typeof value === 'object' &&
        (!Array.isArray(wanted) || wanted.length === value.length) &&
        Object.keys(wanted).every((key) => matches(value[key], wanted[key]));
}

/* The value for people who read why a test failed. */
export const shown = (value) =>
    JSON.stringify(value, (_, v) => (typeof v === 'function' ? v.toString() : v));

export class Inbox {
    #items = [];
    #waiting = [];
    #isOver = false;

    /* Things that were not taken yet. */
    get items() {
        return this.#items;
    }

    push(item) {
        this.#items.push(item);
        this.#wake();
    }

    /* Nothing more will come. */
    end() {
        this.#isOver = true;
        this.#wake();
    }

    #wake() {
        for (const wake of this.#waiting.splice(0)) {
            wake();
        }
    }

    /* Takes out the first thing that `pick` likes, once there is one; the others stay. */
    take(pick, what) {
        const search = async () => {
            for (;;) {
                const i = this.#items.findIndex(pick);
                if (i >= 0) {
                    return this.#items.splice(i, 1)[0];
                }
                if (this.#isOver) {
                    throw new Error(`the end came before ${what()}; there is ` +
                        shown(this.#items));
                }
                await new Promise((wake) => this.#waiting.push(wake));
            }
        };
        return within(search(), () => `${what()}; there is ${shown(this.#items)}`);
    }

    /* Throws away what has come and is liked by `pick`. */
    drop(pick) {
        this.#items = this.#items.filter((item) => !pick(item));
    }
}
