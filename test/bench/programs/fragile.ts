import { defineProcess } from 'troupe/sdk';

/** Says that it is there, and fails at the first message. */
export default defineProcess(function* (self) {
  self.send('restarts', 'up', self.pid);
  yield* self.receive();
  throw new Error('told to fail');
});
