import { defineProcess } from 'troupe/sdk';

export default defineProcess({
  init: () => ({ count: 0 }),
  on: {
    ping(self, state, { from, payload }) {
      state.count++;
      self.send(from, 'pong', payload);
    },
  },
});
