/* The document's conversation, command by command, with the finished program:
 * docs/protocols/tchatator.md. What is new for somebody, who is kept from whom, and how bytes become
 * commands have files of their own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { HubClient } from './lib/hub.mjs';
import { Server, token as jwt } from './lib/server.mjs';
import { Tchatator, lines, member, parse } from './lib/tchatator.mjs';

const UNKNOWN_TOKEN = 'A'.repeat(43);

let server;
let people = 0;

before(async () => {
    server = await Server.start({
        set: {
            'tchatator.listen': '127.0.0.1:0', 'limits.profile': 'open', 'server.workers': 2,
            'auth.failures_per_minute': 0,
        },
    });
});
after(() => server?.remove());

/* Somebody new. */
function somebody(role = 'member') {
    people += 1;
    return member(server, `user${people}`, '--role', role);
}

const connect = () => Tchatator.connect(server.tchatator);

/* Somebody new who has logged in. */
async function loggedIn(role) {
    const who = await somebody(role);
    const client = await connect();
    assert.equal((await client.ask('LOGIN', { 'api-token': who.token })).status, '200/OK');
    return { ...who, client };
}

/* ---- LOGIN */

test('a valid token logs in, and says who that is', async () => {
    const ann = await somebody('pro');
    const client = await connect();
    const answer = await client.ask('LOGIN', { 'api-token': ann.token });
    assert.deepEqual(answer, {
        status: '200/OK', 'user-id': String(ann.id), username: ann.name, role: 'pro',
    });
    await client.leave();
});

test('a token nobody has is denied, with a sentence, and the connection stays', async () => {
    const client = await connect();
    const answer = await client.ask('LOGIN', { 'api-token': UNKNOWN_TOKEN });
    assert.equal(answer.status, '403/DENIED');
    assert.ok(answer.message.length > 10);
    const ann = await somebody();
    assert.equal((await client.ask('LOGIN', { 'api-token': ann.token })).status, '200/OK');
    await client.leave();
});

test('who is connected cannot log in again, and can once he has gone', async () => {
    const ann = await loggedIn();
    const second = await connect();
    assert.equal((await second.ask('LOGIN', { 'api-token': ann.token })).status, '403/DENIED');
    assert.equal((await ann.client.ask('LOGIN', { 'api-token': ann.token })).status, '403/DENIED');
    await ann.client.vanish();
    for (;;) {    // the server hears of the end when it comes to it
        const { status } = await second.ask('LOGIN', { 'api-token': ann.token });
        if (status === '200/OK') {
            break;
        }
        assert.equal(status, '403/DENIED');
    }
    await second.leave();
});

test('other dialects do not count as connected', async () => {
    const ann = await somebody();
    const hub = await HubClient.connect(server.http,
        { token: jwt({ user_id: ann.id, username: ann.name }) });
    const client = await connect();
    assert.equal((await client.ask('LOGIN', { 'api-token': ann.token })).status, '200/OK');
    await client.leave();
    await hub.close();
});

test('whoever is banned is denied', async () => {
    const ann = await somebody();
    await server.cli('ban', 'add', ann.name);
    const client = await connect();
    assert.equal((await client.ask('LOGIN', { 'api-token': ann.token })).status, '403/DENIED');
});

/* ---- SEND_MSG, UPDT_MSG, DEL_MSG */

