import { defineProcess } from 'troupe/sdk';

const SIZE = 1000;

/** A token goes round a ring of 1000 processes until it has made `count` hops. */
export default defineProcess<[number]>(function* (self, count) {
  let next: string = self.pid;
  const members: string[] = [];
  for (let i = 1; i < SIZE; i++) {
    next = self.spawn('bench:member_ts', 'bench:host', next, self.pid);
    members.push(next);
  }
  self.send(next, 'token', count - 1);
  for (;;) {
    const message = yield* self.receive();
    if (message.topic === 'end' || message.payload === 0) break;
    self.send(next, 'token', message.payload - 1);
  }
  for (const member of members) self.terminate(member);
  return count;
});
