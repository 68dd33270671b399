/* What the server says over HTTP beside the chat: how it is, what it has counted, and what is wrong
 * with a request. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { HubClient, person } from './lib/hub.mjs';
import { Raw, request } from './lib/raw.mjs';
import { Server } from './lib/server.mjs';

let server;

before(async () => {
    server = await Server.start({ set: { 'limits.profile': 'open', 'server.workers': 2 } });
});
after(() => server?.remove());

const get = (path, options) => fetch(`http://${server.http}${path}`, options);

test('healthz and readyz say that all is well', async () => {
    for (const path of ['/healthz', '/readyz', '/healthz?verbose', '/readyz?']) {
        const response = await get(path);
        assert.equal(response.status, 200);
        assert.match(response.headers.get('content-type'), /^application\/json/);
        assert.equal(response.headers.get('cache-control'), 'no-store');
        assert.deepEqual(await response.json(), { status: 'ok' });
    }
});

test('the page at / is for people', async () => {
    const response = await get('/');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/html/);
    assert.match(await response.text(), /Parloir/);
});

test('what is not there is 404, what cannot be done there 405, both in JSON', async () => {
    for (const path of ['/nowhere', '/healthz/', '/ws', '/metrics/x', '/%00', '/favicon.ico']) {
        const response = await get(path);
        assert.equal(response.status, 404, path);
        assert.match(response.headers.get('content-type'), /^application\/json/);
        assert.equal(typeof (await response.json()).error, 'string');
    }
    for (const path of ['/healthz', '/readyz', '/metrics', '/', '/ws/hub']) {
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
            const response = await get(path, { method,
                body: method === 'OPTIONS' ? undefined : 'x' });
            assert.equal(response.status, 405, `${method} ${path}`);
            assert.equal(response.headers.get('allow'), 'GET, HEAD');
            assert.equal(typeof (await response.json()).error, 'string');
        }
    }
});

test('HEAD is GET without the body', async () => {
    const raw = await Raw.open(server.http);
    for (const path of ['/healthz', '/readyz', '/']) {
        raw.write(request(path));
        const got = await raw.response();
        raw.write(request(path, { method: 'HEAD' }));
        const head = await raw.response({ bodiless: true });
        const undated = ({ date, ...rest }) => rest;
        assert.equal(head.status, 200);
        assert.deepEqual(undated(head.headers), undated(got.headers));
        assert.equal(Number(head.headers['content-length']), Buffer.byteLength(got.body));
    }
    raw.write(request('/metrics', { method: 'HEAD' }));
    assert.ok(Number((await raw.response({ bodiless: true })).headers['content-length']) > 1000);
    raw.write(request('/nowhere', { method: 'HEAD' }));
    assert.equal((await raw.response({ bodiless: true })).status, 404);
    await raw.ended();
    assert.equal(raw.rest, '');
});

test('a connection serves many requests until one says close', async () => {
    const raw = await Raw.open(server.http);
    for (let i = 0; i < 20; i++) {
        raw.write(request('/healthz'));
        const { status, headers } = await raw.response();
        assert.equal(status, 200);
        assert.equal(headers.connection, 'keep-alive');
    }
    raw.write(request('/healthz', { headers: ['Connection: close'] }));
    assert.equal((await raw.response()).headers.connection, 'close');
    assert.equal(await raw.ended(), 'end');
});

test('HTTP/1.0 closes unless it asks not to', async () => {
    const once = await Raw.open(server.http);
    once.write('GET /healthz HTTP/1.0\r\n\r\n');
    const { status, headers } = await once.response();
    assert.equal(status, 200);
    assert.equal(headers.connection, 'close');
    assert.equal(await once.ended(), 'end');
    const more = await Raw.open(server.http);
    for (let i = 0; i < 3; i++) {
        more.write('GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
        assert.equal((await more.response()).headers.connection, 'keep-alive');
    }
    more.leave();
});

/* ---- metrics */

const SAMPLE =
    /^([a-z_]+)(\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\})? (-?[0-9.e+-]+|\+Inf|NaN)$/;

