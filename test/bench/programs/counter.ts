import { defineProcess } from 'troupe/sdk';

/** Counts, and says how much since it was last asked. */
export default defineProcess<[string]>(function* (self, asker) {
  let counted = 0;
  for (;;) {
    const { topic } = yield* self.receive();
    if (topic === 'n') {
      counted++;
      continue;
    }
    self.send(asker, 'counted', counted);
    counted = 0;
  }
});
