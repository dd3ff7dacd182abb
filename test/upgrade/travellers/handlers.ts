import { defineProcess } from 'troupe/sdk';
import { handle, type State } from './handling.ts';

export default defineProcess({
  init: (_self, state: State) => state,
  on: {
    end: (self, state) => self.done(state.carried),
    begin(self, _state, { payload }) {
      self.expect('waited', self.exec('u:waiter', undefined, payload.name));
      self.timer('slept', `${payload.milliseconds}ms`);
    },
  },
  message: handle,
  event(self, state, { kind, from }) {
    self.send(state.owner, 'event', { kind, from });
  },
  answers: {
    waited: (self, state, { value }) => void self.send(state.owner, 'late', value),
  },
  timers: {
    slept: (self, state) => void self.send(state.owner, 'late', 'slept'),
  },
});
