// What the peers keep: who is in a room, and its counter; and a message as ours says it.
const FIRST_USER = 1000;

export class Rooms {
  #rooms = new Map();
  #messages = 0;
  #users = 0;

  of(name) {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      room = { members: new Set(), seq: 0 };
      this.#rooms.set(name, room);
    }
    return room;
  }

  newUser() {
    return FIRST_USER + this.#users++;
  }

  // A new message of the room, in the shape of the hub's `data`.
  post(name, user, content) {
    const ts = Date.now();
    return {
      id: ++this.#messages,
      fromUser: user,
      username: `bench${user}`,
      content,
      timestamp: `${new Date(ts).toISOString().slice(0, 19)}Z`,
      room: name,
      seq: ++this.of(name).seq,
      ts,
    };
  }
}
