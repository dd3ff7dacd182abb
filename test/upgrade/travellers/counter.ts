import { defineProcess } from 'troupe/sdk';

/** Sends the numbers from 1 to `count`, some of them each millisecond. */
export default defineProcess<[string, number]>(function* (self, to, count) {
  for (let n = 1; n <= count; n++) {
    const sent = self.send(to, 'add', [self.pid, n]);
    if (sent !== true) throw sent;
    if (n % 10 === 0) yield* self.time.sleep('1ms');
  }
});
