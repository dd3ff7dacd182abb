import { type Done, defineProcess, type HandlerSelf, type Self } from 'troupe/sdk';
import { describe, End, failure, type Notes, type Order, obey, reasonOf, refuse, reply } from './orders.ts';

interface State extends Notes {
  /** Topics whose messages are put aside, since handlers have no channels. */
  readonly listening: string[];
}

interface Asker {
  readonly from: string;
  readonly order: Order;
}

export default defineProcess({
  init(self, ...args: unknown[]): State | Done<unknown> {
    if (args[0] === 'return') return self.done(args[1]);
    if (args[0] === 'raise') throw new Error(String(args[1]));
    if (args[0] === 'return_error') throw failure();
    return { args, mail: [], events: [], heard: {}, listening: [] };
  },
  on: {
    do(self, state, { from, payload }) {
      const order = payload as Order;
      if (order.op === 'raise') throw new Error(order.message);
      if (order.op === 'return_error') throw failure();
      try {
        if (order.op === 'sleep') self.expect('done', self.time.sleep(`${order.ms}ms`), { from, order });
        else if (order.op === 'exec') {
          self.expect('done', self.exec(order.id, order.host, ...order.args), { from, order });
        } else reply(self, from, order, answer(self, order, state));
      } catch (thrown) {
        if (thrown instanceof End) return self.done(thrown.value);
        refuse(self, from, order, thrown);
      }
    },
  },
  message(_self, state, { topic, payload, from }) {
    if (state.listening.includes(topic)) (state.heard[topic] ??= []).push(payload);
    else state.mail.push([topic, payload, from]);
  },
  event(self, state, event) {
    if (state.args[0] === 'wait_cancel') return self.done(reasonOf(event) as unknown);
    state.events.push(describe(event));
  },
  answers: {
    done(self, _state, { value, error, note }) {
      const { from, order } = note as Asker;
      if (error === undefined) reply(self, from, order, value);
      else refuse(self, from, order, error);
    },
  },
});

function answer(self: HandlerSelf, order: Order, state: State): unknown {
  const { listening, heard } = state;
  switch (order.op) {
    case 'events':
      return state.events;
    case 'listen':
      if (!listening.includes(order.topic)) listening.push(order.topic);
      return true;
    case 'unlisten':
      listening.splice(listening.indexOf(order.topic), 1);
      return true;
    case 'heard':
      return heard[order.topic] ?? [];
    default:
      // What is left does not ask for channels.
      return obey(self as unknown as Self, order, state);
  }
}
