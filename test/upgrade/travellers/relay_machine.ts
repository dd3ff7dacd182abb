import { assign, setup } from 'xstate';
import { selfOf } from 'troupe/sdk/xstate';
import { type Route, relay } from './relaying.ts';

export default setup({ types: {} as { context: Route; input: Route } }).createMachine({
  context: ({ input }) => input,
  entry: assign({ been: ({ context, system }) => relay(selfOf({ system }), context) }),
  initial: 'there',
  states: { there: { type: 'final' } },
  output: ({ context }) => context.been,
});
