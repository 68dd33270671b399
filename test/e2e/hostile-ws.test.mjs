/* Frames that no honest client sends, through a hub connection that was let in. Each ends its own
 * connection with the code that says why, and two bystanders chat on undisturbed. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import zlib from 'node:zlib';

import { Bystander } from './lib/bystander.mjs';
import { person } from './lib/hub.mjs';
import {
    BINARY, CLOSE, closing, CONTINUATION, deflated, fragments, frame, PING, PONG, Raw,
    rssBytes, TEXT,
} from './lib/raw.mjs';
import { Server } from './lib/server.mjs';

const FRAME_BYTES_MAX = 65536;
const FRAGMENTS_MAX = 1024;
const EMPTY_BLOCK = Buffer.from('000000ffff', 'hex');    // stored, of no bytes
const PING_TEXT = '{"type":"ping","id":7}';

/* Packed before anybody chats: while this process packs, it hears no word. */
const BOMBS = [
    deflated(Buffer.alloc(FRAME_BYTES_MAX + 1, ' ')),
    deflated(Buffer.alloc(128 << 20, ' ')),
    deflated(Buffer.alloc(60 << 20)),
    deflated(Buffer.alloc(60 << 20, ' ')),
];

let server;
let bystander;

before(async () => {
    server = await Server.start({ set: { 'limits.profile': 'open', 'server.workers': 2 } });
    bystander = await Bystander.start(server);
});
afterEach(() => bystander.calm());
after(async () => {
    await bystander?.stop();
    await server?.remove();
});

const upgrade = (options) => Raw.upgrade(server.http, person('eve'), options);

/* The bytes, on a connection of their own, lead to this close code, and then to the end at once. */
async function closes(code, bytes, options) {
    for (const isChopped of [false, true]) {
        const raw = await upgrade(options);
        if (isChopped) {
            for (const byte of Buffer.concat([bytes].flat()).subarray(0, 200)) {
                raw.write(Buffer.from([byte]));
            }
            raw.write(Buffer.concat([bytes].flat()).subarray(200));
        } else {
            raw.write(bytes);
        }
        assert.equal(await raw.closeCode(), code, Buffer.concat([bytes].flat())
            .subarray(0, 32).toString('hex'));
        raw.write(frame(CLOSE, closing(code)));
        assert.equal(await raw.ended(), 'end');
    }
}

async function answersPing(bytes, options) {
    const raw = await upgrade(options);
    raw.write(bytes);
    const { json } = await raw.frameOf(TEXT);
    assert.equal(json.type, 'pong');
    raw.leave();
}

/* ---- headers */

test('an unmasked frame is a protocol error', async () => {
    await closes(1002, frame(TEXT, PING_TEXT, { masked: false }));
    await closes(1002, frame(PING, '', { masked: false }));
    await closes(1002, frame(CLOSE, closing(1000), { masked: false }));
});

test('so are reserved bits and opcodes', async () => {
    for (const rsv of [1, 2, 3, 4, 5, 6, 7]) {
        await closes(1002, frame(TEXT, PING_TEXT, { rsv }));
    }
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
        await closes(1002, frame(opcode, 'x'));
    }
    for (const rsv of [1, 2, 4, 6]) {    // the first stands for compression, which was agreed on
        const bytes = rsv === 4 ? frame(PING, '', { rsv }) : frame(TEXT, PING_TEXT, { rsv });
        await closes(1002, bytes, { deflate: true });
    }
});

test('fragments must follow each other as they should', async () => {
    await closes(1002, frame(CONTINUATION, 'x'));
    await closes(1002, [frame(TEXT, 'x', { fin: false }), frame(TEXT, 'y')]);
    await closes(1002, [frame(TEXT, 'x', { fin: false }), frame(BINARY, 'y')]);
    await closes(1002, frame(PING, 'x', { fin: false }));
    await closes(1002, frame(PING, 'x'.repeat(126)));
    await closes(1002, frame(CLOSE, Buffer.alloc(126)));
});

