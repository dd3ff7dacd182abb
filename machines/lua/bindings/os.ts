/** The harmless part of `os`: the time, through the runtime's clock. A program knows no time zone: all is UTC. */
import { readClock, readMonotonic } from '../ambient.ts';
import { optionalNumber, optionalText, typeOf } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import { Type } from '../vm/layout.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const DAY = 86_400_000;
/** Beyond these JavaScript has no dates; in seconds. */
const MOST_SECONDS = 8.64e12;

export function osModule(engine: Engine): HostModule {
  return {
    name: 'os',
    functions: {
      time: L => {
        const { vm } = engine;
        const seconds =
          typeOf(engine, L, 1) <= Type.Nil ? Math.floor(readClock(engine.process.out) / 1000) : fromTable(engine, L);
        vm.adapter.pushInteger(L, seconds);
        return 1;
      },
      clock: L => {
        engine.vm.api.lua_pushnumber(L, readMonotonic(engine.process.out) / 1000);
        return 1;
      },
      difftime: L => {
        const from = optionalNumber(engine, L, 1) ?? engine.vm.badType(L, 1, 'number');
        const to = optionalNumber(engine, L, 2) ?? engine.vm.badType(L, 2, 'number');
        engine.vm.api.lua_pushnumber(L, from - to);
        return 1;
      },
      date: L => {
        const format = (optionalText(engine, L, 1) ?? '%c').replace(/^!/, '');
        const seconds = optionalNumber(engine, L, 2) ?? Math.floor(readClock(engine.process.out) / 1000);
        if (!(Math.abs(seconds) <= MOST_SECONDS)) {
          engine.vm.badArgument(L, 2, 'date result cannot be represented');
        }
        const date = new Date(seconds * 1000);
        if (format.startsWith('*t')) engine.writer.push(L, fieldsOf(date));
        else {
          const unknown = /%(?![aAbBcdDeFHIjmMnprRStTuwxXyYzZ%])(.?)/.exec(format.replaceAll('%%', ''));
          if (unknown !== null) engine.vm.badArgument(L, 1, `invalid conversion specifier '${unknown[0]}'`);
          engine.vm.text.push(L, formatDate(format, date));
        }
        return 1;
      },
    },
  };
}

/** Unix seconds of `{year, month, day, hour = 12, min = 0, sec = 0}`; fields beyond their range carry over. */
function fromTable(engine: Engine, L: number): number {
  const { vm } = engine;
  if (typeOf(engine, L, 1) !== Type.Table) vm.badType(L, 1, 'table');
  const field = (name: string, otherwise?: number): number => {
    const type = vm.api.lua_getfield(L, 1, vm.text.name(name));
    const value = type === Type.Nil ? otherwise : type === Type.Number ? vm.api.lua_tonumberx(L, -1, 0) : Number.NaN;
    vm.api.lua_settop(L, -2);
    if (value === undefined) return vm.raise(L, `field '${name}' missing in date table`);
    if (!Number.isInteger(value)) vm.raise(L, `field '${name}' is not an integer`);
    return value;
  };
  const date = new Date(0);
  date.setUTCFullYear(field('year'), field('month') - 1, field('day'));
  date.setUTCHours(field('hour', 12), field('min', 0), field('sec', 0));
  if (Number.isNaN(date.getTime())) vm.raise(L, 'time result cannot be represented');
  return Math.floor(date.getTime() / 1000);
}

function fieldsOf(date: Date): { [key: string]: number | boolean } {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    min: date.getUTCMinutes(),
    sec: date.getUTCSeconds(),
    wday: date.getUTCDay() + 1,
    yday: dayOfYear(date),
    isdst: false,
  };
}

function dayOfYear(date: Date): number {
  const start = new Date(0).setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start) / DAY) + 1;
}

/** The conversions of C's strftime in the C locale. */
function formatDate(format: string, date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const hour = date.getUTCHours();
  const year = date.getUTCFullYear();
  const expand = (text: string): string =>
    text.replace(/%(.)/g, (_, specifier: string) => {
      switch (specifier) {
        case 'a':
          return DAYS[date.getUTCDay()].slice(0, 3);
        case 'A':
          return DAYS[date.getUTCDay()];
        case 'b':
          return MONTHS[date.getUTCMonth()].slice(0, 3);
        case 'B':
          return MONTHS[date.getUTCMonth()];
        case 'c':
          return expand('%a %b %e %H:%M:%S %Y');
        case 'd':
          return two(date.getUTCDate());
        case 'D':
        case 'x':
          return expand('%m/%d/%y');
        case 'e':
          return String(date.getUTCDate()).padStart(2, ' ');
        case 'F':
          return expand('%Y-%m-%d');
        case 'H':
          return two(hour);
        case 'I':
          return two(hour % 12 === 0 ? 12 : hour % 12);
        case 'j':
          return String(dayOfYear(date)).padStart(3, '0');
        case 'm':
          return two(date.getUTCMonth() + 1);
        case 'M':
          return two(date.getUTCMinutes());
        case 'n':
          return '\n';
        case 'p':
          return hour < 12 ? 'AM' : 'PM';
        case 'r':
          return expand('%I:%M:%S %p');
        case 'R':
          return expand('%H:%M');
        case 'S':
          return two(date.getUTCSeconds());
        case 't':
          return '\t';
        case 'T':
        case 'X':
          return expand('%H:%M:%S');
        case 'u':
          return String(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
        case 'w':
          return String(date.getUTCDay());
        case 'y':
          return two(((year % 100) + 100) % 100);
        case 'Y':
          return String(year);
        case 'z':
          return '+0000';
        case 'Z':
          return 'UTC';
        default:
          return '%';
      }
    });
  return expand(format);
}
