import { selfOf } from 'troupe/sdk/xstate';
import { assign, fromPromise, setup } from 'xstate';
import { describe, End, failure, type Notes, type Order, obey, reasonOf, refuse, reply } from './orders.ts';

interface Context {
  readonly notes: Notes;
  /** Orders that take time, by the id of the actor that carries them out. */
  readonly asked: { readonly [id: string]: Asked };
  /** Set by the order that ends the machine. */
  readonly end: End | undefined;
}

interface Asked {
  readonly order: Order;
  readonly from: string;
}

/** What such an actor says at its end. */
interface Answer {
  readonly actorId: string;
  readonly output?: unknown;
  readonly error?: unknown;
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
  actors: {
    wait: fromPromise<unknown, Asked>(({ input: { order }, system }) => {
      const self = selfOf({ system });
      return order.op === 'sleep'
        ? self.time.sleep(`${order.ms}ms`)
        : self.exec(order.id as string, order.host as string, ...(order.args as unknown[]));
    }),
  },
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
        if (order.op === 'sleep' || order.op === 'exec') {
          const id = String(order.n);
          args.spawn('wait', { id, input: { order, from: event.from } });
          return { asked: { ...context.asked, [id]: { order, from: event.from } } };
        }
        reply(self, event.from, order, obey(self, order, context.notes));
      } catch (thrown) {
        if (thrown instanceof End) return { end: thrown };
        refuse(self, event.from, order, thrown);
      }
      return {};
    }),
    answer: args => {
      const { actorId, output, error } = args.event as unknown as Answer;
      const { order, from } = args.context.asked[actorId];
      if (error === undefined) reply(selfOf(args), from, order, output);
      else refuse(selfOf(args), from, order, error);
    },
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
  context: ({ input }) => ({
    notes: { args: input ?? [], mail: [], events: [], heard: {} },
    asked: {},
    end: undefined,
  }),
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
      on: {
        do: { actions: 'obey' },
        'xstate.done.actor.*': { actions: 'answer' },
        'xstate.error.actor.*': { actions: 'answer' },
        '*': { actions: 'note' },
      },
    },
    waiting: { on: { 'pid.cancel': { target: 'ended', actions: 'cancelled' } } },
    ended: { type: 'final' },
  },
});
