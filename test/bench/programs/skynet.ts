import { defineProcess } from 'troupe/sdk';

/** A tree of processes, ten children each, whose `size` leaves send their numbers up; every node sends on the sum. */
export default defineProcess<[string, number, number]>(function* (self, parent, number, size) {
  if (size === 1) {
    self.send(parent, 'sum', number);
    return;
  }
  const part = size / 10;
  for (let i = 0; i < 10; i++) self.spawn('bench:skynet_ts', 'bench:host', self.pid, number + i * part, part);
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += (yield* self.receive()).payload;
  self.send(parent, 'sum', sum);
});
