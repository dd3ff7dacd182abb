// What both AssemblyScript agents do with an order that needs no waiting.
import {
  cancel,
  ErrorKind,
  Event,
  Kind,
  lastError,
  link,
  listen,
  Message,
  monitor,
  registry,
  self,
  send,
  sendList,
  spawn,
  Spawner,
  spawnLinked,
  spawnLinkedMonitored,
  spawnMonitored,
  terminate,
  unlink,
  unlisten,
  unmonitor,
  Value,
} from 'troupe';

// Questions about what came that was no order answer all of it, each time.
const mail = Value.list();
export const events = Value.list();
const heard = new Map<string, Value>();

function failure(): void {
  self.fail('no luck', ErrorKind.CONFLICT, 1, Value.map().set('why', 'test'));
}

export function text(order: Value, key: string): string {
  return order.get(key).isNull ? '' : order.get(key).asString();
}

/** What a call that answers true or false stands for: null means that it was refused. */
export function certain(done: bool): Value | null {
  return done ? Value.bool(true) : null;
}

function pidOrRefusal(pid: string | null): Value | null {
  return pid === null ? null : Value.string(pid);
}

/** What the arguments alone tell the agent to do; whether it is to wait for CANCEL and no order. */
export function begin(): bool {
  const args = self.args;
  if (args.length == 0 || args[0].kind != Kind.String) return false;
  const first = args[0].asString();
  if (first == 'wait_cancel') return true;
  if (first == 'return') self.exit(args[1]);
  if (first == 'raise') throw new Error(args[1].asString());
  if (first == 'return_error') failure();
  return false;
}

export function noteMail(message: Message): void {
  mail.push([Value.string(message.topic), message.payload, Value.string(message.from)]);
}

export function noteEvent(event: Event): void {
  const seen = Value.map().set('kind', event.type).set('from', event.from);
  if (event.type == 'pid.cancel') {
    seen.set('reason', event.reason);
  } else {
    seen.set('value', event.result);
    const error = event.error;
    if (!error.isNull) {
      seen.set(
        'error',
        Value.map()
          .set('kind', error.get('kind'))
          .set('message', error.get('message'))
          .set('retryable', error.get('retryable'))
          .set('details', error.get('details')),
      );
    }
  }
  events.push(seen);
}

/** What was heard on a topic so far. */
export function heardOn(topic: string): Value {
  if (!heard.has(topic)) heard.set(topic, Value.list());
  return heard.get(topic);
}

/** End, if the order says so. */
export function endBy(order: Value): void {
  const op = text(order, 'op');
  if (op == 'return') self.exit(order.get('value'));
  if (op == 'return_nothing') self.exit(Value.null());
  if (op == 'return_error') failure();
  if (op == 'raise') throw new Error(text(order, 'message'));
}

/** Answer an order that wants an answer: `ok`, or where that is null `error`. */
export function answer(to: string, n: Value, ok: Value | null, error: Value): void {
  if (n.asInt() == 0) return;
  const said = Value.map().set('n', n);
  if (ok !== null) said.set('ok', ok);
  else said.set('error', Value.map().set('kind', error.get('kind')).set('message', error.get('message')));
  send(to, 'did', said);
}

/** The answer, or null where the call was refused: then `lastError` says why. */
export function obey(op: string, order: Value): Value | null {
  if (op == 'nothing') return Value.bool(true);
  if (op == 'pid') return Value.string(self.pid);
  if (op == 'id') return Value.string(self.id);
  if (op == 'args') return Value.list(self.args);
  if (op == 'mail') return mail;
  if (op == 'context') return self.context.get(text(order, 'key'));
  if (op == 'spawn') {
    const how = text(order, 'how');
    const id = text(order, 'id');
    const host = text(order, 'host');
    const args = order.get('args').asList();
    if (how == 'spawn') return pidOrRefusal(spawn(id, args, host));
    if (how == 'spawn_monitored') return pidOrRefusal(spawnMonitored(id, args, host));
    if (how == 'spawn_linked') return pidOrRefusal(spawnLinked(id, args, host));
    return pidOrRefusal(spawnLinkedMonitored(id, args, host));
  }
  if (op == 'spawn_named') {
    const spawner = new Spawner(text(order, 'id')).host(text(order, 'host')).name(text(order, 'name'));
    const messages = order.get('messages');
    for (let i = 0; i < messages.length; i++) spawner.message(messages.at(i).at(0).asString(), messages.at(i).at(1));
    return pidOrRefusal(spawner.spawn());
  }
  if (op == 'send') {
    const payloads = order.get('payloads').asList();
    const to = text(order, 'to');
    const topic = text(order, 'topic');
    if (payloads.length == 1) return certain(send(to, topic, payloads[0]));
    return certain(sendList(to, topic, payloads));
  }
  if (op == 'flood') {
    const to = text(order, 'to');
    const count = <i32>order.get('count').asInt();
    for (let i = 0; i < count; i++) if (!send(to, 'flood', i)) return null;
    return Value.bool(true);
  }
  if (op == 'monitor') return certain(monitor(text(order, 'pid')));
  if (op == 'link') return certain(link(text(order, 'pid')));
  if (op == 'unmonitor') {
    unmonitor(text(order, 'pid'));
    return Value.bool(true);
  }
  if (op == 'unlink') {
    unlink(text(order, 'pid'));
    return Value.bool(true);
  }
  if (op == 'cancel') return certain(cancel(text(order, 'to'), text(order, 'reason')));
  if (op == 'terminate') return certain(terminate(text(order, 'to')));
  if (op == 'register') return certain(registry.register(text(order, 'name'), text(order, 'pid')));
  if (op == 'lookup') return pidOrRefusal(registry.lookup(text(order, 'name')));
  if (op == 'unregister') return Value.bool(registry.unregister(text(order, 'name')));
  if (op == 'set_options') {
    self.trapLinks(order.get('trap_links').asBool());
    return Value.bool(true);
  }
  if (op == 'listen') return certain(listen(text(order, 'topic')));
  return certain(unlisten(text(order, 'topic')));
}
