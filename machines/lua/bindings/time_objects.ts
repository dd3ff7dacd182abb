/** Methods of times, durations and locations (semantics section 5). */
import { secondsOf, type WallTime, wallTimeOf, weekdayOf, yearDayOf } from '../../../runtime/capabilities/calendar.ts';
import { LAYOUTS } from '../../../runtime/capabilities/time_layout.ts';
import { formatMoment } from '../../../runtime/capabilities/time_text.ts';
import { secondsIn, UTC } from '../../../runtime/capabilities/time_zone.ts';
import { textArgument } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { ObjectClass } from '../objects.ts';
import { Kind } from '../values/kinds.ts';
import { momentAt, nanosecondsNumber, nanosecondsOf } from '../values/times.ts';
import type { HostFunction } from '../vm/adapter.ts';
import {
  durationAt,
  momentArgument,
  nanosecondsArgument,
  pushDuration,
  pushLocation,
  pushTime,
  pushTimeIn,
  pushTimeLike,
  timeArgument,
  timeAt,
  zoneArgument,
  zoneOfTime,
} from './moments.ts';
import { timeOperators } from './time_arithmetic.ts';
import { wholeArgument } from './whole_argument.ts';

/** The first of January of the year 1, from which multiples are counted and which counts as no time at all. */
const ZERO_SECONDS = secondsOf({ year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0 });
const ZERO = BigInt(ZERO_SECONDS) * 1_000_000_000n;

/** Nanoseconds. */
const UNITS = { nanoseconds: 1, microseconds: 1e3, milliseconds: 1e6, seconds: 1e9, minutes: 60e9, hours: 3600e9 };

export function timeClasses(engine: Engine): ObjectClass[] {
  return [
    {
      kind: Kind.Time,
      methods: { name: 'time methods', functions: { ...arithmetic(engine), ...parts(engine), ...places(engine) } },
      metamethods: timeOperators(engine),
    },
    {
      kind: Kind.Duration,
      methods: { name: 'duration methods', functions: lengths(engine) },
      metamethods: timeOperators(engine),
    },
    {
      kind: Kind.Location,
      methods: { name: 'location methods', functions: { string: L => pushName(engine, L) } },
      metamethods: { __tostring: L => pushName(engine, L) },
    },
  ];
}

function arithmetic(engine: Engine): { [name: string]: HostFunction } {
  const comparing =
    (holds: (a: bigint, b: bigint) => boolean): HostFunction =>
    L => {
      const own = timeAt(engine, L, 1);
      engine.vm.api.lua_pushboolean(L, holds(own, nanosecondsOf(momentArgument(engine, L, 2))) ? 1 : 0);
      return 1;
    };
  /** To a multiple of the duration since the year 1; `half` of it is added first. */
  const evening =
    (half: (step: bigint) => bigint): HostFunction =>
    L => {
      const own = timeAt(engine, L, 1) - ZERO;
      const step = nanosecondsArgument(engine, L, 2);
      if (step <= 0n) return pushTimeLike(engine, L, timeArgument(engine, L, 1), 1);
      const raised = own + half(step);
      const rest = ((raised % step) + step) % step;
      return pushTimeLike(engine, L, momentAt(raised - rest + ZERO), 1);
    };
  return {
    add: L => {
      const own = timeAt(engine, L, 1);
      return pushTimeLike(engine, L, momentAt(own + nanosecondsArgument(engine, L, 2)), 1);
    },
    sub: L => {
      const own = timeAt(engine, L, 1);
      return pushDuration(engine, L, own - nanosecondsOf(momentArgument(engine, L, 2)));
    },
    add_date: L => {
      const { nanoseconds } = timeArgument(engine, L, 1);
      const wall = wallOf(engine, L);
      const [years, months, days] = [2, 3, 4].map(index => wholeArgument(engine, L, index, 0));
      const moved = { ...wall, year: wall.year + years, month: wall.month + months, day: wall.day + days };
      return pushTimeLike(engine, L, { seconds: secondsIn(zoneOfTime(engine, L, 1), moved), nanoseconds }, 1);
    },
    after: comparing((a, b) => a > b),
    before: comparing((a, b) => a < b),
    equal: comparing((a, b) => a === b),
    round: evening(step => step / 2n),
    truncate: evening(() => 0n),
    is_zero: L => {
      const { seconds, nanoseconds } = timeArgument(engine, L, 1);
      engine.vm.api.lua_pushboolean(L, seconds === ZERO_SECONDS && nanoseconds === 0 ? 1 : 0);
      return 1;
    },
  };
}