test('lengths must be written in their shortest form', async () => {
    const long16 = Buffer.from([0x81, 0xfe, 0, 5, 0, 0, 0, 0, 1, 2, 3, 4, 5]);
    const long64 = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);
    await closes(1002, long16);
    await closes(1002, long64);
});

test('a length over the limit is refused at the header', async () => {
    for (const declared of [FRAME_BYTES_MAX + 1, 2 ** 31, 2 ** 32, 2 ** 40, 2n ** 62n,
        2n ** 63n - 1n]) {
        await closes(1009, frame(TEXT, '', { declared }));
    }
    for (const declared of [2n ** 63n, 2n ** 64n - 1n]) {
        await closes(1002, frame(TEXT, '', { declared }));    // the top bit must be 0
    }
    const first = frame(TEXT, 'x'.repeat(FRAME_BYTES_MAX), { fin: false });
    await closes(1009, [first, frame(CONTINUATION, '', { declared: 1 })]);
    await closes(1009, [first, frame(CONTINUATION, '', { declared: 2n ** 62n })]);
    await closes(1009, frame(BINARY, '', { declared: FRAME_BYTES_MAX + 1 }));
});

test('a frame of exactly the limit is read', async () => {
    const text = `${PING_TEXT.slice(0, -1)},"x":"`;
    const whole = `${text}${'x'.repeat(FRAME_BYTES_MAX - text.length - 2)}"}`;
    assert.equal(whole.length, FRAME_BYTES_MAX);
    await answersPing(frame(TEXT, whole));
    await answersPing(fragments(TEXT, [whole.slice(0, 30000), whole.slice(30000)]));
});

/* ---- text */

test('text that is not UTF-8 closes with 1007, however it is cut', async () => {
    const bad = ['ff', 'c080', 'eda080', 'f4908080', 'f8888080', 'c3', 'e282', 'e28228', '80']
        .map((hex) => Buffer.from(hex, 'hex'));
    for (const bytes of bad) {
        const text = Buffer.concat([Buffer.from('{"type":"'), bytes, Buffer.from('"}')]);
        await closes(1007, frame(TEXT, text));
        await closes(1007, fragments(TEXT, [text.subarray(0, 10), text.subarray(10)]));
        await closes(1007, frame(TEXT, deflated(text), { rsv: 4 }), { deflate: true });
    }
    await closes(1007, fragments(TEXT, [Buffer.from('e2', 'hex'), Buffer.from('28a1', 'hex')]));
    await closes(1007, [frame(TEXT, Buffer.from('{"\xff'), { fin: false }),
        frame(CONTINUATION, Buffer.from('ff', 'hex'), { fin: false })]);    // at its first bad byte
});

test('a character may be cut by fragments and pings', async () => {
    const text = Buffer.from('{"type":"ping","x":"é€😀"}');
    const bytes = [...text].flatMap((byte, i) => [
        frame(i === 0 ? TEXT : CONTINUATION, Buffer.from([byte]), { fin: i === text.length - 1 }),
        frame(PING, 'between'),
    ]);
    await answersPing(bytes);
});

test('a binary frame closes with 1003', async () => {
    await closes(1003, frame(BINARY, PING_TEXT));
    await closes(1003, fragments(BINARY, ['a', 'b']));
});

/* ---- many */

test('a message may have a thousand fragments, but not any number', async () => {
    const parts = (count) => {
        const text = PING_TEXT.slice(0, -1) + ' '.repeat(count - PING_TEXT.length) + '}';
        return fragments(TEXT, [...text]);
    };
    await answersPing(parts(1000));
    await answersPing(parts(FRAGMENTS_MAX));
    await closes(1008, parts(FRAGMENTS_MAX + 1));
    const empty = Array(100000).fill(frame(CONTINUATION, '', { fin: false }));
    await closes(1008, [frame(TEXT, '', { fin: false }), Buffer.concat(empty)]);
});