test("the document's message: 24 characters, 25 bytes", async () => {
    const ann = await loggedIn();
    const bob = await loggedIn();
    const content = 'Bonjour, comment ça va ?';
    const sent = await ann.client.ask('SEND_MSG', {
        token: ann.token, 'recipient-id': bob.id, 'message-length': 24, content,
    });
    assert.equal(sent.status, '200/OK');
    const change = await bob.client.ask('NEW_CHG_AVAILABLE', { token: bob.token });
    const { 'sent-date': date, message, ...rest } = change;
    assert.match(date, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.deepEqual(rest, {
        status: '200/OK', type: 'new_message', 'message-id': sent['message-id'],
        'sender-id': String(ann.id), 'recipient-id': String(bob.id), content, remaining: '0',
    });
    assert.deepEqual(JSON.parse(message), {
        id: Number(sent['message-id']), sender_id: ann.id, receiver_id: bob.id, content,
        sended_date: date, modified_date: null, seen: false, deleted: false,
    });
});

test('the last line of an answer to a poll is the message, and it is one line', async () => {
    const ann = await loggedIn();
    const bob = await loggedIn();
    const content = 'deux\nlignes, et une \\ barre';
    await ann.client.ask('SEND_MSG', {
        token: ann.token, 'receiver-id': bob.id, 'message-length': content.length, content,
    });
    bob.client.write(lines('NEW_CHG_AVAILABLE', { token: bob.token }));
    const text = await bob.client.read();
    const last = text.trimEnd().split('\n').at(-1);
    assert.equal(JSON.parse(last.slice('message:'.length)).content, content);
    assert.equal(parse(text).content, 'deux\\nlignes, et une \\\\ barre');
});

test('a message is changed and deleted by its author, and its reader is told', async () => {
    const ann = await loggedIn();
    const bob = await loggedIn();
    const { 'message-id': id } = await ann.client.ask('SEND_MSG',
        { token: ann.token, 'recipient-id': bob.id, content: 'un' });
    assert.equal((await bob.client.drain(bob.token)).length, 1);
    assert.deepEqual(await ann.client.ask('UPDT_MSG',
        { token: ann.token, 'message-id': id, content: 'deux' }),
    { status: '200/OK', 'message-id': id });
    const [updated] = await bob.client.drain(bob.token);
    assert.equal(updated.type, 'message_updated');
    assert.equal(updated.content, 'deux');
    assert.match(JSON.parse(updated.message).modified_date, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.deepEqual(await ann.client.ask('DEL_MSG', { token: ann.token, 'message-id': id }),
        { status: '200/OK', 'message-id': id });
    assert.deepEqual(await bob.client.drain(bob.token),
        [{ type: 'message_deleted', status: '200/OK', 'message-id': id, remaining: '0' }]);
});

test('what is not yours is denied: another user, an unknown and a deleted message', async () => {
    const ann = await loggedIn();
    const bob = await loggedIn();
    const { 'message-id': id } = await ann.client.ask('SEND_MSG',
        { token: ann.token, 'recipient-id': bob.id, content: 'un' });
    const denied = async (who, name, parameters) => {
        const answer = await who.client.ask(name, { token: who.token, ...parameters });
        assert.equal(answer.status, '403/DENIED', `${name}: ${JSON.stringify(answer)}`);
        assert.ok(answer.message);
    };
    await denied(bob, 'UPDT_MSG', { 'message-id': id, content: 'x' });
    await denied(bob, 'DEL_MSG', { 'message-id': id });
    await denied(ann, 'UPDT_MSG', { 'message-id': 900000, content: 'x' });
    await denied(ann, 'SEND_MSG', { 'recipient-id': 900000, content: 'x' });
    await ann.client.ask('DEL_MSG', { token: ann.token, 'message-id': id });
    await denied(ann, 'UPDT_MSG', { 'message-id': id, content: 'x' });
    await denied(ann, 'BLOCK_USER', { 'user-id': bob.id });
    await denied(ann, 'BAN_USER', { 'user-id': bob.id });
    await denied(ann, 'UNBLOCK_USER', { 'user-id': bob.id });
    await denied(ann, 'UNBAN_USER', { 'user-id': bob.id });
});

test('the same client-id again is the same message', async () => {
    const ann = await loggedIn();
    const bob = await loggedIn();
    const send = () => ann.client.ask('SEND_MSG',
        { token: ann.token, 'recipient-id': bob.id, 'client-id': 'once', content: 'un' });
    const first = await send();
    assert.deepEqual(await send(), first);
    assert.equal((await bob.client.drain(bob.token)).length, 1);
});

/* ---- tokens */

test('a wrong or missing token is 401, for every command that needs one', async () => {
    const ann = await somebody();
    const client = await connect();
    const commands = [
        ['SEND_MSG', { 'recipient-id': ann.id, content: 'x' }],
        ['UPDT_MSG', { 'message-id': 1, content: 'x' }],
        ['DEL_MSG', { 'message-id': 1 }],
        ['NEW_CHG_AVAILABLE', {}],
        ['BLOCK_USER', { 'user-id': ann.id }],
        ['UNBLOCK_USER', { 'user-id': ann.id }],
        ['BAN_USER', { 'user-id': ann.id }],
        ['UNBAN_USER', { 'user-id': ann.id }],
        ['USER_INFO', { 'user-id': ann.id }],
        ['CLIENT_INFO', { 'is-writing': true, 'in-conversation': ann.id }],
    ];
    for (const [name, parameters] of commands) {
        client.write(`${lines(name, { token: UNKNOWN_TOKEN, ...parameters })}\n`);
        const answer = parse(await client.read());
        assert.equal(answer.status, '401/UNAUTH', name);
        assert.ok(answer.message, name);
    }
    await client.leave();
});

test('a token is enough without LOGIN, unless the server wants one', async () => {
    const ann = await somebody();
    const bob = await somebody();
    const client = await connect();
    const send = { token: ann.token, 'recipient-id': bob.id, content: 'x' };
    assert.equal((await client.ask('SEND_MSG', send)).status, '200/OK');
    const strict = await Server.start({
        set: { 'tchatator.listen': '127.0.0.1:0', 'tchatator.require_login': 'on' },
    });
    const carol = await member(strict, 'carol');
    const other = await Tchatator.connect(strict.tchatator);
    const poll = { token: carol.token };
    assert.equal((await other.ask('NEW_CHG_AVAILABLE', poll)).status, '401/UNAUTH');
    assert.equal((await other.ask('LOGIN', { 'api-token': carol.token })).status, '200/OK');
    assert.equal((await other.ask('NEW_CHG_AVAILABLE', poll)).status, '200/OK');
    await strict.remove();
});

test('the token of another user than the one logged in is 401', async () => {
    const ann = await loggedIn();
    const bob = await somebody();
    const answer = await ann.client.ask('NEW_CHG_AVAILABLE', { token: bob.token });
    assert.equal(answer.status, '401/UNAUTH');
    assert.equal((await ann.client.ask('NEW_CHG_AVAILABLE', { token: ann.token })).status,
        '200/OK');
});

test('a token that is revoked ends its connections', async () => {
    const ann = await loggedIn();
    const caller = await connect();
    assert.equal((await caller.ask('NEW_CHG_AVAILABLE', { token: ann.token })).status, '200/OK');
    const label = (await server.cli('token', 'list', ann.name, '--json'))
        .split('\n').map((line) => JSON.parse(line).label)[0];
    await server.cli('token', 'revoke', ann.name, label);
    await ann.client.closed();
    await caller.closed();
});

/* ---- USER_INFO, CLIENT_INFO, DISCONNECTED */

test('who is there, and who is writing', async () => {
    const ann = await loggedIn();
    const bob = await somebody();
    const info = async () => ann.client.ask('USER_INFO', { token: ann.token, 'user-id': bob.id });
    assert.deepEqual(await info(), {
        status: '200/OK', username: bob.name, connected: 'false', 'is-writing': 'false',
    });
    const client = await connect();
    await client.ask('LOGIN', { 'api-token': bob.token });
    assert.equal((await info()).connected, 'true');
    await client.ask('CLIENT_INFO',
        { token: bob.token, 'is-writing': 'true', 'in-conversation': ann.id });
    assert.equal((await info())['is-writing'], 'true');
    await client.ask('CLIENT_INFO',
        { token: bob.token, 'is-writing': 'false', 'in-conversation': ann.id });
    assert.equal((await info())['is-writing'], 'false');
    const unknown = await ann.client.ask('USER_INFO', { token: ann.token, 'user-id': 900000 });
    assert.equal(unknown.status, '403/DENIED');
});

test('writing is seen in the other dialects', async () => {
    const ann = await loggedIn();
    const bob = await somebody();
    const hub = await HubClient.connect(server.http,
        { token: jwt({ user_id: bob.id, username: bob.name }) });
    await ann.client.ask('SEND_MSG',
        { token: ann.token, 'recipient-id': bob.id, content: 'Bonjour' });
    await hub.expect({ type: 'dm' });
    await ann.client.ask('CLIENT_INFO',
        { token: ann.token, 'is-writing': 'true', 'in-conversation': bob.id });
    await hub.expect({ type: 'typing' });
});

test('DISCONNECTED is answered, and the server closes', async () => {
    const ann = await loggedIn();
    assert.deepEqual(await ann.client.ask('DISCONNECTED'), { status: '200/OK' });
    await ann.client.closed();
});

/* ---- answers */

test('who asks for framing gets the length of each answer first', async () => {
    const ann = await somebody();
    const client = await connect();
    client.write(lines('LOGIN', { 'api-token': ann.token, framing: 'length' }));
    const check = (text) => {
        const [, first] = text.split('\n');
        const at = text.indexOf('\n', text.indexOf('\n') + 1) + 1;
        assert.equal(first, `response-length:${Buffer.byteLength(text.slice(at))}`);
    };
    check(await client.read());
    client.write(lines('NEW_CHG_AVAILABLE', { token: ann.token }));
    check(await client.read());
    client.write('NONSENSE\n\n');
    check(await client.read());
    await client.leave();
});

test('too many messages are 426, with the time to wait', async () => {
    const strict = await Server.start({
        set: { 'tchatator.listen': '127.0.0.1:0', 'limits.tchatator.per_minute': 2 },
    });
    const ann = await member(strict, 'ann');
    const bob = await member(strict, 'bob');
    const client = await Tchatator.connect(strict.tchatator);
    const send = () => client.ask('SEND_MSG',
        { token: ann.token, 'recipient-id': bob.id, content: 'x' });
    assert.equal((await send()).status, '200/OK');
    assert.equal((await send()).status, '200/OK');
    const answer = await send();
    assert.equal(answer.status, '426/TOOMRQ');
    assert.ok(Number(answer['retry-after-ms']) > 0);
    assert.equal((await client.ask('NEW_CHG_AVAILABLE', { token: ann.token })).status, '200/OK');
    await strict.remove();
});
