/* A plain C client of the line protocol, written as such clients are (test/naive): it lies beside the
 * program. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { PATIENCE_MS, Server, program } from './lib/server.mjs';
import { member } from './lib/tchatator.mjs';

const naive = join(dirname(program), 'test', 'parloir-naive');

test('a client with one buffer, one read and strtok runs every command', async () => {
    const server = await Server.start({ set: { 'tchatator.listen': '127.0.0.1:0' } });
    const [ann, bob, victim] = [await member(server, 'ann'), await member(server, 'bob'),
        await member(server, 'victim')];
    const admin = await member(server, 'admin', '--role', 'admin');
    const port = server.tchatator.split(':').at(-1);
    const args = [port, ann.token, bob.token, bob.id, admin.token, victim.id].map(String);
    const { stdout } = await promisify(execFile)(naive, args, { timeout: 3 * PATIENCE_MS })
        .catch((error) => assert.fail(`${error.message}\n${error.stdout}`));
    for (const verb of ['LOGIN', 'SEND_MSG', 'UPDT_MSG', 'DEL_MSG', 'NEW_CHG_AVAILABLE',
        'BLOCK_USER', 'UNBLOCK_USER', 'BAN_USER', 'UNBAN_USER', 'USER_INFO', 'CLIENT_INFO',
        'DISCONNECTED']) {
        assert.match(stdout, new RegExp(`^${verb} \\d`, 'm'));
    }
    await server.remove();
});
