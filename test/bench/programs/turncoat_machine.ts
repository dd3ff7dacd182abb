import { setup } from 'xstate';
import { reply, selfOf } from 'troupe/sdk/xstate';

/** Answers pings with what it carries along; told an entry, it goes on as that. */
export default setup({
  types: {} as { context: { number: number }; input: { number: number }; events: any },
}).createMachine({
  context: ({ input }) => input,
  on: {
    ping: { actions: reply('pong', ({ context }) => context.number) },
    become: {
      actions: ({ context, event, system }) =>
        void selfOf({ system }).upgrade(event.id, { ...context, number: event.number }),
    },
  },
});
