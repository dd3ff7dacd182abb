/** Does what it is told, and takes its state along when it is told to become another program. */
import {
  Answer, Event, link, Message, monitor, registry, select, self, send, Sources, Spawner, startTimer, Value,
} from 'troupe';
export { troupe_alloc } from 'troupe';

let state: Value = Value.null();

function told(): Value {
  return Value.map()
    .set('pid', self.pid)
    .set('id', self.id)
    .set('trap_links', self.trapsLinks)
    .set('upgradable', self.isUpgradable)
    .set('carried', state.get('carried'))
    .set('seen', state.get('seen'));
}

function owner(): string {
  return state.get('owner').asString();
}

function handle(topic: string, body: Value): void {
  if (topic == 'add') state.get('seen').push(body);
  else if (topic == 'become') self.upgrade(body.asString(), [state]);
  else if (topic == 'tell') send(owner(), 'told', told());
  else if (topic == 'options') {
    self.trapLinks(true);
    self.upgradable(true);
  } else if (topic == 'register') registry.register(body.asString());
  else if (topic == 'monitor') monitor(body.asString());
  else if (topic == 'link') link(body.asString());
  else if (topic == 'begin') {
    new Spawner('u:waiter').arg(body.get('name')).start(1);
    startTimer(2, <f64>body.get('milliseconds').asInt());
  } else if (topic == 'end') self.exit(state.get('carried'));
}

function happened(kind: string, from: string): void {
  send(owner(), 'event', Value.map().set('kind', kind).set('from', from));
}

function answered(answer: Answer): void {
  if (answer.tag == 1) send(owner(), 'late', answer.payload);
  else send(owner(), 'late', 'slept');
}

/** It blocks until something comes. */
export function blocking(): void {
  state = self.args[0];
  for (;;) {
    const got = select(Sources.Events | Sources.Answers | Sources.Inbox)!;
    if (got instanceof Event) happened((got as Event).type, got.from);
    else if (got instanceof Answer) answered(got as Answer);
    else handle((got as Message).topic, got.payload);
  }
}

/** Handlers: what runs where the method has another name. */
export function on_start(): void {
  state = self.args[0];
}

export function on_message(at: usize, length: i32): void {
  const message = Message.view(at);
  handle(message.topic, message.payload);
}

export function on_event(at: usize, length: i32): void {
  const event = Event.at(at, length);
  happened(event.type, event.from);
}

export function on_answer(at: usize, length: i32): void {
  answered(Answer.at(at, length));
}
