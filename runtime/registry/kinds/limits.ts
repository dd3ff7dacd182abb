/** `limits`: what the processes of a host may use. Also the defaults of all hosts, in `.troupe.yaml`. */
import { z } from 'zod';
import { count, duration, size } from '../schema.ts';

export const limitsSchema = z.strictObject({
  /** Bytes of memory of one process. */
  memory: size().optional(),
  /** Milliseconds that a process may run before others get their turn. */
  cpu_slice: duration('positive').optional(),
  /** Milliseconds that a process may run in its whole life. */
  cpu_total: duration('positive').optional(),
  /** Messages that may wait for one process; a full mailbox refuses more. */
  mailbox: count(1).optional(),
  /** Bytes that may wait for one process; messages of less than 4 KiB do not count. */
  mailbox_bytes: size().optional(),
  /**
   * What becomes of WebAssembly that computes on and on: `resume`, it is interrupted when its slice is spent and goes on when
   * it is its turn again; `kill`, it is ended. Default `resume`, on a host with `trusted: true` `kill`.
   */
  preempt: z.enum(['kill', 'resume']).optional(),
});

export type Limits = z.output<typeof limitsSchema>;
