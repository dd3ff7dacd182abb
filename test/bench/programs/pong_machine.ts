import { reply } from 'troupe/sdk/xstate';
import { setup } from 'xstate';

export default setup({
  types: {} as { context: { count: number }; events: { type: 'ping'; payload: number; from: string } },
}).createMachine({
  context: { count: 0 },
  initial: 'waiting',
  states: { waiting: { on: { ping: { actions: reply('pong', ({ event }) => event.payload) } } } },
});
