import { defineProcess } from 'troupe/sdk';

const BATCH = 1000;

/** `count` messages to a process that counts them, a thousand at a time. */
export default defineProcess<[number, string]>(function* (self, count, consumer) {
  const sink = self.spawn(consumer, 'bench:host');
  let taken = 0;
  for (let i = 0; i < count; i++) {
    self.send(sink, 'n', i);
    if (i % BATCH !== BATCH - 1 && i !== count - 1) continue;
    self.send(sink, 'n', -1);
    taken = (yield* self.receive()).payload;
  }
  self.terminate(sink);
  return taken;
});
