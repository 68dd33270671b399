/* The envelope in a browser: the document's class and React hook in Chromium, as they stand, and
 * what only a browser does, which cannot set headers nor read why an upgrade was refused. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene } from './lib/envelope.mjs';
import { person } from './lib/hub.mjs';
import { Browser } from './lib/page.mjs';
import { token } from './lib/server.mjs';

let scene;
let browser;

before(async () => {
    scene = await Scene.start({ set: { 'limits.profile': 'documented' } });
    browser = await Browser.start();
});
after(async () => {
    await browser?.remove();
    await scene?.remove();
});

/* A page whose application runs with somebody's token. */
async function application(who) {
    const page = await browser.page(scene.server.http);
    await page.evaluate((theirs) => globalThis.show(theirs), who.token);
    await page.told(/^WebSocket connecté$/);
    return page;
}

/* Waits until the application shows exactly these lines. */
async function shows(page, lines) {
    await page.waitForFunction(
        (wanted) => JSON.stringify([...document.querySelectorAll('li')]
            .map((line) => line.textContent)) === JSON.stringify(wanted),
        lines);
}

/* Opens a WebSocket in the page; all that came of it. */
const socket = (page, query, protocols, says = []) => page.evaluate(
    ({ url, names, frames }) => new Promise((resolve) => {
        const ws = new WebSocket(url, names);
        const seen = { opened: false, frames: [] };
        ws.onopen = () => {
            Object.assign(seen, { opened: true, protocol: ws.protocol, extensions: ws.extensions });
            frames.forEach((frame) => ws.send(JSON.stringify(frame)));
        };
        ws.onmessage = ({ data }) => {
            seen.frames.push(JSON.parse(data));
            if (seen.frames.length === frames.length) {
                ws.close(1000);
            }
        };
        ws.onclose = ({ code }) => resolve({ ...seen, code });
    }),
    { url: `ws://${scene.server.http}/ws/chat${query}`, names: protocols, frames: says });

const PING = { type: 'ping', data: {} };

/* ---- the hook */

test('the hook joins, sends, and hears itself and another', async () => {
    const room = await scene.room();
    const [alice, bob] = [person('alice'), await scene.join('bob', room)];
    const page = await application(alice);
    await page.evaluate((name) => globalThis.chat.joinRoom(name), room);
    await bob.take('user_connected', { data: { user_id: alice.id, username: alice.username } });

    await page.evaluate((name) => globalThis.chat.sendMessage(name, 'Bonjour !'), room);
    await bob.take('room_message', { data: { content: 'Bonjour !', user_id: alice.id } });
    await bob.ask('room_message', { room, content: 'Salut 👋' });
    await bob.ask('direct_message', { to_user_id: alice.id, content: 'psst' });
    const name = bob.who.username;
    await shows(page,
        [`${alice.username}: Bonjour !`, `${name}: Salut 👋`, `${name}: psst`]);
    await page.close();
    await bob.take('user_disconnected', { data: { user_id: alice.id } });
});

test('the hook puts the history before what it has', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const name = bob.who.username;
    for (const content of ['un', 'deux']) {
        await bob.ask('room_message', { room, content });
    }
    const alice = person('alice');
    const page = await application(alice);
    await page.evaluate((there) => globalThis.chat.joinRoom(there), room);
    await bob.take('user_connected');
    await bob.ask('room_message', { room, content: 'trois' });
    await shows(page, [`${name}: trois`]);    // and has been drawn, so that it has its client
    await page.evaluate((there) => globalThis.chat.client.getRoomHistory(there), room);
    await shows(page, ['un', 'deux', 'trois', 'trois'].map((text) => `${name}: ${text}`));
    await page.close();
});

test('the hook disconnects when its component goes', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const page = await application(person('alice'));
    await page.evaluate((there) => globalThis.chat.joinRoom(there), room);
    await bob.take('user_connected');
    await page.evaluate(() => globalThis.hide());
    await page.told(/^WebSocket fermé: 1005/);
    await bob.take('user_disconnected');
    await page.close();
});

/* ---- the class */

