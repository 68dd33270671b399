/* What is new for somebody who asks: each change once, whoever made it and however the asking is cut
 * off. docs/protocols/tchatator.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EnvelopeClient } from './lib/envelope.mjs';
import { HubClient } from './lib/hub.mjs';
import { Server, token as jwt } from './lib/server.mjs';
import { Tchatator, member } from './lib/tchatator.mjs';

let server;
let people = 0;

before(async () => {
    server = await Server.start({
        set: { 'tchatator.listen': '127.0.0.1:0', 'limits.profile': 'open', 'server.workers': 2 },
    });
});
after(() => server?.remove());

const connect = () => Tchatator.connect(server.tchatator);

async function somebody() {
    people += 1;
    return member(server, `user${people}`);
}

async function logIn(who) {
    const client = await connect();
    for (;;) {    // an earlier connection of his may not be over yet
        const { status } = await client.ask('LOGIN', { 'api-token': who.token });
        if (status === '200/OK') {
            return client;
        }
        assert.equal(status, '403/DENIED');
    }
}

async function send(client, from, to, content) {
    const answer = await client.ask('SEND_MSG',
        { token: from.token, 'recipient-id': to.id, content });
    assert.equal(answer.status, '200/OK');
    return answer['message-id'];
}

const poll = (client, who) => client.ask('NEW_CHG_AVAILABLE', { token: who.token });
const jwtOf = (who) => ({ token: jwt({ user_id: who.id, username: who.name }) });
const hubOf = (who) => HubClient.connect(server.http, jwtOf(who));
const envelopeOf = (who) => EnvelopeClient.connect(server, jwtOf(who));

test('changes come one a call, oldest first, and say how many are behind them', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const [a, b] = [await logIn(ann), await logIn(bob)];
    for (const content of ['un', 'deux', 'trois']) {
        await send(a, ann, bob, content);
    }
    const heard = [await poll(b, bob), await poll(b, bob), await poll(b, bob)];
    assert.deepEqual(heard.map(({ content }) => content), ['un', 'deux', 'trois']);
    assert.deepEqual(heard.map(({ remaining }) => remaining), ['2', '1', '0']);
    assert.deepEqual(await poll(b, bob), { status: '200/OK', remaining: '0' });
    assert.deepEqual(await poll(b, bob), { status: '200/OK', remaining: '0' });
});

test('a quiet poll hears of what comes next', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const [a, b] = [await logIn(ann), await logIn(bob)];
    for (let i = 0; i < 20; i += 1) {
        assert.equal((await poll(b, bob)).remaining, '0');
        await send(a, ann, bob, `message ${i}`);
        assert.equal((await poll(b, bob)).content, `message ${i}`);
    }
});

test('what is your own is not handed back', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const [a, b] = [await logIn(ann), await logIn(bob)];
    const id = await send(a, ann, bob, 'à toi');
    await a.ask('UPDT_MSG', { token: ann.token, 'message-id': id, content: 'à toi !' });
    await send(a, ann, ann, 'à moi');
    assert.equal((await poll(a, ann)).remaining, '0');
    assert.ok((await b.drain(bob.token)).length > 0);
});

test('a change that the next command did not confirm comes again', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const a = await logIn(ann);
    await send(a, ann, bob, 'un');
    await send(a, ann, bob, 'deux');
    let b = await logIn(bob);
    assert.equal((await poll(b, bob)).content, 'un');
    await b.vanish();
    b = await logIn(bob);
    assert.equal((await poll(b, bob)).content, 'un');
    assert.equal((await poll(b, bob)).content, 'deux');
    await b.vanish();
    b = await logIn(bob);
    assert.equal((await poll(b, bob)).content, 'deux');
    await b.ask('USER_INFO', { token: bob.token, 'user-id': ann.id });    // any command confirms
    await b.vanish();
    b = await logIn(bob);
    assert.equal((await poll(b, bob)).remaining, '0');
});

test('any command confirms, one that is refused too', async () => {
    const [ann, bob, carol] = [await somebody(), await somebody(), await somebody()];
    const a = await logIn(ann);
    const commands = [
        ['CLIENT_INFO', { token: bob.token, 'is-writing': 'false', 'in-conversation': 0 }],
        ['LOGIN', { 'api-token': bob.token }],
        ['USER_INFO', { token: carol.token, 'user-id': ann.id }],    // another's token: 401
        ['USER_INFO', { token: bob.token, 'user-id': 'nobody' }],
        ['NONSENSE\n'],
    ];
    for (const [name, parameters] of commands) {
        await send(a, ann, bob, name.trim());
        let b = await logIn(bob);
        assert.equal((await poll(b, bob)).content, name.trim());
        await b.ask(name, parameters);
        await b.ask('USER_INFO', { token: bob.token, 'user-id': ann.id });
        await b.vanish();
        b = await logIn(bob);
        assert.equal((await poll(b, bob)).remaining, '0', name);
        await b.leave();
    }
});

test('what waits is told to who logs in after he has asked', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const [a, b] = [await logIn(ann), await connect()];
    assert.equal((await poll(b, bob)).remaining, '0');
    await send(a, ann, bob, 'entre-temps');
    assert.equal((await b.ask('LOGIN', { 'api-token': bob.token })).status, '200/OK');
    assert.equal((await poll(b, bob)).content, 'entre-temps');
});

test('what one connection confirms, another of the same user does not hand out', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const [a, b, caller] = [await logIn(ann), await logIn(bob), await connect()];
    for (const content of ['un', 'deux', 'trois']) {
        await send(a, ann, bob, content);
    }
    assert.equal((await poll(b, bob)).content, 'un');
    const again = await caller.drain(bob.token);
    assert.deepEqual(again.map(({ content }) => content), ['un', 'deux', 'trois']);
    assert.deepEqual(await poll(b, bob), { status: '200/OK', remaining: '0' });
});

test('the author is told what an admin has taken back', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const admin = await member(server, 'moderator', '--role', 'admin');
    const [a, b, m] = [await logIn(ann), await logIn(bob), await logIn(admin)];
    const id = await send(a, ann, bob, 'grossier');
    assert.equal((await poll(a, ann)).remaining, '0');
    const answer = await m.ask('DEL_MSG', { token: admin.token, 'message-id': id });
    assert.equal(answer.status, '200/OK');
    for (const [client, who] of [[a, ann], [b, bob]]) {
        const { type, 'message-id': which } = await poll(client, who);
        assert.deepEqual([type, which], ['message_deleted', id]);
    }
});

test('who opens a connection for each request confirms by taking leave', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const a = await logIn(ann);
    for (const content of ['un', 'deux']) {
        await send(a, ann, bob, content);
    }
    const heard = [];
    for (let i = 0; i < 3; i += 1) {
        const b = await connect();
        heard.push((await poll(b, bob)).content);
        assert.equal((await b.ask('DISCONNECTED')).status, '200/OK');
        await b.closed();
    }
    assert.deepEqual(heard, ['un', 'deux', undefined]);
});

test('whatever dialect made it: new, edited, deleted', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const [hub, envelope, b] = [await hubOf(ann), await envelopeOf(ann), await logIn(bob)];
    assert.equal((await poll(b, bob)).remaining, '0');
    hub.send({ type: 'dm', to: bob.id, content: 'du hub', client_id: 'x' });
    const { data: { id } } = await hub.expect({ type: 'dm_ack' });
    const first = await poll(b, bob);
    assert.deepEqual([first.type, first.content, first['message-id'], first['sender-id']],
        ['new_message', 'du hub', String(id), String(ann.id)]);
    await envelope.take('direct_message', { data: { content: 'du hub' } });
    await envelope.ask('edit_message', { message_id: id, content: 'du hub, mieux' });
    const second = await poll(b, bob);
    assert.deepEqual([second.type, second.content], ['message_updated', 'du hub, mieux']);
    await envelope.ask('delete_message', { message_id: id });
    const third = await poll(b, bob);
    assert.deepEqual([third.type, third['message-id']], ['message_deleted', String(id)]);
    const answer = await send(b, bob, ann, 'merci');
    await envelope.take('direct_message', { data: { content: 'merci', id: Number(answer) } });
});

test('words that were taken back before anybody asked are not handed out', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const [a, b] = [await logIn(ann), await logIn(bob)];
    const ids = [];
    for (const content of ['un', 'deux', 'trois']) {
        ids.push(await send(a, ann, bob, content));
    }
    assert.equal((await poll(b, bob)).content, 'un');    // and the others are read with it
    await a.ask('DEL_MSG', { token: ann.token, 'message-id': ids[1] });
    await a.ask('UPDT_MSG', { token: ann.token, 'message-id': ids[2], content: 'quatre' });
    const rest = await b.drain(bob.token);
    assert.ok(rest.every(({ content }) => content !== 'deux' && content !== 'trois'));
    assert.ok(rest.some(({ type, 'message-id': id }) => type === 'message_deleted' && id === ids[1]));
    assert.ok(rest.some(({ content }) => content === 'quatre'));
});

test('rooms are handed out to who asked for them, and to nobody else', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    await server.cli('room', 'add', 'salon');
    const [hub, reader] = [await hubOf(ann), await envelopeOf(bob)];
    await hub.ask({ type: 'join', room: 'salon' });
    await reader.ask('join_room', { room: 'salon' });
    hub.send({ type: 'message', room: 'salon', content: 'avant' });
    const { data: { id } } = await reader.take('room_message');
    await reader.ask('read', { room: 'salon', message_id: id });    // a mark stays
    const plain = await connect();
    hub.send({ type: 'message', room: 'salon', content: 'au salon' });
    await reader.take('room_message', { data: { content: 'au salon' } });
    assert.equal((await poll(plain, bob)).remaining, '0');
    const b = await connect();
    assert.equal((await b.ask('LOGIN', { 'api-token': bob.token, rooms: 'on' })).status, '200/OK');
    const changes = await b.drain(bob.token);
    assert.ok(changes.some(({ content }) => content === 'au salon'));
    const { room, message } = changes.at(-1);
    assert.equal(room, 'salon');
    assert.equal(JSON.parse(message).receiver_id, null);
    hub.send({ type: 'message', room: 'salon', content: 'encore' });
    await reader.take('room_message', { data: { content: 'encore' } });
    assert.equal((await poll(b, bob)).content, 'encore');
});

test('nothing is lost or repeated across kill -9', async () => {
    const [ann, bob] = [await somebody(), await somebody()];
    const sent = [];
    const heard = [];
    for (let round = 0; round < 4; round += 1) {
        const [a, b] = [await logIn(ann), await logIn(bob)];
        for (let i = 0; i < 10; i += 1) {
            const content = `${round}.${i}`;
            sent.push(content);
            await send(a, ann, bob, content);
        }
        let last;
        for (let i = 0; i < 7; i += 1) {
            ({ content: last } = await poll(b, bob));
            heard.push(last);
        }
        await server.kill();    // the last one was not confirmed, and comes again
        await server.restart();
        heard.pop();
    }
    const b = await logIn(bob);
    heard.push(...(await b.drain(bob.token)).map(({ content }) => content));
    assert.deepEqual(heard, sent);
});
