import { receive } from 'troupe';

export function main(): void {
  for (;;) {
    const message = receive();
    message.reply('pong', message.read<i32>());
  }
}
