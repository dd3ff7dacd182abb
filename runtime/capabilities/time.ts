/**
 * `time`: the clock of the runtime. Points in time are unix seconds with fraction, as in process events; durations are
 * numbers of nanoseconds or texts such as `5ms` (semantics section 5).
 */
import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import { durationArgument, invalid, numberArgument, textArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';

const settings = z.strictObject({});

// RFC 3339 section 5.6, with the space instead of T that it allows.
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Unix milliseconds of the years 0 to 9999, the end excluded: what RFC 3339 can write. */
const FIRST_MILLISECOND = -62_167_219_200_000;
const END_MILLISECOND = 253_402_300_800_000;

export const timeCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'time',
  summary: 'Clock, sleeping, durations and RFC 3339 text',
  settings,
  grantedByDefault: true,
  operations: {
    now: {
      summary: 'Unix time in nanoseconds, a 64-bit integer (subtract two for a duration)',
      args: [],
      mode: 'sync',
      run: context => BigInt(Math.round(context.clock.unix() * 1e3)) * 1000n,
    },
    unix: {
      summary: 'Unix time in seconds, with fraction',
      args: [],
      mode: 'sync',
      run: context => context.clock.unix() / 1e3,
    },
    sleep: {
      summary: 'Wait for a duration: nanoseconds or a text such as "5ms"',
      args: ['duration'],
      action: undefined,
      mode: 'timer',
      // The machine does the waiting; this says how many milliseconds, or what is wrong with the argument.
      run: (_context, _settings, args) => durationArgument(args[0], 'time.sleep', 'duration'),
    },
    parse_duration: {
      summary: 'Nanoseconds of a text such as "1h30m"',
      args: ['text'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const text = textArgument(args[0], 'time.parse_duration', 'text');
        const milliseconds = parseDuration(text);
        if (milliseconds === undefined) {
          throw invalid('time.parse_duration', `"${text}" is not a duration; write it like "5ms", "1.5s" or "1h30m"`);
        }
        return Math.round(milliseconds * 1e6);
      },
    },
    format: {
      summary: 'RFC 3339 text in UTC of unix seconds (default: now), with milliseconds where there are any',
      args: ['unix_seconds?'],
      mode: 'sync',
      run: (context, _settings, args) => {
        const given = args[0] ?? undefined;
        const seconds =
          given === undefined ? context.clock.unix() / 1e3 : numberArgument(given, 'time.format', 'unix_seconds');
        const milliseconds = Math.round(seconds * 1e3);
        if (milliseconds < FIRST_MILLISECOND || milliseconds >= END_MILLISECOND) {
          throw invalid('time.format', `unix_seconds must lie in the years 0 to 9999, got ${seconds}`);
        }
        return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
      },
    },
    parse: {
      summary: 'Unix seconds of an RFC 3339 text such as "2026-01-02T03:04:05Z"',
      args: ['text'],
      mode: 'sync',
      run: (_context, _settings, args) => parseRfc3339(textArgument(args[0], 'time.parse', 'text')),
    },
  },
};

function parseRfc3339(text: string): number {
  const parts = RFC_3339.exec(text);
  const milliseconds = parts === null ? Number.NaN : Date.parse(text.replace(' ', 'T').toUpperCase());
  // Date.parse rolls the 31st of a shorter month over into the next one; the day must come back as written.
  if (
    parts === null ||
    Number.isNaN(milliseconds) ||
    !dayExists(Number(parts[1]), Number(parts[2]), Number(parts[3]))
  ) {
    throw new TroupeError(`time.parse: "${text}" is not an RFC 3339 time; write it like "2026-01-02T03:04:05Z"`, {
      kind: 'INVALID',
    });
  }
  return milliseconds / 1e3;
}

function dayExists(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
