import { defineProcess } from 'troupe/sdk';

const SIZE = 65_536;

/** `count` round trips of 64 KiB with a process that sends everything back. */
export default defineProcess<[number, string]>(function* (self, count, partner) {
  const pong = self.spawn(partner, 'bench:host');
  const bytes = new Uint8Array(SIZE).fill(7);
  let done = 0;
  for (let i = 0; i < count; i++) {
    self.send(pong, 'ping', bytes);
    const { payload } = yield* self.receive();
    if (payload.length === SIZE && payload[0] === 7) done++;
  }
  self.terminate(pong);
  return done;
});
