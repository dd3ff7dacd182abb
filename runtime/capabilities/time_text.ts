/** Moments as text and back, by the layouts of `time_layout.ts`. */
import { daysInMonth, secondsOf, wallTimeOf, weekdayOf, type WallTime, yearDayOf } from './calendar.ts';
import { LONGEST_LAYOUT, MONTHS, type Part, piecesOf, WEEKDAYS } from './time_layout.ts';
import { fixedZone, secondsIn, UTC, type Zone } from './time_zone.ts';

/** A point in time to the nanosecond: whole unix seconds, and 0 to 999 999 999 nanoseconds after them. */
export interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** To the microsecond: a double holds no more of the present. */
export function momentAtUnix(seconds: number): Moment {
  const microseconds = Math.round((seconds - Math.floor(seconds)) * 1e6);
  return microseconds === 1e6
    ? { seconds: Math.floor(seconds) + 1, nanoseconds: 0 }
    : { seconds: Math.floor(seconds), nanoseconds: microseconds * 1e3 };
}

/** What was read, and the zone that the text named (the one given where it named none). */
export interface ReadMoment extends Moment {
  readonly zone: Zone;
}

export function formatMoment(layout: string, moment: Moment, zone: Zone): string {
  const offset = zone.offsetAt(moment.seconds);
  const shown = moment.seconds + offset;
  const wall = wallTimeOf(shown);
  let text = '';
  for (const piece of piecesOf(layout)) {
    if ('literal' in piece) text += piece.literal;
    else if ('part' in piece) text += written(piece.part, wall, shown, offset, zone, moment.seconds);
    else text += fractionText(moment.nanoseconds, piece.fraction, piece.point, piece.trimmed);
  }
  return text;
}

function written(part: Part, wall: WallTime, shown: number, offset: number, zone: Zone, seconds: number): string {
  const { year, month, day, hour } = wall;
  switch (part) {
    case 'January':
      return MONTHS[month - 1];
    case 'Jan':
      return MONTHS[month - 1].slice(0, 3);
    case 'Monday':
      return WEEKDAYS[weekdayOf(shown)];
    case 'Mon':
      return WEEKDAYS[weekdayOf(shown)].slice(0, 3);
    case 'MST':
      return zone.abbreviationAt(seconds);
    case '2006':
      return year < 0 ? `-${digits(-year, 4)}` : digits(year, 4);
    case '06':
      return digits(((year % 100) + 100) % 100, 2);
    case '1':
      return String(month);
    case '01':
      return digits(month, 2);
    case '2':
      return String(day);
    case '_2':
      return String(day).padStart(2, ' ');
    case '02':
      return digits(day, 2);
    case '__2':
      return String(yearDayOf(wall)).padStart(3, ' ');
    case '002':
      return digits(yearDayOf(wall), 3);
    case '15':
      return digits(hour, 2);
    case '3':
      return String(hour % 12 || 12);
    case '03':
      return digits(hour % 12 || 12, 2);
    case '4':
      return String(wall.minute);
    case '04':
      return digits(wall.minute, 2);
    case '5':
      return String(wall.second);
    case '05':
      return digits(wall.second, 2);
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return hour >= 12 ? 'pm' : 'am';
    default:
      return offset === 0 && part[0] === 'Z' ? 'Z' : offsetText(part, offset);
  }
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function fractionText(nanoseconds: number, width: number, point: string, trimmed: boolean): string {
  const all = digits(nanoseconds, 9).padEnd(width, '0').slice(0, width);
  if (!trimmed) return point + all;
  const rest = all.replace(/0+$/, '');
  return rest === '' ? '' : point + rest;
}

/** As long as the part says: `-07`, `-0700`, `-07:00`, `-07:00:00`. */
function offsetText(part: string, offset: number): string {
  const size = Math.abs(offset);
  const colon = part.includes(':') ? ':' : '';
  const fields = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map(field => digits(field, 2));
  const count = (part.length - 1 - colon.length * (part.split(':').length - 1)) / 2;
  return (offset < 0 ? '-' : '+') + fields.slice(0, count).join(colon);
}

// --- reading ------------------------------------------------------------------------------------------------------

/** What has been read so far. Undefined: not mentioned. */
interface Found {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  /** Whether the text says that it is afternoon. */
  afternoon: boolean | undefined;
  offset: number | undefined;
  zoneName: string;
}

/** The rest of the text, of which pieces are bitten off. */
class Reader {
  rest: string;

  constructor(text: string) {
    this.rest = text;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.rest);
    if (match === null) return undefined;
    this.rest = this.rest.slice(match[0].length);
    return match;
  }

  /** Digits, at most two; exactly two where `fixed`. */
  number(fixed: boolean): number | undefined {
    const match = this.take(fixed ? /^\d\d/ : /^\d\d?/);
    return match && Number(match[0]);
  }
}

