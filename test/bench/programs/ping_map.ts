import { defineProcess } from 'troupe/sdk';

/** `count` round trips of a small map. */
export default defineProcess<[number, string]>(function* (self, count, partner) {
  const pong = self.spawn(partner, 'bench:host', self.pid);
  let done = 0;
  for (let i = 0; i < count; i++) {
    self.send(pong, 'ping', { id: i, name: 'alice', tags: ['a', 'b', 'c'], n: 42 });
    const { payload } = yield* self.receive();
    if (payload.id === i && payload.tags.length === 3) done++;
  }
  self.terminate(pong);
  return done;
});
