import { defineProcess } from 'troupe/sdk';

export default defineProcess(function* (self) {
  for (;;) {
    const message = yield* self.receive();
    self.send(message.from, 'pong', message.payload);
  }
});
