// The opening handshake, case by case: what a server must agree to and what it must refuse.
// (RFC 6455 section 4.2)
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startEcho } from "./echo.mjs";
import { Client, closing, cut, requestLines, text } from "./wire.mjs";

let echo;
before(async () => (echo = await startEcho()));
after(async () => assert.equal(await echo.stop(), 0));

async function withClient(run) {
  const client = new Client(echo.port);
  try {
    return await run(client);
  } finally {
    client.destroy();
  }
}

async function wantEcho(client, payload) {
  const got = await client.nextMessage();
  assert.equal(got?.payload.toString(), payload);
}

// Sends a request as it stands; the response.
async function raw(client, head) {
  await client.send(Buffer.from(head));
  await client.until(() => client.response !== null, "the response");
  return client.response;
}

describe("agreed to", { concurrency: 8 }, () => {
  const good = [
    ["the plain request", {}],
    ["names of headers in capitals", { UPGRADE: "websocket", Upgrade: null }],
    ["WebSocket with capitals", { Upgrade: "WebSocket" }],
    ["Upgrade among others", { Connection: "keep-alive, Upgrade" }],
    ["upgrade in small letters", { Connection: "upgrade" }],
    ["Connection in two lines", { Connection: ["keep-alive", "Upgrade"] }],
    ["an Origin", { Origin: "https://example.org" }],
    ["a subprotocol that we do not speak", { "Sec-WebSocket-Protocol": "chat, superchat" }],
    ["a cookie and forty other headers", Object.fromEntries([["Cookie", "a=b; c=d"],
      ...Array.from({ length: 40 }, (_, i) => [`X-Header-${i}`, `value ${i}`])])],
  ];
  const play = (change) => withClient(async (client) => {
    const response = await client.handshake({ change });
    assert.equal(response.status, 101);
    assert.equal(response.headers.upgrade.toLowerCase(), "websocket");
    assert.equal(response.headers.connection.toLowerCase(), "upgrade");
    assert.equal(response.headers["sec-websocket-accept"], client.acceptWanted);
    assert.equal(response.headers["sec-websocket-protocol"], undefined);
    await client.send(text("hello"));
    await wantEcho(client, "hello");
  });
  good.forEach(([what, change], i) => it(`0.1.${i + 1} ${what}`, () => play(change)));

  it("0.2.1 the request in writes of one byte", () => withClient(async (client) => {
    assert.equal((await client.handshake({ chop: 1 })).status, 101);
    await client.send(text("hello"));
    await wantEcho(client, "hello");
  }));

  it("0.2.2 a message and the end in the same write as the request", () =>
    withClient(async (client) => {
      const behind = [text("early"), closing(1000)];
      assert.equal((await client.handshake({ behind })).status, 101);
      await wantEcho(client, "early");
      assert.equal((await client.nextMessage()).payload.readUInt16BE(0), 1000);
      assert.equal(await client.nextFrame(), null);
    }));
});

describe("refused", { concurrency: 8 }, () => {
  const KEY = "AAAAAAAAAAAAAAAAAAAAAA==";
  const request = (line, change, key = KEY) =>
    `${line}\r\n${requestLines(echo.port, key, change)}\r\n\r\n`;
  const bad = [
    ["no Upgrade", () => request("GET / HTTP/1.1", { Upgrade: null }), 426],
    ["another Upgrade", () => request("GET / HTTP/1.1", { Upgrade: "h2c" }), 426],
    ["no Connection", () => request("GET / HTTP/1.1", { Connection: null }), 426],
    ["Connection without Upgrade", () => request("GET / HTTP/1.1", { Connection: "close" }), 426],
    ["no version", () => request("GET / HTTP/1.1", { "Sec-WebSocket-Version": null }), 426],
    ["version 8", () => request("GET / HTTP/1.1", { "Sec-WebSocket-Version": "8" }), 426],
    ["version 14", () => request("GET / HTTP/1.1", { "Sec-WebSocket-Version": "14" }), 426],
    ["no key", () => request("GET / HTTP/1.1", { "Sec-WebSocket-Key": null }), 400],
    ["two keys", () => request("GET / HTTP/1.1", { "Sec-WebSocket-Key":
      ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="] }), 400],
    ["a short key", () => request("GET / HTTP/1.1", {}, "AAAA"), 400],
    ["a long key", () => request("GET / HTTP/1.1", {}, "A".repeat(43) + "="), 400],
    ["a key that is not base64", () => request("GET / HTTP/1.1", {}, "!".repeat(22) + "=="), 400],
    ["extensions that are none",
      () => request("GET / HTTP/1.1", { "Sec-WebSocket-Extensions": "x; =1" }), 400],
    ["no Host", () => request("GET / HTTP/1.1", { Host: null }), 400],
    ["POST", () => request("POST / HTTP/1.1", { "Content-Length": "0" }), 426],
    ["HTTP/1.0", () => request("GET / HTTP/1.0", {}), 426],
    ["HTTP/2.0", () => request("GET / HTTP/2.0", {}), 505],
    ["not HTTP at all", () => "hello server\r\n\r\n", 400],
  ];
  bad.forEach(([what, head, status], i) => it(`0.3.${i + 1} ${what}`, () =>
    withClient(async (client) => {
      const response = await raw(client, head());
      assert.equal(response.status, status);
      if (status === 426) {
        assert.equal(response.headers["sec-websocket-version"], "13");
      }
      await client.until(() => client.hasEnded, "the end of the stream");
    })));
});

describe("afterwards", () => {
  it("0.4.1 a client that goes away without a word hurts nobody", async () => {
    const halves = [[], cut(text("half a frame"), 5).slice(0, 1), [text("a", { fin: false })]];
    for (const bytes of halves) {
      await withClient(async (client) => {
        await client.handshake();
        await client.send(bytes);
        client.socket.resetAndDestroy();
      });
    }
    await withClient(async (client) => {
      await client.handshake();
      await client.send(text("still there"));
      await wantEcho(client, "still there");
    });
  });

  it("0.4.2 a client that sends its FIN gets its echo", () => withClient(async (client) => {
    await client.handshake();
    await client.send(text("x".repeat(4000000)));
    client.socket.end();
    await wantEcho(client, "x".repeat(4000000));
  }));
});