test('the class meets every handler it may have', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const alice = person('alice');
    const page = await browser.page(scene.server.http);
    const heard = page.evaluate(({ theirs, there, other }) => new Promise((resolve) => {
        const all = {};
        const client = new WebSocketClient(theirs);
        const on = (type, then) => client.onMessage(type, (data) => {
            all[type] = data;
            then(data);
        });
        on('join_room_ack', ({ success }) => success && client.sendRoomMessage(there, 'bonjour'));
        on('room_message', () => client.sendDirectMessage(other, 'en privé'));
        on('direct_message', () => client.getRoomHistory(there));
        on('message_history', () => client.joinRoom('nonexistent_room'));
        on('error', () => client.send('ping', {}));
        on('pong', () => resolve(all));
        client.connect();
        client.ws.addEventListener('open', () => client.joinRoom(there));
    }), { theirs: alice.token, there: room, other: bob.who.id });
    await bob.take('room_message', { data: { content: 'bonjour' } });
    await bob.take('direct_message', { data: { content: 'en privé', from_user_id: alice.id } });
    const all = await heard;
    assert.equal(all.room_message.username, alice.username);
    assert.equal(all.direct_message.to_user_id, bob.who.id);
    assert.deepEqual(all.message_history.messages.map((m) => m.content), ['bonjour']);
    assert.equal(all.error.code, 'ROOM_NOT_FOUND');
    assert.equal(all.error.details.room, 'nonexistent_room');
    await page.close();
});

test('the class comes back when the server restarts', async () => {
    await Scene.with({}, async (own) => {
        const room = await own.room();
        const page = await browser.page(own.server.http);
        await page.evaluate((theirs) => globalThis.show(theirs), person('alice').token);
        await page.told(/^WebSocket connecté$/);
        await own.server.stop();
        await page.told(/^WebSocket fermé: 1012/);
        await own.server.restart();
        await page.evaluate((address) => { globalThis.place.address = address; }, own.server.http);
        await page.told(/^WebSocket connecté$/);
        const bob = await own.join('bob', room);
        await page.evaluate((there) => globalThis.chat.joinRoom(there), room);
        await bob.take('user_connected');
        await page.close();
    });
});

/* ---- what a browser can do */

test('a token comes in the address or as a subprotocol', async () => {
    const page = await browser.page(scene.server.http);
    const ann = person('ann');
    for (const [query, protocols, agreed] of [
        [`?token=${ann.token}`, [], ''],
        ['', ['bearer', ann.token], 'bearer'],
        [`?token=${ann.token}`, ['permessage-deflate'], 'permessage-deflate'],
    ]) {
        const seen = await socket(page, query, protocols, [PING]);
        assert.equal(seen.code, 1000);
        assert.equal(seen.protocol, agreed);
        assert.match(seen.extensions, /^permessage-deflate/);
        assert.deepEqual(seen.frames.map((f) => f.type), ['pong']);
    }
    await page.close();
});

test('a bad token is told why, in a frame and by the code', async () => {
    const page = await browser.page(scene.server.http);
    const expired = token({ user_id: 1, exp: Math.floor(Date.now() / 1000) - 60 });
    for (const [query, protocols] of [
        ['', []], ['?token=bad', []], [`?token=${expired}`, []], ['', ['bearer', expired]],
    ]) {
        const seen = await socket(page, query, protocols, [PING, PING, PING]);
        assert.equal(seen.opened, true);
        assert.deepEqual(seen.frames.map((f) => [f.type, f.data.code]), [['error', 'AUTH_FAILED']]);
        assert.equal(seen.code, 4401);
    }
    await page.close();
});

test('long texts are compressed both ways and come out as they went in', async () => {
    const room = await scene.room();
    const bob = await scene.join('bob', room);
    const page = await browser.page(scene.server.http);
    const content = 'répété ☂ '.repeat(300);
    const seen = await socket(page, `?token=${person('ann').token}`, [],
        [{ type: 'room_message', data: { room, content } }]);
    assert.equal(seen.frames[0].type, 'room_message');
    assert.equal(seen.frames[0].data.content, content);
    await bob.take('room_message', { data: { content } });
    await page.close();
});

test('a page of another origin uploads, and shows what it uploaded', async () => {
    const page = await browser.page(scene.server.http);
    const ann = person('ann');
    const seen = await page.evaluate(async ({ address, theirs }) => {
        const canvas = new OffscreenCanvas(3, 2);
        canvas.getContext('2d').fillRect(0, 0, 3, 2);
        const form = new FormData();
        form.append('file', await canvas.convertToBlob({ type: 'image/png' }), 'dot.png');
        const answer = await fetch(`http://${address}/uploads`, { method: 'POST', body: form,
            headers: { Authorization: `Bearer ${theirs}` } });
        const { media_url: url, media_type: type } = await answer.json();
        const image = new Image();
        image.src = `http://${address}${url}`;
        await image.decode();
        return { status: answer.status, type, size: [image.naturalWidth, image.naturalHeight] };
    }, { address: scene.server.http, theirs: ann.token });
    assert.deepEqual(seen, { status: 201, type: 'image/png', size: [3, 2] });
    await page.close();
});
