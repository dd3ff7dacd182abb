/** Going on as another program (semantics section 6). */
import type { Payload } from '../../runtime/payload/payload.ts';
import { Command } from './command.ts';
import { never } from './condition.ts';
import type { Process } from './process.ts';
import { slice } from './slice.ts';

/** In force from now on; waiting for the command only says so in the program's own text. */
export function upgrade(process: Process, id: string | null, args: readonly Payload[]): Command<never> {
  process.out.upgrade(id, args);
  process.waits().upgrading = true;
  if (slice.stepping !== process) process.out.wake();
  return new Command<never>(process, never);
}
