/* Conversations as scripts: reads what test/talk/README.md describes, and compares what came with
 * what was expected. Who plays them is talk.test.mjs. */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const TTL_S = 3600;

/* What a line can be: a kind, and what it looks like. */
const FORMS = [
    ['store', /^store (full|back)$/],
    ['clock', /^clock \+\d+(ms|s|m|h)$/],
    ['restart', /^restart$/],
    ['belongs', /^(?<who>\S+) belongs to (?<text>.+)$/],
    ['leaves', /^(?<who>\S+) leaves$/],
    ['vanishes', /^(?<who>\S+) vanishes$/],
    ['says', /^(?<who>operator) > ?((?<count>\d+) times )?(?<text>.*)$/],
    ['hears', /^(?<who>operator) < ((?<count>\d+) times )?(?<text>.*)$/],
    ['says', /^(?<who>\S+) (?<dialect>\S+) >( ?(?<count>\d+) times)? ?(?<text>.*)$/],
    ['hears', /^(?<who>\S+) (?<dialect>\S+) < ((?<count>\d+) times )?(?<text>.*)$/],
    ['silence', /^(?<who>\S+) (?<dialect>\S+) \. silence$/],
    ['comes', /^(?<who>\S+) (?<dialect>\S+) comes(?<rest>( .*)?)$/],
    ['renews', /^(?<who>\S+) (?<dialect>\S+) renews(?<rest>( .*)?)$/],
    ['refused', /^(?<who>\S+) (?<dialect>\S+) refused (?<number>\d+)(?<rest>( .*)?)$/],
    ['closed', /^(?<who>\S+) (?<dialect>\S+) closed (?<number>\d+)$/],
];

const ARRIVAL = /^( for (?<ttl>\d+)(?<unit>ms|s|m|h))?( (?<query>\?\S+))?( (?<claims>\{.*\}))?$/;

export const personOf = (who) => who.split('#')[0];

function readArrival(rest) {
    const { ttl, unit, query = '', claims } = ARRIVAL.exec(rest.trimEnd()).groups;
    return {
        ttl: ttl === undefined ? TTL_S : (Number(ttl) * UNITS[unit]) / 1000,
        query,
        claims: claims && JSON.parse(claims),
    };
}

function readStep(line, number) {
    for (const [kind, form] of FORMS) {
        const found = form.exec(line);
        if (found) {
            const { count = '1', rest, number: status, ...step } = { ...found.groups };
            const arrival = rest === undefined ? {} : readArrival(rest);
            return { kind, line: number, ...step, ...arrival, count: Number(count),
                number: Number(status) };
        }
    }
    throw new Error(`line ${number}: what is this? ${line}`);
}

/* A script as { title, people, set, steps }. */
export function readScript(text) {
    const script = { title: '', people: new Map(), set: {}, steps: [] };
    const lines = text.split('\n').map((line) => line.trim());
    for (const [i, line] of lines.entries()) {
        if (line.startsWith('# people:')) {
            for (const [, name, id] of line.matchAll(/(\S+)=(\d+)/g)) {
                script.people.set(name, Number(id));
            }
        } else if (line.startsWith('# set:')) {
            const [, key, value] = /^# set: ([^=]+)=(.*)$/.exec(line);
            script.set[key] = value;
        } else if (line.startsWith('#')) {
            script.title ||= line.slice(1).trim();
        } else if (line !== '') {
            script.steps.push(readStep(line, i + 1));
        }
    }
    for (const { who } of script.steps) {
        if (who && who !== 'operator' && !script.people.has(personOf(who))) {
            script.people.set(personOf(who), Math.max(0, ...script.people.values()) + 1);
        }
    }
    return script;
}

/* What a script asks for that cannot be done from outside; undefined: nothing. */
export function notFromOutside(script) {
    const inside = { store: 'the store cannot be filled', clock: 'the clock cannot be moved' };
    for (const { kind, dialect } of script.steps) {
        if (inside[kind]) {
            return inside[kind];
        }
        if (dialect === 'core') {
            return 'no dialect has a word for it yet';
        }
    }
    return undefined;
}

/* The text with {{piece*count}} written out and, if `names` is given, names replaced by values. */
export function fill(text, names) {
    const long = text.replace(/\{\{(.+?)\*(\d+)\}\}/g, (_, piece, n) => piece.repeat(Number(n)));
    return names ? long.replace(/"\$([^"]+)"/g, (quoted, name) =>
        (names.has(name) ? JSON.stringify(names.get(name)) : quoted)) : long;
}

function matchesText(wanted, came, names) {
    if (wanted === '*') {
        return came !== undefined && came !== null;
    }
    if (wanted === '*id') {
        return Number.isSafeInteger(came) && came > 0;
    }
    if (wanted === '*time') {
        return typeof came === 'string' && TIME.test(came);
    }
    if (/^\$./.test(wanted)) {
        if (!names.has(wanted.slice(1)) && came !== undefined) {
            names.set(wanted.slice(1), came);
        }
        return came !== undefined && names.get(wanted.slice(1)) === came;
    }
    if (/^\*.*…$/.test(wanted)) {
        return typeof came === 'string' && came.startsWith(wanted.slice(1, -1));
    }
    return wanted === came;
}

const kindOf = (value) => (Array.isArray(value) ? 'array' : typeof value);

/* Where `came` is not as wanted, as a path; null: it is. Names are learnt into `names`. */
export function mismatch(wanted, came, names, path = 'it') {
    const wrong = `${path} should be ${JSON.stringify(wanted)}, and is ${JSON.stringify(came)}`;
    if (wanted === null) {
        return came === undefined || came === null ? null : wrong;
    }
    if (typeof wanted === 'string') {
        return matchesText(wanted, came, names) ? null : wrong;
    }
    if (typeof wanted !== 'object') {
        return wanted === came ? null : wrong;
    }
    if (came === null || kindOf(came) !== kindOf(wanted) ||
        (Array.isArray(wanted) && wanted.length !== came.length)) {
        return wrong;
    }
    for (const [key, value] of Object.entries(wanted)) {
        const found = mismatch(value, came[key], names, `${path}.${key}`);
        if (found) {
            return found;
        }
    }
    return null;
}
