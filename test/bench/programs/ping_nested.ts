import { defineProcess } from 'troupe/sdk';
import { order } from './order.ts';

/** `count` round trips of a nested map, which changes from one to the next. */
export default defineProcess<[number, string]>(function* (self, count, partner) {
  const pong = self.spawn(partner, 'bench:host', self.pid);
  const value = order(0);
  let done = 0;
  for (let i = 0; i < count; i++) {
    value.id = i;
    self.send(pong, 'ping', value);
    const { payload } = yield* self.receive();
    if (payload.id === i && payload.items[2].count === 7) done++;
  }
  self.terminate(pong);
  return done;
});