for (const [name, opcode] of [['ping', PING], ['pong', PONG]]) {
    test(`a flood of ${name}s closes with 1008`, async () => {
        const raw = await upgrade();
        raw.write(Array.from({ length: 50 }, () => frame(opcode, 'calm')));
        assert.equal((await raw.ask({ type: 'ping' })).type, 'pong');
        raw.write(Buffer.concat(Array(20000).fill(frame(opcode, 'x'.repeat(125)))));
        assert.equal(await raw.closeCode(), 1008);
        await raw.ended();
    });
}

test('a flood of frames from somebody who does not read is held up or ended', async () => {
    const raw = await upgrade();
    raw.stopReading();
    const before = await rssBytes(server.pid);
    const flood = Buffer.concat(Array(20000).fill(frame(TEXT, '{"type":"nonsense"}')));
    for (let i = 0; i < 20 && raw.socket.writableLength < 1 << 20; i++) {
        raw.write(flood);
        await bystander.calm();
    }
    assert.ok(await rssBytes(server.pid) - before < 64 << 20);
    raw.reset();
});

test('frames as heavy as can be, on every connection of a user, disturb nobody', async () => {
    const who = person('heavy');
    const keys = Array.from({ length: 5900 }, (_, i) => `"k${i}":1`).join(',');
    const heavy = frame(TEXT, `{"type":"message",${keys}}`);
    const many = Buffer.concat(Array(100).fill(heavy));
    const raws = await Promise.all(
        Array.from({ length: 10 }, () => Raw.upgrade(server.http, who)));
    await Promise.all(raws.map((raw) => raw.pour(many)));
    await bystander.calm();
    for (const raw of raws) {
        assert.equal((await raw.ask({ type: 'ping' })).type, 'pong');
        raw.leave();
    }
});

/* ---- compression */

test('a message that was made longer by packing it ends the connection', async () => {
    const blocks = Buffer.concat([...Array(500).fill(EMPTY_BLOCK),
        deflated(Buffer.from(PING_TEXT))]);
    await closes(1008, frame(TEXT, blocks, { rsv: 4 }), { deflate: true });
    const fair = Buffer.concat([...Array(10).fill(EMPTY_BLOCK),
        deflated(Buffer.from(PING_TEXT))]);
    await answersPing(frame(TEXT, fair, { rsv: 4 }), { deflate: true });
});

test('small frames that unpack to large ones are taken turn by turn', async (t) => {
    const alone = await Server.start({ set: { 'limits.profile': 'open', 'server.workers': 1 } });
    t.after(() => alone.remove());
    const heavy = await Raw.upgrade(alone.http, person('heavy'), { deflate: true });
    const light = await Raw.upgrade(alone.http, person('light'));
    const keys = Array.from({ length: 10000 }, () => '"":1').join(',');
    const packed = frame(TEXT, deflated(Buffer.from(`{${keys}}`)), { rsv: 4 });
    assert.ok(packed.length < 600);
    heavy.write(Buffer.concat(Array(60).fill(packed)));
    await heavy.frameOf(TEXT);
    light.write(frame(TEXT, PING_TEXT));
    let isPong = false;
    const pong = light.frameOf(TEXT).then(({ json }) => {
        isPong = json.type === 'pong';
    });
    let before = 1;
    while (!isPong && before < 60) {
        await heavy.frameOf(TEXT);
        before++;
    }
    await pong;
    assert.ok(isPong && before < 60, 'the ping did not wait for all sixty');
    heavy.reset();
    light.leave();
});

test('a compressed bomb is refused, and takes no memory', async () => {
    const before = await rssBytes(server.pid);
    for (const bomb of BOMBS.filter((b) => b.length <= FRAME_BYTES_MAX)) {
        await closes(1009, frame(TEXT, bomb, { rsv: 4 }), { deflate: true });
        await closes(1009, fragments(TEXT, [bomb.subarray(0, 9), bomb.subarray(9)], { rsv: 4 }),
            { deflate: true });
    }
    const large = BOMBS[1];
    assert.ok(large.length > FRAME_BYTES_MAX * 17 / 16, 'is refused for its packed length');
    await closes(1009, frame(TEXT, '', { rsv: 4, declared: large.length }), { deflate: true });
    const raws = await Promise.all(Array.from({ length: 40 }, () => upgrade({ deflate: true })));
    const bomb = BOMBS[3];
    assert.ok(bomb.length <= FRAME_BYTES_MAX);
    for (const raw of raws) {
        raw.write(frame(TEXT, bomb, { rsv: 4 }));
    }
    for (const raw of raws) {
        assert.equal(await raw.closeCode(), 1009);
        raw.leave();
    }
    assert.ok(await rssBytes(server.pid) - before < 64 << 20, 'memory stays where it was');
});

