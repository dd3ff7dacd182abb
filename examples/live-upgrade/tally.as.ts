// The same in AssemblyScript, with the numbers in memory of its own: it turns them into a payload when it is asked.
import { Event, Message, select, self, Sources, Value } from 'troupe';

class Tally {
  counted: i64 = 0;
  last: i64 = 0;
  odd: i64 = 0;

  count(number: i64): void {
    this.counted++;
    if (number != this.last + 1) this.odd++;
    this.last = number;
  }
}

const tallies = new Map<string, Tally>();

function tallyOf(client: string): Tally {
  if (!tallies.has(client)) tallies.set(client, new Tally());
  return tallies.get(client);
}

/** What the one before has counted. */
function takeOver(state: Value): void {
  const clients = state.keys();
  for (let i = 0; i < clients.length; i++) {
    const known = state.get(clients[i]);
    const tally = tallyOf(clients[i]);
    tally.counted = known.get('counted').asInt();
    tally.last = known.get('last').asInt();
    tally.odd = known.get('odd').asInt();
  }
}

function state(): Value {
  const all = Value.map();
  const clients = tallies.keys();
  for (let i = 0; i < clients.length; i++) {
    const tally = tallies.get(clients[i]);
    all.set(clients[i], Value.map().set('counted', tally.counted).set('last', tally.last).set('odd', tally.odd));
  }
  return all;
}

function handle(message: Message): void {
  if (message.topic == 'count') tallyOf(message.from).count(message.read<i64>());
  else if (message.topic == 'how many') message.reply('counted', tallyOf(message.from).counted);
  else if (message.topic == 'report') {
    message.reply('tallies', Value.map().set('id', self.id).set('pid', self.pid).set('tallies', state()));
  } else if (message.topic == 'become') self.upgrade(message.payload.asString(), [state()]);
}

export function main(): void {
  if (self.args.length > 0) takeOver(self.args[0]);
  for (;;) {
    const got = select(Sources.Events | Sources.Inbox);
    // Its supervisor wants it to end.
    if (got instanceof Event) return;
    handle(got as Message);
  }
}
