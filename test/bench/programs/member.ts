import { defineProcess } from 'troupe/sdk';

export default defineProcess<[string, string]>(function* (self, next, leader) {
  for (;;) {
    const message = yield* self.receive();
    if (message.payload === 0) self.send(leader, 'end', 0);
    else self.send(next, 'token', message.payload - 1);
  }
});
