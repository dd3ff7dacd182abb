import { assign, setup } from 'xstate';

/** Goes out by itself. */
export default setup({
  types: {} as { context: { presses: number }; events: { type: 'press' } },
}).createMachine({
  context: { presses: 0 },
  initial: 'dark',
  states: {
    dark: { on: { press: { target: 'lit', actions: assign({ presses: ({ context }) => context.presses + 1 }) } } },
    lit: { after: { 5000: 'dark' } },
  },
});
