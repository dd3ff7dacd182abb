/**
 * An order: priced by a Lua function, then confirmed or refused. The machine invokes the function as it would any actor;
 * that it is Lua, and runs as a process of its own, shows nowhere.
 */
import { assign, setup } from 'xstate';
import { fromEntry } from 'troupe/sdk/xstate';

interface Order {
  item: string;
  count: number;
}

interface Context {
  order: Order;
  /** Cents; undefined until it is known. */
  total: number | undefined;
  refusal: string | undefined;
}

export default setup({
  types: {} as { context: Context; input: Order; output: string },
  actors: {
    price: fromEntry<number, Order>('order:price'),
  },
}).createMachine({
  id: 'checkout',
  context: ({ input }) => ({ order: input, total: undefined, refusal: undefined }),
  initial: 'pricing',
  states: {
    pricing: {
      invoke: {
        src: 'price',
        input: ({ context }) => context.order,
        onDone: { target: 'confirmed', actions: assign({ total: ({ event }) => event.output }) },
        onError: { target: 'refused', actions: assign({ refusal: ({ event }) => (event.error as Error).message }) },
      },
    },
    confirmed: { type: 'final' },
    refused: { type: 'final' },
  },
  output: ({ context: { order, total, refusal } }) =>
    total === undefined ? `refused: ${refusal}` : `${order.count} x ${order.item}: ${(total / 100).toFixed(2)}`,
});
