import { defineProcess } from 'troupe/sdk';
import { End, failure, type Notes, type Order, obey, reasonOf, refuse, reply } from './orders.ts';

export default defineProcess(async (self, ...args: unknown[]) => {
  if (args[0] === 'return') return args[1];
  if (args[0] === 'raise') throw new Error(String(args[1]));
  if (args[0] === 'return_error') throw failure();
  if (args[0] === 'wait_cancel') return reasonOf(await self.events().receive());
  const notes: Notes = { args, mail: [], events: [], heard: {} };
  for (;;) {
    const message = await self.receive();
    if (message.topic !== 'do') {
      notes.mail.push([message.topic, message.payload, message.from]);
      continue;
    }
    const order = message.payload as Order;
    if (order.op === 'raise') throw new Error(order.message);
    if (order.op === 'return_error') throw failure();
    try {
      let ok: unknown;
      if (order.op === 'sleep') ok = await self.time.sleep(`${order.ms}ms`);
      else if (order.op === 'exec') ok = await self.exec(order.id, order.host, ...order.args);
      else ok = obey(self, order, notes);
      reply(self, message.from, order, ok);
    } catch (thrown) {
      if (thrown instanceof End) return thrown.value;
      refuse(self, message.from, order, thrown);
    }
  }
});
