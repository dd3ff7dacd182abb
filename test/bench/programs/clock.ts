import { defineProcess } from 'troupe/sdk';

/** Answers every message with the time at which it runs, nanoseconds of a clock that all threads share. */
export default defineProcess(function* (self) {
  for (;;) {
    const { from } = yield* self.receive();
    self.send(from, 'ran', process.hrtime.bigint());
  }
});
