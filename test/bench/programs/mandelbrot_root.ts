import { defineProcess } from 'troupe/sdk';

/** A picture of `size` by `size` points in `bands` bands, each computed by a process `band`; the sum of all iterations. */
export default defineProcess<[number, string, number]>(function* (self, bands, band, size) {
  const rows = size / bands;
  for (let i = 0; i < bands; i++) self.spawn(band, 'bench:host', self.pid, i * rows, (i + 1) * rows, size);
  let sum = 0;
  let done = 0;
  for (; done < bands; done++) sum += (yield* self.receive()).payload;
  return { done, sum };
});
