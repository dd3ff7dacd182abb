// Does the steps that an attacker is given and answers how each went: see `../stage.ts`.
import {
  call,
  cancel,
  Event,
  Kind,
  lastError,
  link,
  listen,
  Message,
  monitor,
  receiveTimeout,
  registry,
  select,
  self,
  send,
  sleep,
  Sources,
  Spawner,
  startTimer,
  terminate,
  Value,
} from 'troupe';

/** An operation of a capability by its name; null: refused, and `lastError` says why. */
type Operation = (name: string, args: Array<Value>) => Value | null;

let timers = 1;
/** Whether nothing was what a step gave, and not that it was refused. */
let nothing = false;

export function run(operation: Operation): void {
  const steps = self.args[0];
  const outcomes = Value.list();
  for (let i = 0; i < steps.length; i++) {
    const step = steps.at(i);
    if (step.at(0).asString() == 'fail') throw new Error(step.at(1).asString());
    outcomes.push(attempt(resolved(step.asList(), outcomes), operation));
  }
  self.exit(outcomes);
}

/** "$0" stands for what the first step gave. */
function resolved(step: Array<Value>, outcomes: Value): Array<Value> {
  const made: Array<Value> = [];
  for (let i = 0; i < step.length; i++) {
    const part = step[i];
    const stands = part.kind == Kind.String && part.asString().startsWith('$');
    made.push(stands ? outcomes.at(<i32>parseInt(part.asString().slice(1))).get('ok') : part);
  }
  return made;
}

function attempt(step: Array<Value>, operation: Operation): Value {
  nothing = false;
  const ok = perform(step[0].asString(), step, operation);
  if (ok !== null) return Value.map().set('ok', ok);
  if (nothing) return Value.map().set('ok', Value.null());
  const error = lastError();
  return Value.map().set(
    'error',
    Value.map().set('kind', error.get('kind')).set('message', error.get('message')),
  );
}

function certain(done: bool): Value | null {
  return done ? Value.bool(true) : null;
}

function text(value: string | null): Value | null {
  return value === null ? null : Value.string(value);
}

function textAt(step: Array<Value>, index: i32): string {
  return index < step.length ? step[index].asString() : '';
}

function spawner(request: Value): Spawner {
  const made = new Spawner(request.get('id').asString()).host(request.get('host').asString());
  made.args(request.get('args').asList());
  if (request.get('monitor').asBool()) made.monitor();
  if (request.get('link').asBool()) made.link();
  if (!request.get('name').isNull) made.name(request.get('name').asString());
  const messages = request.get('messages');
  for (let i = 0; i < messages.length; i++) made.message(messages.at(i).at(0).asString(), messages.at(i).at(1));
  const context = request.get('context');
  const keys = context.keys();
  for (let i = 0; i < keys.length; i++) made.context(keys[i], context.get(keys[i]));
  return made;
}

function perform(op: string, step: Array<Value>, operation: Operation): Value | null {
  if (op == 'pid') return Value.string(self.pid);
  if (op == 'context') return self.context;
  if (op == 'send') return certain(send(textAt(step, 1), textAt(step, 2), step[3]));
  if (op == 'spawn') return text(spawner(step[1]).spawn());
  if (op == 'exec') return spawner(step[1]).exec();
  if (op == 'call') return call(textAt(step, 1), step.slice(2));
  if (op == 'monitor') return certain(monitor(textAt(step, 1)));
  if (op == 'link') return certain(link(textAt(step, 1)));
  if (op == 'cancel') return certain(cancel(textAt(step, 1), textAt(step, 2)));
  if (op == 'terminate') return certain(terminate(textAt(step, 1)));
  if (op == 'register') return certain(registry.register(textAt(step, 1), textAt(step, 2)));
  if (op == 'lookup') return text(registry.lookup(textAt(step, 1)));
  if (op == 'unregister') return Value.bool(registry.unregister(textAt(step, 1)));
  if (op == 'listen') return certain(listen(textAt(step, 1)));
  if (op == 'timer') return certain(startTimer(timers++, <f64>step[1].asInt()));
  if (op == 'trap') {
    self.trapLinks(true);
    return Value.bool(true);
  }
  if (op == 'sleep') return certain(sleep(<f64>step[1].asInt()));
  if (op == 'receive') {
    const message = receiveTimeout(<f64>step[1].asInt());
    if (message === null) {
      nothing = true;
      return null;
    }
    return Value.map().set('topic', message.topic).set('from', message.from).set('payload', message.payload);
  }
  if (op == 'event') {
    const event = select(Sources.Events, <f64>step[1].asInt()) as Event | null;
    if (event === null) {
      nothing = true;
      return null;
    }
    return Value.map().set('kind', event.type).set('from', event.from);
  }
  if (op == 'operate') return operation(textAt(step, 1) + '.' + textAt(step, 2), step.slice(3));
  if (op == 'upgrade') return certain(self.upgrade(textAt(step, 1), step.slice(2)));
  if (op == 'repeat') {
    const count = <i32>step[1].asInt();
    const template = step[2].asList();
    for (let i = 0; i < count; i++) {
      const outcome = attempt(numbered(template, i), operation);
      if (!outcome.get('error').isNull) return Value.map().set('done', i).set('error', outcome.get('error'));
    }
    return Value.map().set('done', count);
  }
  throw new Error('unknown step ' + op);
}

function numbered(template: Array<Value>, i: i32): Array<Value> {
  const made: Array<Value> = [];
  for (let n = 0; n < template.length; n++) {
    const part = template[n];
    made.push(part.kind == Kind.String ? Value.string(part.asString().replace('#', i.toString())) : part);
  }
  return made;
}
