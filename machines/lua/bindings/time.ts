/** `time`: the clock, and times, durations and locations as objects; timers as channels (semantics section 5). */
import { DAY } from '../../../runtime/capabilities/calendar.ts';
import {
  formattable,
  loadZone,
  parseInLayout,
  parseRfc3339,
  RFC_3339_MILLISECONDS,
} from '../../../runtime/capabilities/time.ts';
import { LAYOUTS, MONTHS, WEEKDAYS } from '../../../runtime/capabilities/time_layout.ts';
import { formatMoment, momentAtUnix } from '../../../runtime/capabilities/time_text.ts';
import { fixedZone, secondsIn, UTC } from '../../../runtime/capabilities/time_zone.ts';
import { parseDuration } from '../../../runtime/duration.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import { readClock } from '../ambient.ts';
import { durationArgument, invalid, optionalNumber, optionalText, textArgument, typeOf } from '../arguments.ts';
import { CHANNEL_COUNT, CHANNEL_DETAIL, CHANNEL_PERIOD, CHANNEL_TYPE, ChannelType } from '../channel_memory.ts';
import { forgetTimer } from '../channels.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import { momentAt, nanosecondsOf } from '../values/times.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { REGISTRY, Type } from '../vm/layout.ts';
import {
  nanosecondsArgument,
  pushDuration,
  pushLocation,
  pushNow,
  pushTime,
  pushTimeIn,
  timeArgument,
  zoneArgument,
  zoneOfTime,
} from './moments.ts';
import { isKind } from './object_kind.ts';
import { wholeArgument } from './whole_argument.ts';

/** Years from 1970 that calendars are computed for; beyond, seconds are no exact numbers. */
const FARTHEST_YEAR = 100_000;

/** Nanoseconds. */
const UNITS = {
  NANOSECOND: 1,
  MICROSECOND: 1e3,
  MILLISECOND: 1e6,
  SECOND: 1e9,
  MINUTE: 60e9,
  HOUR: 3600e9,
};

const MONTH_NUMBERS = Object.fromEntries(MONTHS.map((name, i) => [name.toUpperCase(), i + 1]));
const WEEKDAY_NUMBERS = Object.fromEntries(WEEKDAYS.map((name, i) => [name.toUpperCase(), i]));

/** There is no local time: a program answers the same on every machine. */
const LOCAL = fixedZone('Local', 0);

/** Members of `require("time")`; of the capability's own operations only `sleep` is left as it is. */
export function timeModule(engine: Engine): HostModule {
  return {
    name: 'time',
    constants: { ...UNITS, ...LAYOUTS, ...MONTH_NUMBERS, ...WEEKDAY_NUMBERS },
    made: {
      utc: L => pushLocation(engine, L, UTC),
      localtz: L => pushLocation(engine, L, LOCAL),
    },
    functions: {
      now: L => pushNow(engine, L),
      unix: L => pushUnixTime(engine, L),
      date: L => pushDate(engine, L),
      parse: L => attempt(engine, L, () => pushParsed(engine, L)),
      format: L => attempt(engine, L, () => pushFormatted(engine, L)),
      parse_duration: L => attempt(engine, L, () => pushParsedDuration(engine, L)),
      load_location: L => {
        const name = textArgument(engine, L, 1);
        return attempt(engine, L, () => pushLocation(engine, L, loadZone(name, 'time.load_location')));
      },
      fixed_zone: L => {
        const name = textArgument(engine, L, 1);
        const offset = wholeArgument(engine, L, 2);
        if (Math.abs(offset) > DAY) engine.vm.badArgument(L, 2, 'offset must be within a day, in seconds');
        return pushLocation(engine, L, fixedZone(name, offset));
      },
      after: L => newTimer(engine, L, false),
      timer: L => newTimer(engine, L, false),
      ticker: L => newTimer(engine, L, true),
    },
  };
}

/** What `work` pushes, or nil and the error that it throws. */
function attempt(engine: Engine, L: number, work: () => number): number {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof TroupeError) return pushFailure(engine, L, thrown);
    throw thrown;
  }
}

/** `unix(seconds, nanoseconds)`: a time. Without arguments the present as unix seconds, a number. */
function pushUnixTime(engine: Engine, L: number): number {
  const given = optionalNumber(engine, L, 1);
  if (given === undefined) {
    engine.vm.api.lua_pushnumber(L, readClock(engine.process.out) / 1e3);
    return 1;
  }
  if (!Number.isFinite(given)) engine.vm.badArgument(L, 1, 'seconds must be finite');
  const { seconds, nanoseconds } = momentAtUnix(given);
  const more = wholeArgument(engine, L, 2, 0);
  return pushTime(engine, L, momentAt(nanosecondsOf({ seconds, nanoseconds }) + BigInt(more)));
}

