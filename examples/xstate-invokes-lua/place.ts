import { defineProcess } from 'troupe/sdk';

export default defineProcess(function* (self) {
  const [item = 'lamp', count = '1'] = self.io.args();
  const answer: string = yield* self.exec('order:checkout', 'order:work', { item, count: Number(count) });
  yield* self.io.write(`${answer}\n`);
});
