/**
 * `random`: chance from the runtime's clock seam, so that a seeded run repeats itself. Good for sampling, jitter and
 * ids; not for keys or tokens that somebody might want to guess.
 */
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { invalid } from './arguments.ts';
import { type CapabilityDefinition, operation } from './capability.ts';
import { integer } from './parameters.ts';

const settings = z.strictObject({});
const MOST_BYTES = 1024 * 1024;

export const randomCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'random',
  summary: 'Random numbers, bytes and ids (not for secrets)',
  settings,
  grantedByDefault: true,
  operations: {
    number: {
      summary: 'Uniform in [0, 1)',
      args: [],
      mode: 'sync',
      run: context => context.clock.random(),
    },
    integer: operation({
      summary: 'Uniform whole number from least to most, both included',
      args: [integer('least', Number.MIN_SAFE_INTEGER), integer('most', Number.MIN_SAFE_INTEGER)],
      mode: 'sync',
      run: (context, _settings, [least, most]) => {
        if (most < least)
          throw invalid('random.integer', `most must be between ${least} and ${Number.MAX_SAFE_INTEGER}, got ${most}`);
        const span = most - least + 1;
        if (!Number.isSafeInteger(span)) throw invalid('random.integer', 'the range is wider than 2^53');
        return least + Math.floor(context.clock.random() * span);
      },
    }),
    bytes: operation({
      summary: 'So many random bytes, at most 1 MiB',
      args: [integer('count', 0, MOST_BYTES)],
      mode: 'sync',
      run: (context, _settings, [count]) => randomBytes(context.clock, count),
    }),
    uuid: {
      summary: 'A version 4 UUID (RFC 9562)',
      args: [],
      mode: 'sync',
      run: context => {
        const bytes = randomBytes(context.clock, 16);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        const hex = Buffer.from(bytes.buffer).toString('hex');
        return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
      },
    },
  },
};

function randomBytes(clock: Clock, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) bytes[i] = Math.floor(clock.random() * 256);
  return bytes;
}
