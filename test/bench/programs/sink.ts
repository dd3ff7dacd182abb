import { defineProcess } from 'troupe/sdk';

export default defineProcess<[string, number]>(function* (self, sender, count) {
  for (let i = 0; i < count; i++) {
    const message = yield* self.receive();
    if (message.payload.id !== i) throw new Error(`message ${message.payload.id} came as number ${i}`);
    if (i % 2_000 === 1_999 || i === count - 1) self.send(sender, 'done', i + 1);
  }
});
