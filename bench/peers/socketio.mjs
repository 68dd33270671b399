// A peer of the benchmark: the same rooms on npm's `socket.io`, over WebSocket alone. Its adapter
// encodes a packet for a room once and frames it once.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { Rooms } from './rooms.mjs';

const rooms = new Rooms();
const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });

io.on('connection', (socket) => {
  const user = rooms.newUser();
  socket.on('join', ({ room }) => {
    socket.join(room);
    socket.emit('join_ack', { room });
  });
  socket.on('message', ({ room, content }) => {
    io.to(room).emit('message', rooms.post(room, user, content));
  });
});
http.listen(0, '127.0.0.1', () => console.log(`ready ${http.address().port}`));
