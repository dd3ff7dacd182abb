import { defineProcess } from 'troupe/sdk';
import { handle, type State } from './handling.ts';

export default defineProcess<[State]>(function* (self, state) {
  const [events, inbox] = [self.events(), self.inbox()];
  for (;;) {
    const got = yield* self.select({ events, inbox });
    if (got.key === 'events') self.send(state.owner, 'event', { kind: got.value!.kind, from: got.value!.from });
    else if (got.value!.topic === 'end') return state.carried;
    else if (got.value!.topic === 'begin') {
      const { name, milliseconds } = got.value!.payload;
      self.fork(function* () {
        self.send(state.owner, 'late', yield* self.exec('u:waiter', undefined, name));
      });
      self.fork(function* () {
        yield* self.time.sleep(`${milliseconds}ms`);
        self.send(state.owner, 'late', 'slept');
      });
    } else handle(self, state, got.value!);
  }
});
