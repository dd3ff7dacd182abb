import { Message } from 'troupe';

export { troupe_alloc } from 'troupe';

let taken = 0;

/** Counts messages; a negative one asks for the count. */
export function on_message(at: usize, _length: i32): void {
  const message = Message.view(at);
  if (message.read<i32>() >= 0) taken++;
  else message.reply('taken', taken);
}
