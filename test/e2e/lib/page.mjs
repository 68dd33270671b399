/* A page in a browser: served from a port of its own, so that the server under test is another
 * origin to it, with the document's class and hook as they stand. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { chromium } from 'playwright-core';

import { placed } from './envelope-source.mjs';
import { Inbox } from './inbox.mjs';
import { PATIENCE_MS } from './server.mjs';

const { resolve } = createRequire(import.meta.url);
const ours = (name) => readFile(new URL(`page/${name}`, import.meta.url), 'utf8');
const theirs = (name, file) =>
    readFile(join(dirname(resolve(`${name}/package.json`)), file), 'utf8');

const FILES = {
    '/': ['text/html', () => ours('index.html')],
    '/chat.mjs': ['text/javascript', () => ours('chat.mjs')],
    '/react.mjs': ['text/javascript', () => ours('react.mjs')],
    '/react.js': ['text/javascript', () => theirs('react', 'umd/react.development.js')],
    '/react-dom.js': ['text/javascript',
        () => theirs('react-dom', 'umd/react-dom.development.js')],
    '/web-socket-client.js': ['text/javascript', () => placed('web-socket-client')],
    '/use-web-socket.js': ['text/javascript', () => placed('use-web-socket')],
};

async function serve(request, response) {
    const [type, read] = FILES[request.url] ?? [];
    try {
        const text = await read();
        response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text);
    } catch (error) {
        response.writeHead(404).end(`${error}`);
    }
}

export class Browser {
    #http;
    #chromium;
    #errors = [];

    static async start() {
        const browser = new Browser();
        browser.#http = createServer(serve);
        await new Promise((listening) => browser.#http.listen(0, '127.0.0.1', listening));
        browser.#chromium = await chromium.launch({
            executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
            args: ['--no-sandbox', '--disable-dev-shm-usage'],
        });
        return browser;
    }

    /* A page whose samples connect to `address`. `page.said` holds what it told its console;
     * whatever it throws fails remove(). */
    async page(address) {
        const page = await this.#chromium.newPage();
        page.setDefaultTimeout(PATIENCE_MS);
        page.said = new Inbox();
        page.told = (pattern) =>
            page.said.take((text) => pattern.test(text), () => `${pattern} on the console`);
        page.on('console', (message) => page.said.push(message.text()));
        page.on('pageerror', (error) => this.#errors.push(error));
        await page.addInitScript((where) => { globalThis.place = { address: where }; }, address);
        await page.goto(`http://127.0.0.1:${this.#http.address().port}/`);
        await page.waitForFunction(() => globalThis.show);
        return page;
    }

    async remove() {
        await this.#chromium?.close();
        await new Promise((closed) => this.#http.close(closed));
        if (this.#errors.length > 0) {
            throw this.#errors[0];
        }
    }
}
