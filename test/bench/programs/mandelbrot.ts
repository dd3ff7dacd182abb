import { defineProcess } from 'troupe/sdk';

const LIMIT = 200;

/** The rows `from` to `to` of the set of Mandelbrot: how many iterations they took. */
export default defineProcess<[string, number, number, number]>(function* (self, parent, from, to, size) {
  let sum = 0;
  for (let row = from; row < to; row++) {
    const ci = (2 * row) / size - 1;
    for (let column = 0; column < size; column++) {
      const cr = (3 * column) / size - 2;
      let zr = 0;
      let zi = 0;
      let n = 0;
      while (n < LIMIT && zr * zr + zi * zi <= 4) {
        const next = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = next;
        n++;
      }
      sum += n;
    }
  }
  self.send(parent, 'band', sum);
});
