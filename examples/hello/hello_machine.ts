import { setup } from 'xstate';

export default setup({
  types: {} as { input: string; context: { name: string }; output: string },
}).createMachine({
  context: ({ input }) => ({ name: input }),
  initial: 'said',
  states: { said: { type: 'final' } },
  output: ({ context }) => `Hello, ${context.name}, from XState`,
});
