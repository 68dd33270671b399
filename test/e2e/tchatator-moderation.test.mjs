/* Blocks and bans hold in every dialect at once, and after a restart; what was done is in the audit
 * log. docs/protocols/tchatator.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EnvelopeClient } from './lib/envelope.mjs';
import { HubClient, refusal } from './lib/hub.mjs';
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

async function somebody(role = 'member') {
    people += 1;
    return member(server, `user${people}`, '--role', role);
}

const jwtOf = (who) => jwt({ user_id: who.id, username: who.name });
const hubOf = (who) => HubClient.connect(server.http, { token: jwtOf(who) });

/* A command of somebody, on a connection of its own. */
async function as(who, name, parameters) {
    const client = await connect();
    const answer = await client.ask(name, { token: who.token, ...parameters });
    await client.leave();
    return answer;
}

const say = (from, to) => as(from, 'SEND_MSG', { 'recipient-id': to.id, content: 'bonjour' });

async function mayWrite(from, to, isAllowed) {
    assert.equal((await say(from, to)).status, isAllowed ? '200/OK' : '403/DENIED');
    const hub = await hubOf(from);
    hub.send({ type: 'dm', to: to.id, content: 'bonjour', client_id: `c${Math.random()}` });
    const heard = await hub.expect((frame) => ['dm_ack', 'error'].includes(frame.type));
    assert.equal(heard.type, isAllowed ? 'dm_ack' : 'error');
    assert.ok(isAllowed || heard.data.code === 'FORBIDDEN', JSON.stringify(heard));
    await hub.close();
}

test('a pro blocks a user for himself, in every dialect, and lifts it', async () => {
    const [pro, ann, bob] = [await somebody('pro'), await somebody(), await somebody()];
    const { status, until } = await as(pro, 'BLOCK_USER', { 'user-id': ann.id });
    assert.equal(status, '200/OK');
    const hours = (Date.parse(`${until.replace(' ', 'T')}Z`) - Date.now()) / 3_600_000;
    assert.ok(Math.abs(hours - 24) < 0.1, until);
    await mayWrite(ann, pro, false);
    await mayWrite(ann, bob, true);
    await mayWrite(pro, ann, true);
    assert.equal((await as(pro, 'UNBLOCK_USER', { 'user-id': ann.id })).status, '200/OK');
    await mayWrite(ann, pro, true);
});

test('a pro blocks for nobody else, and a member nobody', async () => {
    const [pro, ann, bob] = [await somebody('pro'), await somebody(), await somebody()];
    for (const whom of [0, bob.id]) {
        const answer = await as(pro, 'BLOCK_USER', { 'for-user-id': whom, 'user-id': ann.id });
        assert.equal(answer.status, '403/DENIED');
    }
    assert.equal((await as(bob, 'BLOCK_USER', { 'user-id': ann.id })).status, '403/DENIED');
    assert.equal((await as(pro, 'BAN_USER', { 'user-id': ann.id })).status, '403/DENIED');
});

test('an admin blocks for one user, or for everyone', async () => {
    const [admin, ann, bob, carol] = [await somebody('admin'), await somebody(), await somebody(),
        await somebody()];
    await as(admin, 'BLOCK_USER', { 'for-user-id': bob.id, 'user-id': ann.id });
    await mayWrite(ann, bob, false);
    await mayWrite(ann, carol, true);
    await as(admin, 'UNBLOCK_USER', { 'for-user-id': bob.id, 'user-id': ann.id });
    await mayWrite(ann, bob, true);
    await as(admin, 'BLOCK_USER', { 'for-user-id': 0, 'user-id': ann.id });
    await mayWrite(ann, bob, false);
    await mayWrite(ann, carol, false);
    await server.kill();    // and it is not forgotten
    await server.restart();
    await mayWrite(ann, carol, false);
    await as(admin, 'UNBLOCK_USER', { 'user-id': ann.id });
    await mayWrite(ann, carol, true);
});

test('a ban ends every connection in every dialect, and no new one is let in', async () => {
    const [admin, ann] = [await somebody('admin'), await somebody()];
    const [loggedIn, caller] = [await connect(), await connect()];
    assert.equal((await loggedIn.ask('LOGIN', { 'api-token': ann.token })).status, '200/OK');
    assert.equal((await caller.ask('NEW_CHG_AVAILABLE', { token: ann.token })).status, '200/OK');
    const hub = await hubOf(ann);
    const envelope = await EnvelopeClient.connect(server, { token: jwtOf(ann) });
    const began = performance.now();
    assert.equal((await as(admin, 'BAN_USER', { 'user-id': ann.id })).status, '200/OK');
    await Promise.all([loggedIn.closed(), caller.closed()]);
    assert.equal((await hub.closed()).code, 4403);
    assert.equal((await envelope.closed()).code, 4403);
    assert.ok(performance.now() - began < 1000 * Number(process.env.PARLOIR_SLOW || 1));
    for (let round = 0; round < 2; round += 1) {
        assert.equal((await (await connect()).ask('LOGIN', { 'api-token': ann.token })).status,
            '403/DENIED');
        assert.equal((await say(ann, admin)).status, '403/DENIED');
        const { status } = await refusal(`ws://${server.http}/ws/hub?token=${jwtOf(ann)}`);
        assert.equal(status, 403);
        await server.kill();
        await server.restart();
    }
    assert.equal((await as(admin, 'UNBAN_USER', { 'user-id': ann.id })).status, '200/OK');
    assert.equal((await say(ann, admin)).status, '200/OK');
});

test('the audit log has who did what to whom, and no words', async () => {
    const [admin, ann] = [await somebody('admin'), await somebody()];
    await as(admin, 'BLOCK_USER', { 'for-user-id': 0, 'user-id': ann.id });
    await as(admin, 'UNBLOCK_USER', { 'user-id': ann.id });
    await as(admin, 'BAN_USER', { 'user-id': ann.id });
    await as(admin, 'UNBAN_USER', { 'user-id': ann.id });
    await server.cli('user', 'role', ann.name, 'pro');
    const text = await server.cli('audit', '--json');
    const rows = text.split('\n').map((line) => JSON.parse(line))
        .filter((row) => JSON.stringify(row).includes(ann.name));
    const actions = rows.map(({ action }) => action);
    for (const action of ['block_set', 'block_lifted', 'ban_set', 'ban_lifted']) {
        assert.ok(actions.includes(action), `${action} of ${text}`);
    }
    assert.ok(rows.every(({ action, actor }) =>
        !action.startsWith('b') || actor === admin.name), text);
    assert.ok(!text.includes(ann.token) && !text.includes('bonjour'));
});
