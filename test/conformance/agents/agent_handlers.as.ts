// The agent in event style: it never waits, commands are answered by `on_answer`, and others come meanwhile.
import { Answer, ArrivalKind, Event, lastError, Message, self, Spawner, startTimer, Value } from 'troupe';
import { answer, begin, endBy, events, heardOn, noteEvent, noteMail, obey, text } from './orders.as';

export { troupe_alloc } from 'troupe';

/** Who is to be answered when a command is, by its tag. */
class Asker {
  constructor(
    readonly to: string,
    readonly n: Value,
  ) {}
}

let waitsForCancel = false;
let lastTag = 0;
const askers = new Map<i32, Asker>();

export function on_start(): void {
  waitsForCancel = begin();
}

export function on_message(at: usize, _length: i32): void {
  const message = Message.view(at);
  if (message.kind == ArrivalKind.TopicMessage) {
    heardOn(message.topic).push(message.payload);
    return;
  }
  if (message.topic != 'do') {
    noteMail(message);
    return;
  }
  const order = message.payload;
  const op = text(order, 'op');
  endBy(order);
  if (op == 'sleep' || op == 'exec') {
    const tag = ++lastTag;
    if (start(op, tag, order)) askers.set(tag, new Asker(message.from, order.get('n')));
    else answer(message.from, order.get('n'), null, lastError());
    return;
  }
  const ok = op == 'events' ? events : op == 'heard' ? heardOn(text(order, 'topic')) : obey(op, order);
  answer(message.from, order.get('n'), ok, lastError());
}

function start(op: string, tag: i32, order: Value): bool {
  if (op == 'sleep') return startTimer(tag, <f64>order.get('ms').asInt());
  return new Spawner(text(order, 'id')).host(text(order, 'host')).args(order.get('args').asList()).start(tag);
}

export function on_answer(at: usize, length: i32): void {
  const given = Answer.at(at, length);
  const asker = askers.get(given.tag);
  askers.delete(given.tag);
  // What `sleep` answers is nothing, and it answers true.
  let ok: Value | null = null;
  if (!given.failed) ok = given.payload.isNull ? Value.bool(true) : given.payload;
  answer(asker.to, asker.n, ok, given.payload);
}

export function on_event(at: usize, length: i32): void {
  const event = Event.at(at, length);
  if (waitsForCancel) self.exit(event.reason);
  noteEvent(event);
}
