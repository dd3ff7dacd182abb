import { Message, send } from 'troupe';

export { troupe_alloc } from 'troupe';

let taken = 0;

/** Counts messages; a negative one asks for the count. */
export function on_message(at: usize, length: i32): void {
  const message = Message.at(at, length);
  if (message.read<i32>() >= 0) taken++;
  else send(message.from, 'taken', taken);
}
