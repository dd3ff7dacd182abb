import { setup } from 'xstate';
import { EventKind } from 'troupe/sdk';
import { fromEntry, selfOf, sendMessage } from 'troupe/sdk/xstate';
import { handle, type State } from './handling.ts';

const owner = ({ context }: { context: State }) => context.owner;
const tell = sendMessage(owner, 'event', ({ event }) => ({ kind: event.type, from: event.from }));

export default setup({
  types: {} as { context: State; input: State; events: any },
  actors: { waiter: fromEntry<string, string>('u:waiter') },
  delays: { sleep: ({ event }: any) => event.milliseconds },
}).createMachine({
  context: ({ input }) => input,
  initial: 'there',
  on: {
    [EventKind.EXIT]: { actions: tell },
    [EventKind.LINK_DOWN]: { actions: tell },
    [EventKind.CANCEL]: { actions: tell },
    end: { target: '.over' },
    begin: { target: '.begun' },
    '*': {
      actions: ({ context, event, system }) => handle(selfOf({ system }), context, { ...event, topic: event.type }),
    },
  },
  states: {
    there: {},
    begun: {
      invoke: {
        src: 'waiter',
        input: ({ event }) => event.name,
        onDone: { actions: sendMessage(owner, 'late', ({ event }) => event.output) },
      },
      after: { sleep: { actions: sendMessage(owner, 'late', 'slept') } },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.carried,
});
