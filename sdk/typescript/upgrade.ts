/** Going on as another program (semantics section 6). */
import type { Payload } from '../../runtime/machine.ts';
import { Command } from './command.ts';
import type { Process } from './process.ts';
import { slice } from './slice.ts';
import { NOTHING } from './source.ts';

/** In force from the moment it is made; waiting for it only says so in the program's own text. */
export class Upgrade extends Command<never> {
  constructor(process: Process, id: string | null, args: readonly Payload[]) {
    super(process);
    process.out.upgrade(id, args);
    process.waits().upgrading = true;
    if (slice.stepping !== process) process.out.wake();
  }

  override poll(): never | typeof NOTHING {
    return NOTHING;
  }

  override arm(): void {
    // Nothing ends this wait: the step that made it reports Upgrade.
  }
}
