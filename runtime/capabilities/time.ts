/**
 * `time`: the clock of the runtime. Points in time are unix seconds with fraction, as in process events; durations are
 * numbers of nanoseconds or texts such as `5ms` (semantics section 5). There is no local time: what names no location is
 * in UTC, on every machine.
 */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { invalid } from './arguments.ts';
import { type CapabilityDefinition, operation } from './capability.ts';
import { duration, nanoseconds, number, optional, text } from './parameters.ts';
import { LAYOUTS, LONGEST_LAYOUT } from './time_layout.ts';
import { formatMoment, type Moment, momentAtUnix, parseMoment, type ReadMoment } from './time_text.ts';
import { namedZone, UTC, type Zone } from './time_zone.ts';

const settings = z.strictObject({});

// RFC 3339 section 5.6, with the space instead of T that it allows.
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Unix milliseconds of the years 0 to 9999, the end excluded: what RFC 3339 can write. */
const FIRST_MILLISECOND = -62_167_219_200_000;
const END_MILLISECOND = 253_402_300_800_000;

export const timeCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'time',
  summary: 'Clock, sleeping, durations, moments as text',
  settings,
  grantedByDefault: true,
  operations: {
    now: {
      summary: 'Unix time in nanoseconds, a 64-bit integer (subtract two for a duration)',
      args: [],
      mode: 'sync',
      run: context => BigInt(Math.round(context.clock.unix() * 1e3)) * 1000n,
    },
    monotonic: {
      summary: 'Nanoseconds since some moment, a 64-bit integer that never goes back, whatever is done to the clock',
      args: [],
      mode: 'sync',
      run: context => BigInt(Math.round(context.clock.now() * 1e3)) * 1000n,
    },
    unix: {
      summary: 'Unix time in seconds, with fraction',
      args: [],
      mode: 'sync',
      run: context => context.clock.unix() / 1e3,
    },
    sleep: operation({
      summary: 'Wait for a duration: nanoseconds or a text such as "5ms"',
      args: [duration('duration')],
      mode: 'timer',
      // The machine does the waiting; this says how many milliseconds.
      run: (_context, _settings, [milliseconds]) => milliseconds,
    }),
    parse_duration: operation({
      summary: 'Nanoseconds of a text such as "1h30m"; a number of nanoseconds is taken as it is',
      args: [nanoseconds('duration')],
      mode: 'sync',
      run: (_context, _settings, [length]) => length,
    }),
    format: operation({
      summary:
        'Text of unix seconds (default: now), RFC 3339 unless a layout says otherwise, in UTC unless a location does',
      args: [optional(number('unix_seconds')), optional(text('layout')), optional(text('location'))],
      mode: 'sync',
      run: (context, _settings, [given, layout, location]) => {
        const seconds = given ?? context.clock.unix() / 1e3;
        const milliseconds = Math.round(formattable(seconds) * 1e3);
        const zone = zoneOf(location, 'time.format');
        if (layout === undefined && zone === UTC) return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
        return formatMoment(layout ?? RFC_3339_MILLISECONDS, momentAtUnix(seconds), zone);
      },
    }),
    parse: operation({
      summary:
        'Unix seconds of RFC 3339 text, or of a text written in a layout; where it names no zone, in the location',
      args: [text('layout_or_text'), optional(text('text')), optional(text('location'))],
      mode: 'sync',
      run: (_context, _settings, [first, second, location]) =>
        unixSeconds(
          second === undefined ? parseRfc3339(first) : parseInLayout(first, second, zoneOf(location, 'time.parse')),
        ),
    }),
  },
};

/** Unix seconds that can be written; throws INVALID for others. */
export function formattable(seconds: number): number {
  const milliseconds = Math.round(seconds * 1e3);
  if (milliseconds >= FIRST_MILLISECOND && milliseconds < END_MILLISECOND) return seconds;
  throw invalid('time.format', `unix_seconds must lie in the years 0 to 9999, got ${seconds}`);
}

/** RFC 3339 with milliseconds where there are any. */
export const RFC_3339_MILLISECONDS = '2006-01-02T15:04:05.999Z07:00';

function zoneOf(name: string | undefined, operation: string): Zone {
  return name === undefined ? UTC : loadZone(name, operation);
}

/** A zone by its IANA name, or NOT_FOUND. `operation` begins the message. */
export function loadZone(name: string, operation: string): Zone {
  if (name === '') throw invalid(operation, 'the name of a location must not be empty');
  const zone = namedZone(name);
  if (zone !== undefined) return zone;
  throw new TroupeError(`${operation}: there is no location "${name}"; write it like "Europe/Berlin"`, {
    kind: 'NOT_FOUND',
    retryable: false,
  });
}

/** What `time.parse(layout, text)` reads; throws INVALID. */
export function parseInLayout(layout: string, text: string, zone: Zone): ReadMoment {
  if (layout.length > LONGEST_LAYOUT) throw invalid('time.parse', `a layout has at most ${LONGEST_LAYOUT} characters`);
  const read = parseMoment(layout, text, zone);
  if (read !== undefined) return read;
  const example = formatMoment(layout, { seconds: 1_136_239_445, nanoseconds: 0 }, UTC);
  throw invalid('time.parse', `"${text}" is not written like the layout "${layout}", for example "${example}"`);
}

/** What `time.parse(text)` reads; throws INVALID. */
export function parseRfc3339(text: string): ReadMoment {
  const written = text.replace(' ', 'T').toUpperCase();
  const read = RFC_3339.test(text) ? parseMoment(LAYOUTS.RFC3339, written, UTC) : undefined;
  if (read !== undefined) return read;
  throw invalid('time.parse', `"${text}" is not an RFC 3339 time; write it like "2026-01-02T03:04:05Z"`);
}

function unixSeconds({ seconds, nanoseconds }: Moment): number {
  // By way of milliseconds, so that a whole number of them is the same as when divided by a thousand.
  return (seconds * 1e3 + nanoseconds / 1e6) / 1e3;
}
