/**
 * Operators of times and durations. Adding and subtracting give times and durations again; in everything else both are
 * their number of nanoseconds, so that a program may treat what `time.now()` gives as a number. A number on the other
 * side of an operator is one of nanoseconds, too.
 */
import { formatDuration, parseDuration } from '../../../runtime/duration.ts';
import { textArgument, typeOf } from '../arguments.ts';
import { formatMoment } from '../../../runtime/capabilities/time_text.ts';
import { LAYOUTS } from '../../../runtime/capabilities/time_layout.ts';
import type { Engine } from '../engine.ts';
import { Kind } from '../values/kinds.ts';
import { momentAt, nanosecondsNumber } from '../values/times.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { Type } from '../vm/layout.ts';
import {
  durationAt,
  nanosecondsArgument,
  numberAsNanoseconds,
  pushDuration,
  pushTimeLike,
  timeArgument,
  timeAt,
  zoneOfTime,
} from './moments.ts';
import { isKind } from './object_kind.ts';

/** What `lua_arith` takes. */
const Operator = { Mul: 2, Mod: 3, Pow: 4, Div: 5, IntegerDiv: 6 } as const;

const Operand = { Time: 1, Duration: 2, Length: 3, Other: 4 } as const;

/** Metamethods of both kinds. */
export function timeOperators(engine: Engine): { [name: string]: HostFunction } {
  const plain =
    (operator: number): HostFunction =>
    L => {
      const { vm, writer } = engine;
      for (let index = 1; index <= 2; index++) {
        const nanoseconds = numberAt(engine, L, index);
        if (nanoseconds === undefined) vm.api.lua_pushvalue(L, index);
        else writer.push(L, nanosecondsNumber(nanoseconds));
      }
      vm.api.lua_arith(L, operator);
      return 1;
    };
  return {
    __add: L => add(engine, L),
    __sub: L => subtract(engine, L),
    __mul: plain(Operator.Mul),
    __div: plain(Operator.Div),
    __idiv: plain(Operator.IntegerDiv),
    __mod: plain(Operator.Mod),
    __pow: plain(Operator.Pow),
    __unm: L => {
      if (isKind(engine, L, 1, Kind.Duration)) return pushDuration(engine, L, -durationAt(engine, L, 1));
      return engine.vm.raise(L, 'attempt to negate a time');
    },
    __eq: L => {
      const kind = isKind(engine, L, 1, Kind.Time) ? Kind.Time : Kind.Duration;
      const same = isKind(engine, L, 2, kind) && numberAt(engine, L, 1) === numberAt(engine, L, 2);
      engine.vm.api.lua_pushboolean(L, same ? 1 : 0);
      return 1;
    },
    __lt: L => compare(engine, L, (a, b) => a < b),
    __le: L => compare(engine, L, (a, b) => a <= b),
    __tostring: L => {
      engine.vm.text.push(L, shown(engine, L, 1));
      return 1;
    },
    __concat: L => {
      for (let index = 1; index <= 2; index++) {
        if (isKind(engine, L, index, Kind.Time) || isKind(engine, L, index, Kind.Duration)) {
          engine.vm.text.push(L, shown(engine, L, index));
        } else engine.vm.api.lua_pushvalue(L, index);
      }
      engine.vm.api.lua_concat(L, 2);
      return 1;
    },
  };
}

function operandAt(engine: Engine, L: number, index: number): number {
  if (isKind(engine, L, index, Kind.Time)) return Operand.Time;
  if (isKind(engine, L, index, Kind.Duration)) return Operand.Duration;
  const type = typeOf(engine, L, index);
  return type === Type.Number || type === Type.String ? Operand.Length : Operand.Other;
}

/** Nanoseconds of a time or a duration; undefined for anything else. */
function numberAt(engine: Engine, L: number, index: number): bigint | undefined {
  if (isKind(engine, L, index, Kind.Time)) return timeAt(engine, L, index);
  return isKind(engine, L, index, Kind.Duration) ? durationAt(engine, L, index) : undefined;
}

