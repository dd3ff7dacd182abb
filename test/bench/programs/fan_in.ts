import { defineProcess } from 'troupe/sdk';

const SENDERS = 1000;

/** 1000 senders, one receiver, `count` messages together. */
export default defineProcess<[number]>(function* (self, count) {
  const each = Math.floor(count / SENDERS);
  const all = each * SENDERS;
  for (let i = 0; i < SENDERS; i++) self.spawn('bench:fan_sender_ts', 'bench:host', self.pid, each);
  let sum = 0;
  for (let i = 0; i < all; i++) sum += (yield* self.receive()).payload;
  return sum === (SENDERS * each * (each + 1)) / 2 ? all : 0;
});
