import { defineProcess } from 'troupe/sdk';

// biome-ignore lint/correctness/useYield: it has nothing to wait for
export default defineProcess<[string]>(function* (self, parent) {
  self.send(parent, 'up', 1);
});
