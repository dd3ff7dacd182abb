import { defineProcess } from 'troupe/sdk';

/** Grows the tree of `skynet.ts` with `count` leaves (a power of ten). */
export default defineProcess<[number]>(function* (self, count) {
  self.spawn('bench:skynet_ts', 'bench:host', self.pid, 0, count);
  const sum = (yield* self.receive()).payload;
  return sum === (count * (count - 1)) / 2 ? count : 0;
});
