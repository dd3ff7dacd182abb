// How often each letter is in a text.
import { receive, send, Value } from 'troupe';

export function main(): void {
  while (true) {
    const message = receive();
    const text = message.payload.asString();
    const counts = Value.map();
    for (let i = 0; i < text.length; i++) {
      const letter = text.charAt(i);
      const count = counts.get(letter);
      counts.set(letter, count.isNull ? 1 : count.asInt() + 1);
    }
    send(message.from, 'answer', counts);
  }
}
