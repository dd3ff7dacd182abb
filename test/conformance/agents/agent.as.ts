import { Event, exec, lastError, Message, receive, self, select, sleep, Sources, trySelect, Value } from 'troupe';
import { answer, begin, certain, endBy, events, heardOn, noteEvent, noteMail, obey, text } from './orders.as';

function takeEvents(): Value {
  let arrival = trySelect(Sources.Events);
  while (arrival !== null) {
    noteEvent(arrival as Event);
    arrival = trySelect(Sources.Events);
  }
  return events;
}

function takeHeard(topic: string): Value {
  const list = heardOn(topic);
  let arrival = trySelect(Sources.Topics);
  while (arrival !== null) {
    list.push(arrival.payload);
    arrival = trySelect(Sources.Topics);
  }
  return list;
}

function obeyOrWait(op: string, order: Value): Value | null {
  if (op == 'sleep') return certain(sleep(<f64>order.get('ms').asInt()));
  if (op == 'exec') return exec(text(order, 'id'), order.get('args').asList(), text(order, 'host'));
  if (op == 'events') return takeEvents();
  if (op == 'heard') return takeHeard(text(order, 'topic'));
  return obey(op, order);
}

export function main(): void {
  if (begin()) {
    const event = select(Sources.Events) as Event;
    self.exit(event.reason);
  }
  for (;;) {
    const message: Message = receive();
    if (message.topic != 'do') {
      noteMail(message);
      continue;
    }
    const order = message.payload;
    endBy(order);
    const ok = obeyOrWait(text(order, 'op'), order);
    answer(message.from, order.get('n'), ok, lastError());
  }
}
