/* The oracle: reads what a load recorded and says which promises were broken.
 *
 * A recording is plain data, so that a test can doctor one and see that the oracle notices:
 *
 *   messages    [{ key, user, place, content, attempts: [{ at, sentAt, isRefused }],
 *                  acks: [{ id, seq, at }] }]
 *   deliveries  [{ user, conn, place, seq, id, from, content, isAnswer }]   in order of arrival
 *   histories   [{ user, conn, place, isWhole, rows: [{ seq, id, from, content }] }]   oldest first
 *   members     { place: [user...] }    who may hear a place
 *   isOpen      { place: true }         places whose history anybody may read
 *   healedAt    when the fault was over, null if there was none
 *   problems    [text]                  frames and closes nobody expected
 *
 * A place is a room (`#name`) or a direct conversation (`1>2`, the smaller id first). An attempt is
 * one frame sent; its `at` counts attempts over all clients. `sentAt`, an ack's `at` and healedAt
 * are milliseconds. The truth about a place is its whole history.
 *
 *   I1   what was acknowledged, or seen by anybody, is stored exactly once; nothing is twice
 *   I2   nobody receives a message twice on one connection
 *   I3   (place, seq) is the same message for everybody, and seqs go up
 *   I4   no holes: in the store, on a connection, between a history and what follows it live
 *   I5   nothing arrives that was not sent, or that was refused
 *   I6   an acknowledgement's id and seq are the stored ones
 *   I7   one sender's messages keep their order
 *   I8   nothing reaches who is not a member
 *   I10  what waits when a fault heals, or is sent later, is acknowledged within 5 s
 *   X    something else that should not have happened
 *
 * (I9 is about edits and deletions, which no frame of the hub makes.) */
export const HEALED_MS = 5000;

class Finding {
    constructor(rule, what) {
        this.rule = rule;
        this.what = what;
    }

    toString() {
        return `${this.rule}: ${this.what}`;
    }
}

/* Collects findings; each rule is told a few times at most, for a broken run breaks thousands. */
class Findings {
    static TOLD_MAX = 5;
    list = [];
    #counts = new Map();

