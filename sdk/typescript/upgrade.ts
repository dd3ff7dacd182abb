/** Going on as another program (semantics section 6). */
import type { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Command } from './command.ts';
import { never } from './condition.ts';
import type { Process } from './process.ts';

/**
 * In force from now on; waiting for the command only says so in the program's own text. Of several, by paths that run on
 * promises say, the first counts, since none comes back.
 */
export function upgrade(process: Process, id: string | null, args: readonly Payload[] | TroupeError): Command<never> {
  process.upgrades(id, args);
  return new Command<never>(process, never);
}
