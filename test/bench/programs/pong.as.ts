import { receive, send } from 'troupe';

export function main(): void {
  for (;;) {
    const message = receive();
    send(message.from, 'pong', message.read<i32>());
  }
}