test('compressed text of exactly the limit is read', async () => {
    const text = PING_TEXT.slice(0, -1) + ' '.repeat(FRAME_BYTES_MAX - PING_TEXT.length) + '}';
    await answersPing(frame(TEXT, deflated(text), { rsv: 4 }), { deflate: true });
});

test('what is no compressed data closes its connection only', async () => {
    for (const hex of ['ffff', '07', '0300ff', 'c1c1c1c1', '06', '']) {
        const raw = await upgrade({ deflate: true });
        raw.write(frame(TEXT, Buffer.from(hex, 'hex'), { rsv: 4 }));
        const { opcode, code } = await raw.frame();
        assert.ok(opcode === TEXT || code === 1007, `${hex}: ${code}`);    // empty text may be read
        raw.leave();
    }
    const whole = zlib.deflateRawSync(PING_TEXT);    // ends in a final block, which RFC 7692 allows
    await answersPing(frame(TEXT, Buffer.concat([whole, Buffer.from([0])]), { rsv: 4 }),
        { deflate: true });
});

/* ---- the end */

test('close frames are answered, bad ones with what is wrong', async () => {
    for (const code of [1000, 1001, 1003, 1007, 1008, 1011, 3000, 4999]) {
        const raw = await upgrade();
        raw.write(frame(CLOSE, closing(code, 'bye')));
        assert.equal(await raw.closeCode(), code);
        assert.equal(await raw.ended(), 'end');
    }
    const raw = await upgrade();
    raw.write(frame(CLOSE));
    assert.equal((await raw.frameOf(CLOSE)).payload.length, 0);
    assert.equal(await raw.ended(), 'end');
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]) {
        await closes(1002, frame(CLOSE, closing(code)));
    }
    await closes(1002, frame(CLOSE, Buffer.from([3])));
    await closes(1007, frame(CLOSE, closing(1000, Buffer.from('ff', 'hex'))));
});

test('who goes on after saying goodbye is not heard', async () => {
    const who = person('chatty');
    const witness = await Raw.upgrade(server.http, who);
    const raw = await Raw.upgrade(server.http, who);
    const late = frame(TEXT, JSON.stringify({ type: 'dm', to: who.id, content: 'late' }));
    raw.write(frame(CLOSE, closing(1000)), Array(1000).fill(late));
    await raw.ended();
    assert.deepEqual((await witness.ask({ type: 'dm_history', with: who.id })).data, []);
    witness.leave();
});

test('who never answers our close is cut off after two seconds', async () => {
    const raw = await upgrade();
    raw.write(frame(BINARY, 'x'));
    assert.equal(await raw.closeCode(), 1003);
    const began = performance.now();
    const chatter = setInterval(() => raw.write(frame(TEXT, PING_TEXT)), 50);
    raw.socket.resume();
    assert.notEqual(await raw.ended(), null);
    clearInterval(chatter);
    const took = performance.now() - began;
    assert.ok(took > 1000 && took < 10000, `after ${took} ms`);
});

test('half a frame and then nothing, goodbye, or a broken line: all the same', async () => {
    const whole = frame(TEXT, PING_TEXT);
    for (const bytes of [whole.subarray(0, 1), whole.subarray(0, 4), whole.subarray(0, 12),
        frame(TEXT, 'half a message', { fin: false }), frame(TEXT, '', { declared: 60000 })]) {
        for (const end of ['finish', 'reset', 'leave']) {
            const raw = await upgrade();
            await raw.pour(bytes);
            raw[end]();
            if (end === 'finish') {
                await raw.ended();
            }
        }
    }
});
