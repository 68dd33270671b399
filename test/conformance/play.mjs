// Plays one case against the echo server.
//
// A case is plain data:
//   id, what      a stable number within its family, and a sentence
//   offer         Sec-WebSocket-Extensions to send; none if absent
//   answer        the extension answer expected, null: none; absent: whatever `offer` needs
//   send          buffers, or arrays of buffers that each go out in a write of their own
//   want          what must come back, in order: [opcode, payload]
//   packed        whether data messages must come back compressed
//   fails         the code the server must close with, by itself, after `want`
//   closed        [code, reason]: the case sent a close frame; the code that must come back,
//                 undefined for none
// Without fails and closed the case ends with an orderly close by the client.
import assert from "node:assert/strict";
import { CLOSE, Client, TEXT, closing, deflate, frame } from "./wire.mjs";

const codeOf = (payload) => (payload.length === 0 ? undefined : payload.readUInt16BE(0));

function show(payload) {
  const head = payload.subarray(0, 40).toString("latin1");
  return `${payload.length} bytes ${JSON.stringify(head)}`;
}

async function wantMessage(client, opcode, payload, windowBits, packed) {
  const got = await client.nextMessage(windowBits);
  assert.notEqual(got, null, `the server ended the stream instead of sending ${show(payload)}`);
  const codeText = got.opcode === CLOSE ? `, close code ${codeOf(got.payload)}` : "";
  assert.equal(got.opcode, opcode, `an opcode other than expected${codeText}`);
  if (!got.payload.equals(payload)) {
    assert.fail(`the server sent ${show(got.payload)} instead of ${show(payload)}`);
  }
  if (packed !== undefined && opcode <= 2) {
    assert.equal(got.isPacked, packed, "whether the message was compressed");
  }
}

// The close frame, and then nothing but the end of the stream.
async function wantClose(client, code) {
  const got = await client.nextMessage();
  assert.notEqual(got, null, "the server ended the stream without a close frame");
  assert.equal(got.opcode, CLOSE, `a close frame was due, not ${show(got.payload)}`);
  assert.equal(codeOf(got.payload), code, "the code of the close frame");
  assert.equal(await client.nextFrame(), null, "something came after the close frame");
}

const ANSWER =
  /^permessage-deflate(; *(server|client)_(no_context_takeover|max_window_bits=\d+))*$/;

// What was negotiated: the window the server keeps to, or undefined.
function checkAnswer(response, { offer, answer }) {
  const got = response.headers["sec-websocket-extensions"];
  if (answer === null || offer === undefined) {
    assert.equal(got, undefined, "an extension was agreed to that should not be");
    return undefined;
  }
  assert.match(got ?? "none", ANSWER);
  if (answer !== undefined) {
    assert.equal(got, answer);
  }
  const bits = /server_max_window_bits=(\d+)/.exec(got);
  return bits === null ? 15 : Number(bits[1]);
}

export async function play(port, kase) {
  const client = new Client(port);
  try {
    const response = await client.handshake({ offer: kase.offer });
    assert.equal(response.status, 101);
    assert.equal(response.headers["sec-websocket-accept"], client.acceptWanted);
    const windowBits = checkAnswer(response, kase);

    const sending = (async () => {
      for (const step of kase.send ?? []) {
        await client.send(step);
      }
    })();
    for (const [opcode, payload] of kase.want ?? []) {
      await wantMessage(client, opcode, Buffer.from(payload), windowBits, kase.packed);
    }
    if (kase.fails !== undefined) {
      await wantClose(client, kase.fails);
    } else if (kase.closed !== undefined) {
      await wantClose(client, kase.closed.code);
    } else {
      await sending;
      await client.send(closing(1000));
      await wantClose(client, 1000);
    }
    client.socket.end();
  } finally {
    client.destroy();
  }
}

// Sends a message, waits for its echo, and so on: what a round trip at a time does.
export async function playRounds(port, { offer, opcode = TEXT, payload, rounds }) {
  const client = new Client(port);
  try {
    const response = await client.handshake({ offer });
    const windowBits = checkAnswer(response, { offer });
    const packed = offer !== undefined;
    const out = frame(opcode, packed ? deflate(payload) : payload, { rsv: packed ? 4 : 0 });
    for (let i = 0; i < rounds; i++) {
      await client.send(out);
      await wantMessage(client, opcode, Buffer.from(payload), windowBits);
    }
    await client.send(closing(1000));
    await wantClose(client, 1000);
  } finally {
    client.destroy();
  }
}