/** What the clock in the time's own location shows. */
function wallOf(engine: Engine, L: number): WallTime {
  return wallTimeOf(shownSeconds(engine, L));
}

function shownSeconds(engine: Engine, L: number): number {
  const { seconds } = timeArgument(engine, L, 1);
  return seconds + zoneOfTime(engine, L, 1).offsetAt(seconds);
}

function parts(engine: Engine): { [name: string]: HostFunction } {
  const pushAll = (L: number, ...numbers: number[]): number => {
    for (const number of numbers) engine.vm.adapter.pushInteger(L, number);
    return numbers.length;
  };
  const field =
    (name: keyof WallTime): HostFunction =>
    L =>
      pushAll(L, wallOf(engine, L)[name]);
  return {
    unix: L => pushAll(L, timeArgument(engine, L, 1).seconds),
    unix_nano: L => {
      engine.writer.push(L, nanosecondsNumber(timeAt(engine, L, 1)));
      return 1;
    },
    date: L => {
      const { year, month, day } = wallOf(engine, L);
      return pushAll(L, year, month, day);
    },
    clock: L => {
      const { hour, minute, second } = wallOf(engine, L);
      return pushAll(L, hour, minute, second);
    },
    year: field('year'),
    month: field('month'),
    day: field('day'),
    hour: field('hour'),
    minute: field('minute'),
    second: field('second'),
    nanosecond: L => pushAll(L, timeArgument(engine, L, 1).nanoseconds),
    weekday: L => pushAll(L, weekdayOf(shownSeconds(engine, L))),
    year_day: L => pushAll(L, yearDayOf(wallOf(engine, L))),
    format: L => pushFormatted(engine, L, textArgument(engine, L, 2)),
    format_rfc3339: L => pushFormatted(engine, L, LAYOUTS.RFC3339),
  };
}

function pushFormatted(engine: Engine, L: number, layout: string): number {
  engine.vm.text.push(L, formatMoment(layout, timeArgument(engine, L, 1), zoneOfTime(engine, L, 1)));
  return 1;
}

function places(engine: Engine): { [name: string]: HostFunction } {
  return {
    utc: L => pushTime(engine, L, timeArgument(engine, L, 1)),
    in_local: L => pushTime(engine, L, timeArgument(engine, L, 1)),
    in_location: L => {
      const moment = timeArgument(engine, L, 1);
      engine.objects.argument(L, 2, Kind.Location);
      return pushTimeIn(engine, L, moment, zoneArgument(engine, L, 2));
    },
    location: L => pushLocation(engine, L, zoneOfTime(engine, L, 1)),
  };
}

function lengths(engine: Engine): { [name: string]: HostFunction } {
  return Object.fromEntries(
    Object.entries(UNITS).map(([name, unit]): [string, HostFunction] => [
      name,
      L => {
        const nanoseconds = durationAt(engine, L, 1);
        if (unit === 1) engine.writer.push(L, nanosecondsNumber(nanoseconds));
        else engine.writer.pushNumber(L, Number(nanoseconds) / unit);
        return 1;
      },
    ]),
  );
}

function pushName(engine: Engine, L: number): number {
  engine.objects.argument(L, 1, Kind.Location);
  engine.vm.text.push(L, zoneArgument(engine, L, 1).name || UTC.name);
  return 1;
}
