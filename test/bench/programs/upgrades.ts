import { defineProcess } from 'troupe/sdk';

/**
 * Nanoseconds from the message that makes a process upgrade until the first answer of its new code, which knows what the old
 * code was told last; `count` times, to these entries in turn.
 */
export default defineProcess<[number, string[]]>(function* (self, count, ids) {
  const state = { number: 0, name: 'turncoat', clients: { a: 1, b: 2, c: 3 } };
  const turncoat = self.spawn(ids[0], 'bench:host', state);
  const taken: number[] = [];
  for (let number = 1; number <= count; number++) {
    const begun = self.time.monotonic();
    self.send(turncoat, 'become', { id: ids[number % ids.length], number });
    self.send(turncoat, 'ping');
    const { payload } = yield* self.receive();
    if (payload === number) taken.push(Number(self.time.monotonic() - begun));
  }
  self.terminate(turncoat);
  return taken;
});
