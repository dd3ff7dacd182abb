import { defineProcess } from 'troupe/sdk';

/** Arm timers of 10 to 11 seconds, so many at a time, and cancel them. */
export default defineProcess<[number, number]>(function* (self, count, atATime) {
  let done = 0;
  for (let left = count; left > 0; left -= atATime) {
    const batch = Math.min(left, atATime);
    const timers = new Array(batch);
    for (let i = 0; i < batch; i++) timers[i] = self.after((10_000 + (i % 1000)) * 1e6);
    for (const timer of timers) {
      // One that has fired holds a value.
      if (timer.tryReceive() === undefined) done++;
      timer.stop();
    }
  }
  return done;
});
