import { defineProcess } from 'troupe/sdk';

/** Spawn a child, send it a message, wait for its answer, `count` times. */
export default defineProcess<[number, string]>(function* (self, count, child) {
  let done = 0;
  for (let i = 0; i < count; i++) {
    self.send(self.spawn(child, 'bench:host'), 'hello', self.pid);
    yield* self.receive();
    done++;
  }
  return done;
});
