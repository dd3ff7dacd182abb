import { defineProcess, frozen } from 'troupe/sdk';
import { order } from './order.ts';

/** `count` round trips of one nested map that is frozen. */
export default defineProcess<[number, string]>(function* (self, count, partner) {
  const pong = self.spawn(partner, 'bench:host', self.pid);
  const value = frozen(order(17));
  let done = 0;
  for (let i = 0; i < count; i++) {
    self.send(pong, 'ping', value);
    const { payload } = yield* self.receive();
    if (payload.id === 17 && payload.items[2].count === 7) done++;
  }
  self.terminate(pong);
  return done;
});
