/** What both TypeScript agents do with an order that needs no waiting. */
import { type Self, TroupeError } from 'troupe/sdk';

export interface Order {
  n: number;
  op: string;
  [param: string]: any;
}

/** The agent's own notes: what came that was no order. Questions about it answer all of it, each time. */
export interface Notes {
  readonly args: unknown[];
  readonly mail: [string, unknown, string][];
  readonly events: unknown[];
  readonly heard: { [topic: string]: unknown[] };
}

/** How the agent ends: thrown by `obey`, caught by nobody but the agent's loop. */
export class End {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

function certain(answer: true | TroupeError): true {
  if (answer !== true) throw answer;
  return answer;
}

export function describe(event: any): unknown {
  const error = event.result?.error;
  return {
    kind: event.kind,
    from: event.from,
    reason: event.reason ?? null,
    value: event.result?.value ?? null,
    error:
      error === undefined
        ? null
        : {
            kind: error.kind,
            message: error.message,
            retryable: error.retryable ?? null,
            details: error.details ?? null,
          },
  };
}

export function reasonOf(event: any): string {
  return event.reason;
}

export function failure(): TroupeError {
  return new TroupeError('no luck', { kind: 'CONFLICT', retryable: true, details: { why: 'test' } });
}

/** Do it at once and answer its value; throws what the call throws. */
export function obey(self: Self<any>, order: Order, notes: Notes): unknown {
  switch (order.op) {
    case 'nothing':
      return true;
    case 'pid':
      return self.pid;
    case 'id':
      return self.id;
    case 'args':
      return notes.args;
    case 'mail':
      return notes.mail;
    case 'context':
      return self.context[order.key];
    case 'spawn': {
      const { how, id, host, args } = order;
      if (how === 'spawn') return self.spawn(id, host, ...args);
      if (how === 'spawn_monitored') return self.spawnMonitored(id, host, ...args);
      if (how === 'spawn_linked') return self.spawnLinked(id, host, ...args);
      return self.spawnLinkedMonitored(id, host, ...args);
    }
    case 'spawn_named': {
      let spawner = self.withName(order.name);
      for (const [topic, payload] of order.messages) spawner = spawner.withMessage(topic, payload);
      return spawner.spawn(order.id, order.host);
    }
    case 'send':
      return certain(self.send(order.to, order.topic, ...order.payloads));
    case 'flood':
      for (let i = 0; i < order.count; i++) certain(self.send(order.to, 'flood', i));
      return true;
    case 'monitor':
      return self.monitor(order.pid);
    case 'unmonitor':
      return self.unmonitor(order.pid);
    case 'link':
      return self.link(order.pid);
    case 'unlink':
      return self.unlink(order.pid);
    case 'cancel':
      return certain(self.cancel(order.to, order.reason));
    case 'terminate':
      return certain(self.terminate(order.to));
    case 'register':
      return self.registry.register(order.name, order.pid ?? undefined);
    case 'lookup': {
      const holder = self.registry.lookup(order.name);
      if (holder === undefined) throw new TroupeError('no such name', { kind: 'NOT_FOUND' });
      return holder;
    }
    case 'unregister':
      return self.registry.unregister(order.name);
    case 'set_options':
      self.setOptions({ trapLinks: order.trap_links });
      return true;
    case 'events': {
      for (let event = self.events().tryReceive(); event !== undefined; event = self.events().tryReceive()) {
        notes.events.push(describe(event));
      }
      return notes.events;
    }
    case 'listen':
      self.listen(order.topic);
      return true;
    case 'heard': {
      const heard = (notes.heard[order.topic] ??= []);
      const channel = self.listen(order.topic);
      for (let value = channel.tryReceive(); value !== undefined; value = channel.tryReceive()) heard.push(value);
      return heard;
    }
    case 'unlisten':
      self.unlisten(self.listen(order.topic));
      return true;
    case 'return':
      throw new End(order.value);
    case 'return_nothing':
      throw new End(undefined);
    default:
      throw new TroupeError(`unknown order ${order.op}`, { kind: 'INVALID' });
  }
}

/** Whoever can send: bodies and handlers. */
type Sender = Pick<Self, 'send'>;

export function reply(self: Sender, to: string, order: Order, ok: unknown): void {
  if (order.n > 0) self.send(to, 'did', { n: order.n, ok: ok ?? null });
}

export function refuse(self: Sender, to: string, order: Order, error: any): void {
  if (order.n > 0) self.send(to, 'did', { n: order.n, error: { kind: error.kind, message: error.message } });
}