    add(rule, what) {
        const count = (this.#counts.get(rule) ?? 0) + 1;
        this.#counts.set(rule, count);
        if (count <= Findings.TOLD_MAX) {
            this.list.push(new Finding(rule, what));
        }
    }
}

const groupBy = (items, keyOf) => {
    const groups = new Map();
    for (const item of items) {
        const key = keyOf(item);
        const group = groups.get(key);
        if (group) {
            group.push(item);
        } else {
            groups.set(key, [item]);
        }
    }
    return groups;
};

/* The whole history of each place: the longest that was read. */
function truths(recording) {
    const whole = new Map();
    for (const history of recording.histories) {
        const best = whole.get(history.place);
        if (history.isWhole && (!best || best.length < history.rows.length)) {
            whole.set(history.place, history.rows);
        }
    }
    return whole;
}

const wasRefused = (message) =>
    message.acks.length === 0 && message.attempts.every((attempt) => attempt.isRefused);

/* I1 and I6: what was acknowledged is there, once, under the id and seq that were told. */
function checkStored(recording, stored, found) {
    for (const message of recording.messages) {
        const rows = stored.get(message.place)?.get(message.content) ?? [];
        const isAcked = message.acks.length > 0;
        if (isAcked && !stored.has(message.place)) {
            found.add('X', `the whole history of ${message.place} was not read`);
        } else if (isAcked && rows.length === 0) {
            found.add('I1', `${message.key} was acknowledged and is lost`);
        }
        if (rows.length > 1) {
            found.add('I1', `${message.key} is stored ${rows.length} times`);
        }
        for (const ack of message.acks) {
            if (rows.length === 1 && (rows[0].id !== ack.id || rows[0].seq !== ack.seq)) {
                found.add('I6', `${message.key} was acknowledged as id ${ack.id}, seq ${ack.seq};` +
                    ` stored is id ${rows[0].id}, seq ${rows[0].seq}`);
            }
        }
    }
}

/* I1 again: what somebody has seen cannot be taken back. */
function checkSeen(recording, stored, found) {
    for (const { place, content, id, user } of recording.deliveries) {
        if (stored.has(place) && !stored.get(place).has(content)) {
            found.add('I1', `message ${id} of ${place} reached user ${user} and is lost`);
        }
    }
}

/* I2: pushes and answers are counted apart: a retry is answered on a connection that may have been
 * told of the first attempt like everybody else. */
function checkTwice(recording, byContent, found) {
    const seen = new Map();
    for (const delivery of recording.deliveries) {
        const attempts = byContent.get(delivery.content)?.attempts ?? [];
        const isRepeat = delivery.isAnswer && attempts.length > 1;
        const key = `${delivery.conn} ${delivery.place} ${delivery.id} ${isRepeat}`;
        if (seen.has(key)) {
            found.add('I2', `user ${delivery.user} got message ${delivery.id} of ` +
                `${delivery.place} twice on connection ${delivery.conn}`);
        }
        seen.set(key, true);
    }
}

/* I3: whoever speaks of a seq, in a push, an answer or a history, means the same message. */
function checkSame(recording, found) {
    const known = new Map();
    const look = (place, row, who) => {
        const key = `${place} ${row.seq}`;
        const first = known.get(key);
        if (!first) {
            known.set(key, row);
        } else if (first.id !== row.id || first.content !== row.content ||
            first.from !== row.from) {
            found.add('I3', `seq ${row.seq} of ${place} is ${first.id} "${first.content.trim()}"` +
                ` and, for user ${who}, ${row.id} "${row.content.trim()}"`);
        }
    };
    for (const history of recording.histories) {
        history.rows.forEach((row) => look(history.place, row, history.user));
    }
    for (const delivery of recording.deliveries) {
        look(delivery.place, delivery, delivery.user);
    }
}

/* I3 and I4 on the live stream of one connection and place. Answers to retries stand outside of it:
 * they are old. */
function checkStream(key, deliveries, byContent, found) {
    let last;
    for (const { content, isAnswer, seq } of deliveries) {
        const isRepeat = isAnswer && (byContent.get(content)?.attempts.length ?? 0) > 1;
        if (isRepeat && seq !== last + 1) {
            continue;
        }
        if (last !== undefined && seq <= last) {
            found.add('I3', `connection ${key}: seq ${seq} came after ${last}`);
        } else if (last !== undefined && seq !== last + 1) {
            found.add('I4', `connection ${key}: seq ${seq} came after ${last}`);
        }
        last = seq;
    }
}

/* I4: the seqs are first, first + 1, ... */
function checkWithoutHoles(what, seqs, first, found) {
    const sorted = [...new Set(seqs)].sort((a, b) => a - b);
    let next = first ?? sorted[0];
    for (const seq of sorted) {
        if (seq !== next) {
            found.add('I4', `${what}: after seq ${next - 1} comes ${seq}`);
            return;
        }
        next += 1;
    }
}

function checkHoles(recording, byContent, found) {
    const streams = groupBy(recording.deliveries, (d) => `${d.conn} ${d.place}`);
    for (const [key, deliveries] of streams) {
        checkStream(key, deliveries, byContent, found);
    }
    for (const history of recording.histories) {
        const what = `the history of ${history.place} that user ${history.user} read`;
        history.rows.forEach((row, i, rows) => {
            if (i > 0 && row.seq <= rows[i - 1].seq) {
                found.add('I3', `${what}: seq ${row.seq} stands after ${rows[i - 1].seq}`);
            }
        });
        checkWithoutHoles(what, history.rows.map((row) => row.seq),
            history.isWhole ? 1 : undefined, found);
    }
    const read = groupBy(recording.histories, (h) => `${h.conn} ${h.place}`);
    for (const [key, histories] of read) {
        const live = (streams.get(key) ?? []);
        const seqs = [...histories.flatMap((h) => h.rows), ...live].map((row) => row.seq);
        checkWithoutHoles(`history and live stream of connection ${key}`, seqs, undefined, found);
    }
}

/* I5 */
function checkSent(recording, byContent, found) {
    const look = (place, row, where) => {
        const message = byContent.get(row.content);
        if (!message || message.place !== place || message.user !== row.from) {
            found.add('I5', `${where} of ${place}: "${row.content.trim()}" from ${row.from} ` +
                'was never sent there');
        } else if (wasRefused(message)) {
            found.add('I5', `${where} of ${place}: ${message.key} was refused, not sent again`);
        }
    };
    for (const delivery of recording.deliveries) {
        look(delivery.place, delivery, 'a delivery');
    }
    for (const history of recording.histories) {
        history.rows.forEach((row) => look(history.place, row, 'the history'));
    }
}

/* I7: the order in which they were first sent, not counting what was refused. */
function checkOrder(recording, stored, found) {
    for (const [key, messages] of groupBy(recording.messages, (m) => `${m.user} in ${m.place}`)) {
        const placed = [];
        for (const message of messages) {
            const row = stored.get(message.place)?.get(message.content)?.[0];
            const first = message.attempts.find((attempt) => !attempt.isRefused);
            if (row && first) {
                placed.push({ key: message.key, at: first.at, seq: row.seq });
            }
        }
        placed.sort((a, b) => a.at - b.at);
        for (let i = 1; i < placed.length; i++) {
            if (placed[i].seq < placed[i - 1].seq) {
                found.add('I7', `user ${key}: ${placed[i].key} was sent after ` +
                    `${placed[i - 1].key} and is stored before it`);
            }
        }
    }
}

/* I8 */
function checkMembers(recording, found) {
    const members = new Map(Object.entries(recording.members)
        .map(([place, users]) => [place, new Set(users)]));
    for (const { place, user, id } of recording.deliveries) {
        if (!members.get(place)?.has(user)) {
            found.add('I8', `message ${id} of ${place} reached user ${user}`);
        }
    }
    for (const { place, user, rows } of recording.histories) {
        if (rows.length > 0 && !recording.isOpen[place] && !members.get(place)?.has(user)) {
            found.add('I8', `user ${user} could read the history of ${place}`);
        }
    }
}

/* I10 */
function checkHealed(recording, found) {
    const { healedAt } = recording;
    for (const { key, acks, attempts } of recording.messages) {
        if (healedAt === null || wasRefused({ acks, attempts })) {
            continue;
        }
        if (acks.length === 0) {
            found.add('I10', `${key} was never acknowledged`);
        } else if (acks[0].at > healedAt) {
            const ms = acks[0].at - Math.max(healedAt, attempts[0].sentAt);
            if (ms > HEALED_MS) {
                found.add('I10', `${key} was acknowledged ${Math.round(ms)} ms after the end`);
            }
        }
    }
}

/* Everything that is wrong with a recording; an empty list if nothing is. */
export function check(recording) {
    const found = new Findings();
    const byContent = new Map(recording.messages.map((m) => [m.content, m]));
    const stored = new Map();
    for (const [place, rows] of truths(recording)) {
        stored.set(place, groupBy(rows, (row) => row.content));
    }
    recording.problems.forEach((problem) => found.add('X', problem));
    checkStored(recording, stored, found);
    checkSeen(recording, stored, found);
    checkTwice(recording, byContent, found);
    checkSame(recording, found);
    checkHoles(recording, byContent, found);
    checkSent(recording, byContent, found);
    checkOrder(recording, stored, found);
    checkMembers(recording, found);
    checkHealed(recording, found);
    return found.list;
}