function add(engine: Engine, L: number): number {
  const [left, right] = [operandAt(engine, L, 1), operandAt(engine, L, 2)];
  if (left === Operand.Time && right === Operand.Time) {
    return engine.vm.raise(L, 'attempt to add two times: only a duration can be added to a time');
  }
  if (left === Operand.Other || right === Operand.Other) return cannot(engine, L, 'add');
  const time = left === Operand.Time ? 1 : right === Operand.Time ? 2 : 0;
  if (time === 0) return pushDuration(engine, L, nanosecondsArgument(engine, L, 1) + nanosecondsArgument(engine, L, 2));
  const sum = timeAt(engine, L, time) + nanosecondsArgument(engine, L, 3 - time);
  return pushTimeLike(engine, L, momentAt(sum), time);
}

function subtract(engine: Engine, L: number): number {
  const [left, right] = [operandAt(engine, L, 1), operandAt(engine, L, 2)];
  if (left === Operand.Other || right === Operand.Other) return cannot(engine, L, 'subtract');
  if (right === Operand.Time) {
    if (left === Operand.Duration) return engine.vm.raise(L, 'attempt to subtract a time from a duration');
    const from = left === Operand.Time ? timeAt(engine, L, 1) : numberOf(engine, L, 1);
    return pushDuration(engine, L, from - timeAt(engine, L, 2));
  }
  const taken = nanosecondsArgument(engine, L, 2);
  if (left !== Operand.Time) return pushDuration(engine, L, nanosecondsArgument(engine, L, 1) - taken);
  return pushTimeLike(engine, L, momentAt(timeAt(engine, L, 1) - taken), 1);
}

/** A number that stands for a time. */
function numberOf(engine: Engine, L: number, index: number): bigint {
  if (typeOf(engine, L, index) === Type.Number) return numberAsNanoseconds(engine, L, index);
  return engine.vm.raise(L, 'attempt to subtract a time from a text');
}

function cannot(engine: Engine, L: number, verb: string): number {
  return engine.vm.raise(L, `attempt to ${verb} what is neither a time nor a duration`);
}

/** With each other, and with numbers of nanoseconds; a duration also with a text such as "5ms". */
function compare(engine: Engine, L: number, holds: (a: number | bigint, b: number | bigint) => boolean): number {
  const left = comparable(engine, L, 1, 2);
  const right = comparable(engine, L, 2, 1);
  engine.vm.api.lua_pushboolean(L, holds(left, right) ? 1 : 0);
  return 1;
}

function comparable(engine: Engine, L: number, index: number, other: number): number | bigint {
  const isTime = isKind(engine, L, index, Kind.Time);
  const against = operandAt(engine, L, other);
  if (isTime ? against === Operand.Duration : isKind(engine, L, index, Kind.Duration) && against === Operand.Time) {
    return engine.vm.raise(L, 'attempt to compare a time with a duration');
  }
  const own = numberAt(engine, L, index);
  if (own !== undefined) return own;
  const type = typeOf(engine, L, index);
  if (type === Type.Number) return engine.reader.read(engine.vm.argument(L, index)) as number | bigint;
  if (type === Type.String && against === Operand.Duration) {
    const milliseconds = parseDuration(textArgument(engine, L, index));
    if (milliseconds !== undefined) return milliseconds * 1e6;
  }
  return engine.vm.raise(
    L,
    `attempt to compare a ${against === Operand.Time ? 'time' : 'duration'} with what is neither`,
  );
}

function shown(engine: Engine, L: number, index: number): string {
  if (isKind(engine, L, index, Kind.Duration)) return formatDuration(Number(durationAt(engine, L, index)) / 1e6);
  return formatMoment(LAYOUTS.RFC3339NANO, timeArgument(engine, L, index), zoneOfTime(engine, L, index));
}