/** `date(year, month, day, hour, minute, second, nanosecond, location)`; what is out of its range rolls over. */
function pushDate(engine: Engine, L: number): number {
  const year = wholeArgument(engine, L, 1);
  const month = wholeArgument(engine, L, 2);
  const day = wholeArgument(engine, L, 3);
  const [hour, minute, second, nanoseconds] = [4, 5, 6, 7].map(index => wholeArgument(engine, L, index, 0));
  if (Math.abs(year) > FARTHEST_YEAR) engine.vm.badArgument(L, 1, `year must be within ${FARTHEST_YEAR}`);
  const zone = zoneArgument(engine, L, 8);
  const seconds = secondsIn(zone, { year, month, day, hour, minute, second });
  return pushTimeIn(engine, L, momentAt(nanosecondsOf({ seconds, nanoseconds })), zone);
}

/** `parse(layout, text, location)`, or `parse(text)` of RFC 3339. */
function pushParsed(engine: Engine, L: number): number {
  const first = textArgument(engine, L, 1);
  const text = optionalText(engine, L, 2);
  const read = text === undefined ? parseRfc3339(first) : parseInLayout(first, text, zoneArgument(engine, L, 3));
  return pushTimeIn(engine, L, read, read.zone);
}

/** `format(moment, layout, location)`: a time or unix seconds, by default now. */
function pushFormatted(engine: Engine, L: number): number {
  const layout = optionalText(engine, L, 2) ?? RFC_3339_MILLISECONDS;
  const isTime = isKind(engine, L, 1, Kind.Time);
  const seconds = isTime ? undefined : (optionalNumber(engine, L, 1) ?? readClock(engine.process.out) / 1e3);
  const moment = seconds === undefined ? timeArgument(engine, L, 1) : momentAtUnix(formattable(seconds));
  const ownZone = isTime && typeOf(engine, L, 3) <= Type.Nil;
  const zone = ownZone ? zoneOfTime(engine, L, 1) : zoneArgument(engine, L, 3);
  engine.vm.text.push(L, formatMoment(layout, moment, zone));
  return 1;
}

function pushParsedDuration(engine: Engine, L: number): number {
  if (typeOf(engine, L, 1) === Type.String) {
    const text = textArgument(engine, L, 1);
    const milliseconds = parseDuration(text);
    if (milliseconds === undefined) {
      throw invalid(`time.parse_duration: "${text}" is not a duration; write it like "5ms", "1.5s" or "1h30m"`);
    }
  }
  return pushDuration(engine, L, nanosecondsArgument(engine, L, 1));
}

/** A channel that gets the time once, or again and again. */
function newTimer(engine: Engine, L: number, repeats: boolean): number {
  const milliseconds = durationArgument(engine, L, 1);
  if (milliseconds instanceof TroupeError) return pushFailure(engine, L, milliseconds);
  const { vm, objects } = engine;
  const channel = objects.pushObject(L, Kind.Channel);
  vm.memory.i32[(channel + CHANNEL_TYPE) >>> 2] = ChannelType.Timer;
  vm.memory.f64[(channel + CHANNEL_PERIOD) >>> 3] = repeats ? milliseconds : 0;
  start(engine, L, channel, milliseconds);
  return 1;
}

/** Arm the timer, whose channel is on top of the stack. */
function start(engine: Engine, L: number, channel: number, milliseconds: number): void {
  const { vm, process } = engine;
  vm.api.lua_pushvalue(L, -1);
  vm.api.lua_rawsetp(L, REGISTRY, channel);
  const tag = process.nextTag();
  vm.memory.i32[(channel + CHANNEL_DETAIL) >>> 2] = tag;
  (process.timers ??= new Map()).set(tag, channel);
  process.out.timer(tag, milliseconds);
}

/** Disarm the timer; whether it was armed. */
function stop(engine: Engine, channel: number): boolean {
  const tag = engine.vm.memory.i32[(channel + CHANNEL_DETAIL) >>> 2];
  if (tag === 0) return false;
  engine.process.out.abandon(tag);
  forgetTimer(engine.process, tag, channel);
  return true;
}

/** Methods that channels of timers have beside those of all channels. */
export function timerMethods(engine: Engine): { [name: string]: HostFunction } {
  const self = (L: number): number => {
    const channel = engine.objects.argument(L, 1, Kind.Channel);
    if (engine.vm.memory.i32[(channel + CHANNEL_TYPE) >>> 2] !== ChannelType.Timer) {
      engine.vm.badArgument(L, 1, 'not a timer');
    }
    return channel;
  };
  const channel: HostFunction = L => {
    self(L);
    engine.vm.api.lua_settop(L, 1);
    return 1;
  };
  return {
    channel,
    response: channel,
    stop: L => {
      engine.vm.api.lua_pushboolean(L, stop(engine, self(L)) ? 1 : 0);
      return 1;
    },
    reset: L => {
      const channel = self(L);
      const milliseconds = durationArgument(engine, L, 2);
      if (milliseconds instanceof TroupeError) return pushFailure(engine, L, milliseconds);
      const { vm } = engine;
      const was = stop(engine, channel);
      vm.memory.i32[(channel + CHANNEL_COUNT) >>> 2] = 0;
      if (vm.memory.f64[(channel + CHANNEL_PERIOD) >>> 3] > 0) {
        vm.memory.f64[(channel + CHANNEL_PERIOD) >>> 3] = milliseconds;
      }
      vm.api.lua_settop(L, 1);
      start(engine, L, channel, milliseconds);
      vm.api.lua_pushboolean(L, was ? 1 : 0);
      return 1;
    },
  };
}
