import { Message, send } from 'troupe';

export { troupe_alloc } from 'troupe';

export function on_message(at: usize, length: i32): void {
  const message = Message.at(at, length);
  send(message.from, 'pong', message.read<i32>());
}