/**
 * The moment of a text; undefined where it is not written so, or names a day or an hour that does not exist. What the
 * layout leaves out is that of the first of January of the year 0. An abbreviation of a zone that is neither UTC nor
 * the given zone's counts as offset 0, since abbreviations are no names: `IST` is three zones.
 */
export function parseMoment(layout: string, text: string, zone: Zone): ReadMoment | undefined {
  const found: Found = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    afternoon: undefined,
    offset: undefined,
    zoneName: '',
  };
  const reader = new Reader(text.length > LONGEST_LAYOUT ? '' : text);
  const pieces = piecesOf(layout);
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    if ('literal' in piece) {
      if (!skipLiteral(reader, piece.literal)) return undefined;
    } else if ('part' in piece) {
      if (!readPart(reader, piece.part, found)) return undefined;
      const next = pieces[i + 1];
      const isSecond = piece.part === '5' || piece.part === '05';
      // A fraction may follow the seconds although the layout does not mention one.
      if (isSecond && !(next !== undefined && 'fraction' in next)) readFraction(reader, found, /^[.,](\d+)/);
    } else {
      const width = piece.trimmed ? '+' : `{${piece.fraction}}`;
      if (!readFraction(reader, found, new RegExp(`^[.,](\\d${width})`)) && !piece.trimmed) return undefined;
    }
  }
  return reader.rest === '' ? assemble(found, zone) : undefined;
}

/** A space stands for any number of them. */
function skipLiteral(reader: Reader, literal: string): boolean {
  for (const character of literal) {
    if (character === ' ') {
      if (reader.rest !== '' && reader.rest[0] !== ' ') return false;
      reader.rest = reader.rest.replace(/^ +/, '');
    } else if (reader.rest.startsWith(character)) reader.rest = reader.rest.slice(character.length);
    else return false;
  }
  return true;
}

function readFraction(reader: Reader, found: Found, pattern: RegExp): boolean {
  const match = reader.take(pattern);
  if (match !== undefined) found.nanoseconds = Number(match[1].padEnd(9, '0').slice(0, 9));
  return match !== undefined;
}

function readPart(reader: Reader, part: Part, found: Found): boolean {
  let value: number | undefined;
  switch (part) {
    case 'January':
    case 'Jan':
      value = readName(reader, MONTHS, part === 'Jan');
      found.month = value === undefined ? undefined : value + 1;
      break;
    case 'Monday':
    case 'Mon':
      value = readName(reader, WEEKDAYS, part === 'Mon');
      break;
    case '2006':
      value = wholeOf(reader.take(/^\d{4}/));
      found.year = value ?? 0;
      break;
    case '06':
      value = reader.number(true);
      // Two digits are a year from 1969 to 2068.
      found.year = value === undefined ? 0 : value >= 69 ? 1900 + value : 2000 + value;
      break;
    case '1':
    case '01':
      found.month = value = reader.number(part === '01');
      break;
    case '2':
    case '_2':
    case '02':
      if (part === '_2') reader.take(/^ /);
      found.day = value = reader.number(part === '02');
      break;
    case '__2':
    case '002':
      if (part === '__2') reader.take(/^ {0,2}/);
      found.yearDay = value = wholeOf(reader.take(part === '002' ? /^\d{3}/ : /^\d{1,3}/));
      break;
    case '15':
    case '3':
    case '03':
      value = reader.number(part === '03');
      found.hour = value ?? 0;
      if (part !== '15' && found.hour > 12) return false;
      break;
    case '4':
    case '04':
      value = reader.number(part === '04');
      found.minute = value ?? 0;
      break;
    case '5':
    case '05':
      value = reader.number(part === '05');
      found.second = value ?? 0;
      break;
    case 'PM':
    case 'pm': {
      const half = reader.take(part === 'PM' ? /^[AP]M/ : /^[ap]m/);
      if (half === undefined) return false;
      found.afternoon = half[0][0].toUpperCase() === 'P';
      return true;
    }
    case 'MST':
      return readAbbreviation(reader, found);
    default:
      return readOffset(reader, part, found);
  }
  return value !== undefined;
}

