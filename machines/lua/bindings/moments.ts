/** Times, durations and locations on Lua's stack: pushed, and taken as arguments. */
import { type Moment, momentAtUnix } from '../../../runtime/capabilities/time_text.ts';
import { fixedZone, namedZone, UTC, type Zone } from '../../../runtime/capabilities/time_zone.ts';
import { parseDuration } from '../../../runtime/duration.ts';
import { readClock } from '../ambient.ts';
import { textArgument, typeOf } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import { Kind } from '../values/kinds.ts';
import {
  momentAt,
  nanosecondsOf,
  readDuration,
  readFixedOffset,
  readMoment,
  writeDuration,
  writeFixedOffset,
  writeMoment,
} from '../values/times.ts';
import { Tag, Type, VALUE_TAG } from '../vm/layout.ts';
import { isKind } from './object_kind.ts';

/** Value of a time and of a location, from 1. */
const ZONE = 1;
const NAME = 1;

const WANTED = 'duration: number of nanoseconds, text such as "5ms" or duration object';

/** Push a time in UTC. */
export function pushTime(engine: Engine, L: number, moment: Moment): number {
  writeMoment(engine.vm.memory, engine.objects.pushObject(L, Kind.Time), moment);
  return 1;
}

/** Push a time in a zone. */
export function pushTimeIn(engine: Engine, L: number, moment: Moment, zone: Zone): number {
  pushTime(engine, L, moment);
  if (zone === UTC) return 1;
  pushLocation(engine, L, zone);
  engine.vm.api.lua_setiuservalue(L, -2, ZONE);
  return 1;
}

/** Push a time in the location of the time at stack index `like`. */
export function pushTimeLike(engine: Engine, L: number, moment: Moment, like: number): number {
  pushTime(engine, L, moment);
  engine.vm.api.lua_getiuservalue(L, like, ZONE);
  engine.vm.api.lua_setiuservalue(L, -2, ZONE);
  return 1;
}

/** Push the runtime's unix milliseconds as a time. */
export function pushUnix(engine: Engine, L: number, milliseconds: number): number {
  return pushTime(engine, L, momentAtUnix(milliseconds / 1e3));
}

export function pushNow(engine: Engine, L: number): number {
  return pushUnix(engine, L, readClock(engine.process.out));
}

export function pushDuration(engine: Engine, L: number, nanoseconds: bigint): number {
  writeDuration(engine.vm.memory, engine.objects.pushObject(L, Kind.Duration), nanoseconds);
  return 1;
}

export function pushLocation(engine: Engine, L: number, zone: Zone): number {
  writeFixedOffset(engine.vm.memory, engine.objects.pushObject(L, Kind.Location), zone.fixed);
  engine.vm.text.push(L, zone.name);
  engine.vm.api.lua_setiuservalue(L, -2, NAME);
  return 1;
}

/** A time, as what it holds. */
export function timeArgument(engine: Engine, L: number, index: number): Moment {
  return readMoment(engine.vm.memory, engine.objects.argument(L, index, Kind.Time));
}

/** A time, or a number of nanoseconds since 1970, which is what a time becomes in a message. */
export function momentArgument(engine: Engine, L: number, index: number): Moment {
  if (typeOf(engine, L, index) === Type.Number) return momentAt(numberAsNanoseconds(engine, L, index));
  return timeArgument(engine, L, index);
}

/** The zone of a time at stack index `index`. */
export function zoneOfTime(engine: Engine, L: number, index: number): Zone {
  const { reader, objects, vm } = engine;
  const at = reader.objectValue(objects.argument(L, index, Kind.Time), ZONE);
  if (vm.memory.u8[(at + VALUE_TAG) >>> 0] !== Tag.Userdata) return UTC;
  return zoneAt(engine, reader.data(at));
}

/** A location; UTC for nil and nothing. */
export function zoneArgument(engine: Engine, L: number, index: number): Zone {
  if (typeOf(engine, L, index) <= Type.Nil) return UTC;
  return zoneAt(engine, engine.objects.argument(L, index, Kind.Location));
}

function zoneAt(engine: Engine, data: number): Zone {
  const { reader, vm } = engine;
  const name = reader.read(reader.objectValue(data, NAME)) as string;
  const offset = readFixedOffset(vm.memory, data);
  if (offset === undefined) return namedZone(name) ?? UTC;
  return offset === 0 && name === 'UTC' ? UTC : fixedZone(name, offset);
}

/** A duration of any sign in one of its three forms, in nanoseconds; what is none is raised. */
export function nanosecondsArgument(engine: Engine, L: number, index: number): bigint {
  const type = typeOf(engine, L, index);
  if (type === Type.Number) return numberAsNanoseconds(engine, L, index);
  if (type === Type.String) {
    const text = textArgument(engine, L, index);
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined) return BigInt(Math.round(milliseconds * 1e6));
    return engine.vm.badArgument(L, index, `"${text}" is not a duration; write it like "5ms", "1.5s" or "1h30m"`);
  }
  if (isKind(engine, L, index, Kind.Duration)) return durationAt(engine, L, index);
  return engine.vm.badType(L, index, WANTED);
}

/** Nanoseconds of the duration object at stack index `index`. */
export function durationAt(engine: Engine, L: number, index: number): bigint {
  return readDuration(engine.vm.memory, engine.objects.argument(L, index, Kind.Duration));
}

/** Nanoseconds since 1970 of the time at stack index `index`. */
export function timeAt(engine: Engine, L: number, index: number): bigint {
  return nanosecondsOf(timeArgument(engine, L, index));
}

/** A number as whole nanoseconds; one that is not finite is raised. */
export function numberAsNanoseconds(engine: Engine, L: number, index: number): bigint {
  const value = engine.reader.read(engine.vm.argument(L, index)) as number | bigint;
  if (typeof value === 'bigint') return value;
  if (Number.isFinite(value)) return BigInt(Math.round(value));
  return engine.vm.badArgument(L, index, 'the number of nanoseconds must be finite');
}