/* Reads Prometheus text; fails on a line that is none. */
function parse(text) {
    const families = new Map();
    assert.ok(text.endsWith('\n'));
    for (const line of text.split('\n').filter(Boolean)) {
        const meta = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
        if (meta) {
            const family = families.get(meta[2]) ?? { series: new Map() };
            family[meta[1]] = meta[3];
            families.set(meta[2], family);
            continue;
        }
        const sample = SAMPLE.exec(line);
        assert.ok(sample, `no sample: ${line}`);
        const name = families.has(sample[1]) ? sample[1] : sample[1].replace(/_(bucket|sum|count)$/,
            '');
        assert.ok(families.has(name), `no family for ${line}`);
        const series = families.get(name).series;
        const key = `${sample[1]}${sample[2] ?? ''}`;
        assert.ok(!series.has(key), `${key} twice`);
        series.set(key, Number(sample[4]));
    }
    return families;
}

const metrics = async () => parse(await (await get('/metrics')).text());

test('metrics are Prometheus text, and all there', async () => {
    const response = await get('/metrics');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
    const families = parse(await response.text());
    const wanted = {
        parloir_connections: 'gauge', parloir_messages_in_total: 'counter',
        parloir_messages_out_total: 'counter', parloir_delivery_seconds: 'histogram',
        parloir_reconnections_total: 'counter', parloir_connection_errors_total: 'counter',
        parloir_outbox_bytes: 'gauge', parloir_slow_readers_dropped_total: 'counter',
        parloir_batch_commands: 'histogram', parloir_commit_seconds: 'histogram',
        parloir_queue_credits_used: 'gauge', parloir_queue_credits_max: 'gauge',
        parloir_resident_rooms: 'gauge', parloir_resident_users: 'gauge',
        parloir_auth_failures_total: 'counter', parloir_rate_limited_total: 'counter',
        parloir_sessions: 'gauge',
    };
    for (const [name, type] of Object.entries(wanted)) {
        assert.equal(families.get(name)?.TYPE, type, name);
    }
    for (const [name, { HELP, TYPE, series }] of families) {
        assert.ok(name.startsWith('parloir_'), name);
        assert.ok(HELP?.length > 5 && /^(counter|gauge|histogram)$/.test(TYPE), name);
        for (const [key, value] of series) {
            assert.ok(Number.isFinite(value) && value >= 0, `${key} ${value}`);
        }
    }
});

test('histograms only grow from bucket to bucket', async () => {
    for (const [name, { TYPE, series }] of await metrics()) {
        if (TYPE !== 'histogram') {
            continue;
        }
        const counts = [...series].filter(([key]) => key.startsWith(`${name}_count`));
        for (const [key, count] of counts) {
            const labels = key.slice(`${name}_count`.length).replace(/[{}]/g, '');
            const buckets = [...series].filter(([k]) => k.startsWith(`${name}_bucket{${labels}`));
            const values = buckets.map(([, v]) => v);
            assert.deepEqual(values, [...values].sort((a, b) => a - b), key);
            assert.match(buckets.at(-1)[0], /le="\+Inf"/);
            assert.equal(values.at(-1), count, key);
        }
    }
});

test('metrics count what happens', async () => {
    const at = (families, family, key) => families.get(family).series.get(key ?? family);
    const before = await metrics();
    await server.cli('room', 'add', 'counted');
    const ann = await HubClient.connect(server.http, person('ann'));
    const bob = await HubClient.connect(server.http, person('bob'));
    for (const one of [ann, bob]) {
        await one.ask({ type: 'join', room: 'counted' });
    }
    for (let i = 0; i < 10; i++) {
        await ann.ask({ type: 'message', room: 'counted', content: `${i}` });
        await bob.expect({ type: 'message' });
    }
    const now = await metrics();
    const grown = (family, key) => at(now, family, key) - (at(before, family, key) ?? 0);
    assert.equal(grown('parloir_connections', 'parloir_connections{dialect="hub"}'), 2);
    assert.equal(grown('parloir_connections_total', 'parloir_connections_total{dialect="hub"}'), 2);
    assert.equal(grown('parloir_messages_in_total', 'parloir_messages_in_total{dialect="hub"}'),
        12);
    assert.equal(grown('parloir_messages_out_total', 'parloir_messages_out_total{dialect="hub"}'),
        20);
    assert.ok(grown('parloir_commit_seconds', 'parloir_commit_seconds_count') >= 10);
    await ann.close();
    await bob.close();
});
