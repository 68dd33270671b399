// A peer of the benchmark: the hub's rooms on npm's `ws`, nothing stored, tokens not looked at.
// What it sends looks like our frames and is as long; it is made once and sent to everybody.
//
// BENCH_FAULT=lose, twice or swap makes it mistreat the last member of a room once: the load driver
// must notice, or its silence about others would mean nothing.
import { WebSocketServer } from 'ws';
import { Rooms } from './rooms.mjs';

const rooms = new Rooms();
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

const actions = {
  join(socket, { room }) {
    rooms.of(room).members.add(socket);
    socket.send(JSON.stringify({ type: 'join_ack', room }));
  },
  message(socket, { room, content }) {
    const data = rooms.post(room, socket.user, content);
    const frame = Buffer.from(JSON.stringify({ type: 'message', data }));
    const { members } = rooms.of(room);
    const spared = fault && [...members].pop();
    for (const member of members) {
      if (member === spared) fault((f) => member.send(f, { binary: false }), data, frame);
      else member.send(frame, { binary: false });
    }
  },
};

const FAULT_AT = 5; // the seq of the message that goes wrong
const faults = {
  lose: (send, data, frame) => {
    if (data.seq !== FAULT_AT) send(frame);
  },
  twice: (send, data, frame) => {
    send(frame);
    if (data.seq === FAULT_AT) send(frame);
  },
  swap: (send, data, frame) => {
    if (data.seq === FAULT_AT) held = frame;
    else send(frame);
    if (data.seq === FAULT_AT + 1) send(held);
  },
};
const fault = faults[process.env.BENCH_FAULT];
let held;

server.on('connection', (socket) => {
  socket.user = rooms.newUser();
  socket.on('message', (text) => {
    const message = JSON.parse(text);
    actions[message.type]?.(socket, message);
  });
});
server.on('listening', () => console.log(`ready ${server.address().port}`));
