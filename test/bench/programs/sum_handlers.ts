import { defineProcess } from 'troupe/sdk';

/** Keeps what it was told by name, and the sum. */
export default defineProcess({
  init: () => ({ sum: 0, names: {} as { [name: string]: number } }),
  on: {
    add(_self, state, { payload }) {
      state.sum += payload;
      state.names[`n${payload}`] = payload;
    },
  },
});
