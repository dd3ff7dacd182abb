import { defineProcess } from 'troupe/sdk';

/** Computes for as many steps as it is told and sends the last number. */
export default defineProcess<[string, number, number]>(function* (self, parent, seed, steps) {
  let x = seed;
  for (let i = 0; i < steps; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  self.send(parent, 'done', x);
});
