import { selfOf } from 'troupe/sdk/xstate';
import { assign, setup } from 'xstate';
import { describe, End, failure, type Notes, type Order, obey, reasonOf, refuse, reply } from './orders.ts';

interface Context {
  readonly notes: Notes;
  /** Set by the order that ends the machine. */
  readonly end: End | undefined;
}

interface OrderEvent {
  readonly type: 'do';
  readonly payload: Order;
  readonly from: string;
}

type Incoming = OrderEvent | { readonly type: 'pid.cancel' };

/** The input is the list of what other agents take as arguments. */
export default setup({
  types: {} as { context: Context; events: Incoming; input: unknown[] | undefined; output: unknown },
  actions: {
    begin: ({ context }) => {
      const [first, second] = context.notes.args;
      if (first === 'raise') throw new Error(String(second));
      if (first === 'return_error') throw failure();
    },
    obey: assign(args => {
      const { context } = args;
      const event = args.event as OrderEvent;
      const order = event.payload;
      const self = selfOf(args);
      if (order.op === 'raise') throw new Error(order.message);
      if (order.op === 'return_error') throw failure();
      try {
        const waits =
          order.op === 'sleep'
            ? self.time.sleep(`${order.ms}ms`)
            : order.op === 'exec'
              ? self.exec(order.id, order.host, ...order.args)
              : undefined;
        if (waits === undefined) reply(self, event.from, order, obey(self, order, context.notes));
        else {
          void waits.then(
            ok => reply(self, event.from, order, ok),
            error => refuse(self, event.from, order, error),
          );
        }
      } catch (thrown) {
        if (thrown instanceof End) return { end: thrown };
        refuse(self, event.from, order, thrown);
      }
      return {};
    }),
    cancelled: assign(({ event }) => ({ end: new End(reasonOf(event)) })),
    note: ({ context, event }) => {
      const { type, payload, from } = event as { type: string; payload: unknown; from: string };
      if (type.startsWith('pid.')) context.notes.events.push(describe({ ...event, kind: type }));
      else context.notes.mail.push([type, payload, from]);
    },
  },
  guards: {
    returnsAtOnce: ({ context }) => context.notes.args[0] === 'return',
    waits: ({ context }) => context.notes.args[0] === 'wait_cancel',
    ends: ({ context }) => context.end !== undefined,
  },
}).createMachine({
  context: ({ input }) => ({ notes: { args: input ?? [], mail: [], events: [], heard: {} }, end: undefined }),
  initial: 'beginning',
  output: ({ context }: { context: Context }) =>
    context.end === undefined ? context.notes.args[1] : context.end.value,
  states: {
    beginning: {
      entry: 'begin',
      always: [
        { guard: 'returnsAtOnce', target: 'ended' },
        { guard: 'waits', target: 'waiting' },
        { target: 'obeying' },
      ],
    },
    obeying: {
      always: { guard: 'ends', target: 'ended' },
      on: { do: { actions: 'obey' }, '*': { actions: 'note' } },
    },
    waiting: { on: { 'pid.cancel': { target: 'ended', actions: 'cancelled' } } },
    ended: { type: 'final' },
  },
});
