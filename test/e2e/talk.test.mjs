/* The conversations of test/talk, over real connections. Each script has a server of its own. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Stage, freshToken } from './lib/stage.mjs';
import { fill, mismatch, notFromOutside, personOf, readScript } from './lib/talk.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const folder = fileURLToPath(new URL('../talk/', import.meta.url));

class Player {
    names = new Map();
    guests = new Map();
    talker = null;

    constructor(script, stage) {
        this.script = script;
        this.stage = stage;
    }

    async settle() {
        const { talker } = this;
        this.talker = null;
        await talker?.settle();
    }

    /* What the operator was told and no line asks for must be a yes. */
    async checkOperator() {
        const operator = this.guests.get('operator');
        while (operator && operator.asked > 0) {
            const answer = await operator.next();
            assert.equal(mismatch({ ok: true }, JSON.parse(answer), this.names), null, answer);
        }
    }

    claimsOf(who) {
        const person = personOf(who);
        return { user_id: this.script.people.get(person), username: person };
    }

    async come({ who, dialect, query = '', claims, ttl = 3600 }) {
        if (who === 'operator') {
            this.guests.set(who, await this.stage.operator());
            return;
        }
        const invitation = { query, ttl, claims: claims ?? this.claimsOf(who) };
        this.guests.set(who, await this.stage.guest(dialect, invitation));
    }

    /* The one who acts, let in if they were not yet. */
    async guest(step) {
        const there = this.guests.get(step.who);
        const isBody = there?.heard.length > 0 && there.status !== 101 && step.kind === 'hears';
        if (!there || (there.status > 101 && !isBody)) {
            await this.come({ who: step.who, dialect: step.dialect });
        }
        return this.guests.get(step.who);
    }

    async hear(guest, text) {
        const came = await guest.next();
        assert.notEqual(came, undefined, `heard nothing; expected ${text}`);
        const wrong = mismatch(JSON.parse(fill(text)), JSON.parse(came), this.names);
        assert.equal(wrong, null, `${wrong}\nexpected  ${text}\ncame      ${came}`);
    }

    async calm(guest) {
        await guest.settle();
        assert.deepEqual(guest.heard, [], 'nothing more should have come');
    }

    async says(step) {
        const guest = await this.guest(step);
        this.talker = guest;
        for (let i = 0; i < step.count; i++) {
            guest.say(fill(step.text, this.names));
        }
    }

    async hears(step) {
        const guest = await this.guest(step);
        for (let i = 0; i < step.count; i++) {
            await this.hear(guest, step.text);
        }
    }

    async silence(step) {
        const guest = await this.guest(step);
        await this.calm(guest);
        assert.equal(guest.isOver, false, 'the connection is closed');
    }

    async comes(step) {
        await this.come(step);
        const { status, heard } = this.guests.get(step.who);
        assert.equal(status, 101, `was not let in: ${heard}`);
    }

    /* A status is the answer to the upgrade; a close code ends what was let in to be told why. */
    async refused(step) {
        await this.come(step);
        const guest = this.guests.get(step.who);
        if (step.number >= 1000 && guest.status === 101) {
            guest.status = await guest.closed();
        }
        assert.equal(guest.status, step.number);
    }

    async renews(step) {
        const guest = await this.guest(step);
        const { claims = this.claimsOf(step.who), ttl, query } = step;
        guest.say(JSON.stringify({ type: 'auth', data: { token: freshToken(claims, ttl, query) } }));
    }

    async closed({ who, number }) {
        const guest = this.guests.get(who);
        assert.equal(await guest.closed(), number);
        assert.deepEqual(guest.heard, [], 'something more came before');
        this.guests.delete(who);
    }

    async leaves({ who }) {
        const guest = this.guests.get(who);
        await this.calm(guest);
        assert.equal(await guest.leave(), 1000);
        this.guests.delete(who);
    }

    async vanishes({ who }) {
        const guest = this.guests.get(who);
        await this.calm(guest);
        await guest.vanish();
        this.guests.delete(who);
    }

    async belongs({ who, text }) {
        this.guests.delete('operator');
        assert.equal(this.guests.size, 0, 'nobody may be there yet');
        await this.stage.belong(this.script.people, personOf(who), text);
    }

    async restart() {
        await this.stage.restart();
        this.guests.delete('operator');
    }

    async step(step) {
        const isSame = step.kind === 'says' && this.talker === this.guests.get(step.who);
        if (!isSame) {
            await this.settle();
        }
        if (step.who !== 'operator') {
            await this.checkOperator();
        }
        await this[step.kind](step);
    }

    async play() {
        for (const step of this.script.steps) {
            try {
                await this.step(step);
            } catch (error) {
                error.message = `line ${step.line}: ${error.message}`;
                throw error;
            }
        }
        await this.settle();
        await this.checkOperator();
        for (const [who, guest] of this.guests) {
            if (guest.status !== undefined && guest.status !== 101) {
                continue;
            }
            await this.calm(guest);
            assert.equal(guest.isOver, false, `${who} is gone at the end`);
        }
    }
}

async function play(script) {
    const stage = await Stage.start(script.set);
    const player = new Player(script, stage);
    try {
        await player.play();
    } finally {
        await Promise.all([...player.guests.values()]
            .filter((guest) => !guest.isOver).map((guest) => guest.leave()));
        await stage.remove();
    }
}

/* Scripts that are wrong on purpose: a player that passes one of them would pass anything. */
const join = 'ann hub > {"type":"join","room":"general"}\n';
const ping = 'ann hub > {"type":"ping","id":1}\n';
const proofs = [
    [`${join}ann hub < {"data":{"status":"no"}}`, /line 2: it\.data\.status should be "no"/],
    [`${join}ann hub < {"data":{"id":"*"}}`, /it\.data\.id should be "\*"/],
    [`${join}ann hub < {"data":{"room":null}}`, /it\.data\.room should be null/],
    [`${ping}ann hub < {"ref":"$a","type":"$a"}`, /it\.type should be "\$a", and is "pong"/],
    [`${ping}ann hub < {"data":{"ts":"*time"}}`, /it\.data\.ts should be "\*time"/],
    [`${join}ann hub . silence`, /line 2: nothing more should have come/],
    [join, /nothing more should have come/],
    [`${join}ann leaves`, /line 2: nothing more should have come/],
    ['ann hub refused 401', /101/],
    ['ann hub comes ?token=none', /was not let in/],
    ['operator > {"cmd":"user_show","username":"zoe"}', /NOT_FOUND/],
    ['ann hub comes\noperator > {"cmd":"ban_add","username":"ann"}\nann hub < {"type":"error"}',
        /ann is gone at the end/],
];
test('what is wrong is seen', async () => {
    for (const [text, complaint] of proofs) {
        await assert.rejects(play(readScript(text)), complaint, text);
    }
});

const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.talk'));
assert.notEqual(files.length, 0);

for (const name of files.sort()) {
    const script = readScript(await readFile(`${folder}${name}`, 'utf8'));
    const skip = notFromOutside(script);
    test(`${relative(top, folder)}/${name}: ${script.title}`, { skip }, () => play(script));
}