function wholeOf(match: RegExpExecArray | undefined): number | undefined {
  return match && Number(match[0]);
}

function readName(reader: Reader, names: readonly string[], short: boolean): number | undefined {
  const wanted = reader.rest.toLowerCase();
  const index = names.findIndex(name => wanted.startsWith((short ? name.slice(0, 3) : name).toLowerCase()));
  if (index < 0) return undefined;
  reader.rest = reader.rest.slice(short ? 3 : names[index].length);
  return index;
}

function readAbbreviation(reader: Reader, found: Found): boolean {
  const match = reader.take(/^(?:GMT([+-]\d{1,2})(?!\d)|[A-Z]{3,5}|([+-]\d\d)(?!\d))/);
  if (match === undefined) return false;
  found.zoneName = match[0];
  const hours = match[1] ?? match[2];
  if (hours !== undefined) found.offset = Number(hours) * 3600;
  else if (match[0] === 'UTC') found.offset = 0;
  return true;
}

function readOffset(reader: Reader, part: string, found: Found): boolean {
  if (part[0] === 'Z' && reader.take(/^Z/) !== undefined) {
    found.offset = 0;
    found.zoneName = 'UTC';
    return true;
  }
  const pattern = part.slice(1).replace(/\d\d/g, '(\\d\\d)');
  const match = reader.take(new RegExp(`^([+-])${pattern}`));
  if (match === undefined) return false;
  const [hours, minutes, seconds] = [match[2], match[3] ?? 0, match[4] ?? 0].map(Number);
  if (hours > 24 || minutes >= 60 || seconds >= 60) return false;
  const size = hours * 3600 + minutes * 60 + seconds;
  found.offset = match[1] === '-' ? -size : size;
  return true;
}

function assemble(found: Found, zone: Zone): ReadMoment | undefined {
  const { year, minute, second, afternoon, offset, zoneName, yearDay } = found;
  let { hour, month, day } = found;
  if (afternoon === true && hour < 12) hour += 12;
  else if (afternoon === false && hour === 12) hour = 0;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (yearDay !== undefined) {
    const date = wallTimeOf(secondsOf({ year, month: 1, day: yearDay, hour: 0, minute: 0, second: 0 }));
    if (yearDay < 1 || date.year !== year) return undefined;
    if ((month ?? date.month) !== date.month || (day ?? date.day) !== date.day) return undefined;
    ({ month, day } = date);
  }
  month ??= 1;
  day ??= 1;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const wall = { year, month, day, hour, minute, second };
  const { nanoseconds } = found;
  const local = secondsIn(zone, wall);
  if (offset === undefined && (zoneName === '' || zone.abbreviationAt(local) === zoneName)) {
    return { seconds: local, nanoseconds, zone };
  }
  const seconds = secondsOf(wall) - (offset ?? 0);
  if (offset === 0 && (zoneName === 'UTC' || zoneName === '')) return { seconds, nanoseconds, zone: UTC };
  // A zone that agrees with what is written is worth more than its offset alone.
  if (zone.offsetAt(seconds) === offset) return { seconds, nanoseconds, zone };
  return { seconds, nanoseconds, zone: fixedZone(zoneName, offset ?? 0) };
}
