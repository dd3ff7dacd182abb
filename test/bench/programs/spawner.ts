import { defineProcess } from 'troupe/sdk';

/** Spawn a child, wait for its answer, `count` times. */
export default defineProcess<[number, string]>(function* (self, count, child) {
  let done = 0;
  for (let i = 0; i < count; i++) {
    self.spawn(child, 'bench:host', self.pid);
    yield* self.receive();
    done++;
  }
  return done;
});
