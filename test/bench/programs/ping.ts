import { defineProcess } from 'troupe/sdk';

/** `count` round trips with a process that sends everything back. */
export default defineProcess<[number, string]>(function* (self, count, partner) {
  const pong = self.spawn(partner, 'bench:host', self.pid);
  let done = 0;
  for (let i = 0; i < count; i++) {
    self.send(pong, 'ping', i);
    const message = yield* self.receive();
    if (message.payload === i) done++;
  }
  self.terminate(pong);
  return done;
});
