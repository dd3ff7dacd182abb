import { receive, self, Value } from 'troupe';

/** Answers pings with what it carries along; told an entry, it goes on as that. */
export function main(): void {
  const state = self.args[0];
  for (;;) {
    const message = receive();
    if (message.topic == 'ping') message.reply('pong', state.get('number'));
    else {
      const told = message.payload;
      state.set('number', told.get('number'));
      self.upgrade(told.get('id').asString(), [state]);
    }
  }
}
