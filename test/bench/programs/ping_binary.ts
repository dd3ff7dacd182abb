import { Bytes, defineProcess } from 'troupe/sdk';

/** `count` round trips of so many bytes: as Bytes, or as a Uint8Array, which is copied each way. */
export default defineProcess<[number, string, number, string]>(function* (self, count, partner, length, sort) {
  const pong = self.spawn(partner, 'bench:host', self.pid);
  const plain = new Uint8Array(length).fill(7);
  const binary = sort === 'bytes' ? Bytes.from(plain) : plain;
  let done = 0;
  for (let i = 0; i < count; i++) {
    self.send(pong, 'ping', binary);
    const { payload } = yield* self.receive();
    if (payload.length === length && payload.at(-1) === 7) done++;
  }
  self.terminate(pong);
  return done;
});
