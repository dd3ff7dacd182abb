import { defineProcess } from 'troupe/sdk';

/** `count` tasks of `least` to `most` steps, many small and few large ones (their logarithms are even), all spawned at once. */
export default defineProcess<[number, number, number]>(function* (self, count, least, most) {
  let random = 20260102;
  for (let i = 0; i < count; i++) {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    const steps = least === 0 ? 0 : Math.round(least * (most / least) ** (random / 0x80000000));
    self.spawn('bench:task_ts', 'bench:host', self.pid, i, steps);
  }
  let sum = 0;
  let done = 0;
  for (; done < count; done++) sum = (sum + (yield* self.receive()).payload) | 0;
  return { done, sum };
});
