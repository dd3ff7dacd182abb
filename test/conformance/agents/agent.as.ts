import {
  cancel,
  ErrorKind,
  Event,
  exec,
  lastError,
  Kind,
  link,
  listen,
  Message,
  monitor,
  receive,
  receiveOn,
  registry,
  self,
  select,
  send,
  sendList,
  sleep,
  Sources,
  spawn,
  Spawner,
  spawnLinked,
  spawnLinkedMonitored,
  spawnMonitored,
  terminate,
  trySelect,
  unlink,
  unlisten,
  unmonitor,
  Value,
} from 'troupe';

// Questions about what came that was no order answer all of it, each time.
const mail = Value.list();
const events = Value.list();
const heard = new Map<string, Value>();

function failure(): void {
  self.fail('no luck', ErrorKind.CONFLICT, 1, Value.map().set('why', Value.string('test')));
}

function text(order: Value, key: string): string {
  return order.get(key).isNull ? '' : order.get(key).asString();
}

/** What a call that answers true or false stands for: null means that it was refused. */
function certain(done: bool): Value | null {
  return done ? Value.bool(true) : null;
}

function pidOrRefusal(pid: string | null): Value | null {
  return pid === null ? null : Value.string(pid);
}

function takeEvents(): Value {
  let arrival = trySelect(Sources.Events);
  while (arrival !== null) {
    const event = arrival as Event;
    const seen = Value.map().set('kind', Value.string(event.type)).set('from', Value.string(event.from));
    if (event.type == 'pid.cancel') {
      seen.set('reason', Value.string(event.reason));
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
    arrival = trySelect(Sources.Events);
  }
  return events;
}

function takeHeard(topic: string): Value {
  if (!heard.has(topic)) heard.set(topic, Value.list());
  const list = heard.get(topic);
  let arrival = trySelect(Sources.Topics);
  while (arrival !== null) {
    list.push(arrival.payload);
    arrival = trySelect(Sources.Topics);
  }
  return list;
}

/** The answer, or null where the call was refused: then `lastError` says why. */
function obey(op: string, order: Value): Value | null {
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
  if (op == 'sleep') return certain(sleep(<f64>order.get('ms').asInt()));
  if (op == 'exec') return exec(text(order, 'id'), order.get('args').asList(), text(order, 'host'));
  if (op == 'events') return takeEvents();
  if (op == 'listen') return certain(listen(text(order, 'topic')));
  if (op == 'heard') return takeHeard(text(order, 'topic'));
  return certain(unlisten(text(order, 'topic')));
}

export function main(): void {
  const args = self.args;
  if (args.length == 1 && args[0].kind == Kind.String) {
    const event = select(Sources.Events) as Event;
    self.exit(event.reason);
  }
  if (args.length == 2 && args[0].kind == Kind.String) {
    const first = args[0].asString();
    if (first == 'return') self.exit(args[1]);
    if (first == 'raise') throw new Error(args[1].asString());
    if (first == 'return_error') failure();
  }
  for (;;) {
    const message = receive();
    if (message.topic != 'do') {
      mail.push(Value.list([Value.string(message.topic), message.payload, Value.string(message.from)]));
      continue;
    }
    const order = message.payload;
    const op = text(order, 'op');
    if (op == 'return') self.exit(order.get('value'));
    if (op == 'return_nothing') return;
    if (op == 'return_error') failure();
    if (op == 'raise') throw new Error(text(order, 'message'));
    const ok = obey(op, order);
    const n = order.get('n');
    if (n.asInt() == 0) continue;
    const answer = Value.map().set('n', n);
    if (ok !== null) {
      answer.set('ok', ok);
    } else {
      const error = lastError();
      answer.set('error', Value.map().set('kind', error.get('kind')).set('message', error.get('message')));
    }
    send(message.from, 'did', answer);
  }
}
