/**
 * One line of an access log in Combined Log Format, in place: fields are addresses in the chunk, nothing is copied.
 *
 *     client ident user [02/Jan/2026:03:04:05 +0100] "METHOD target PROTOCOL" status bytes "referer" "agent"
 *
 * Whatever follows the agent after a space is allowed, since many servers add fields there.
 */

const SPACE: u8 = 0x20;
const QUOTE: u8 = 0x22;
const HYPHEN: u8 = 0x2d;
const BACKSLASH: u8 = 0x5c;
const QUESTION: u8 = 0x3f;

/** Bytes; a longer line is malformed. The reader cuts a longer one to one byte more. */
const LONGEST_LINE: u32 = 65536;

/** More digits would not fit a number that every language can hold. */
const MOST_SIZE_DIGITS: u32 = 15;

/** Addresses and lengths of the fields of the line that `parse` has taken last. */
export class LogLine {
  client: usize = 0;
  clientLength: u32 = 0;
  /** Unix seconds. */
  time: i64 = 0;
  method: usize = 0;
  methodLength: u32 = 0;
  /** What was asked for; the length is 0 where the request line has none. */
  target: usize = 0;
  targetLength: u32 = 0;
  /** The part of the target before `?`. */
  pathLength: u32 = 0;
  status: u32 = 0;
  /** Bytes sent; `-` is 0. */
  size: u64 = 0;
  agent: usize = 0;
  agentLength: u32 = 0;

  private at: usize = 0;
  private end: usize = 0;

  /** Whether the bytes from `at` to `end` (line end excluded) are a line of the format. */
  parse(at: usize, end: usize): bool {
    if (end - at > LONGEST_LINE) return false;
    this.at = at;
    this.end = end;
    this.client = at;
    if (!this.word()) return false;
    this.clientLength = u32(this.at - this.client);
    if (!this.skip(SPACE) || !this.word() || !this.skip(SPACE)) return false;
    if (!this.user() || !this.timestamp() || !this.skip(SPACE)) return false;
    const request = this.at + 1;
    if (!this.quoted()) return false;
    this.request(request, this.at - 1);
    if (!this.skip(SPACE) || !this.code() || !this.skip(SPACE) || !this.bytes() || !this.skip(SPACE)) return false;
    if (!this.quoted() || !this.skip(SPACE)) return false;
    this.agent = this.at + 1;
    if (!this.quoted()) return false;
    this.agentLength = u32(this.at - 1 - this.agent);
    return this.at == this.end || load<u8>(this.at) == SPACE;
  }

  private skip(byte: u8): bool {
    if (this.at >= this.end || load<u8>(this.at) != byte) return false;
    this.at++;
    return true;
  }

  /** One byte or more up to a space. */
  private word(): bool {
    const start = this.at;
    while (this.at < this.end && load<u8>(this.at) != SPACE) this.at++;
    return this.at > start;
  }

  /** A user's name may hold spaces: it ends where ` [` begins the time. Goes on after the bracket. */
  private user(): bool {
    const start = this.at;
    for (let at = start; at + 1 < this.end; at++) {
      if (load<u8>(at) == SPACE && load<u8>(at + 1) == 0x5b) {
        this.at = at + 2;
        return at > start;
      }
    }
    return false;
  }

  /** `02/Jan/2026:03:04:05 +0100]` */
  private timestamp(): bool {
    const at = this.at;
    if (this.end - at < 27) return false;
    if (!separator(at, 2, 0x2f) || !separator(at, 6, 0x2f) || !separator(at, 11, 0x3a)) return false;
    if (!separator(at, 14, 0x3a) || !separator(at, 17, 0x3a) || !separator(at, 20, SPACE)) return false;
    if (!separator(at, 26, 0x5d)) return false;
    const day = digits(at, 2);
    const month = monthOf(at + 3);
    const year = digits(at + 7, 4);
    const hour = digits(at + 12, 2);
    const minute = digits(at + 15, 2);
    const second = digits(at + 18, 2);
    const sign = load<u8>(at + 21);
    const zoneHour = digits(at + 22, 2);
    const zoneMinute = digits(at + 24, 2);
    if (year < 0 || month == 0 || day < 1 || day > daysOf(year, month)) return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    if ((sign != 0x2b && sign != 0x2d) || zoneHour < 0 || zoneHour > 23 || zoneMinute < 0 || zoneMinute > 59) return false;
    const zone = (zoneHour * 60 + zoneMinute) * (sign == 0x2d ? -60 : 60);
    this.time = daysSince1970(year, month, day) * 86400 + (hour * 3600 + minute * 60 + second - zone);
    this.at = at + 27;
    return true;
  }

  /** Text in quotes, in which a backslash takes the next byte along. Goes on after the closing quote. */
  private quoted(): bool {
    if (!this.skip(QUOTE)) return false;
    while (this.at < this.end) {
      const byte = load<u8>(this.at++);
      if (byte == QUOTE) return true;
      if (byte == BACKSLASH) this.at++;
    }
    return false;
  }

  /** `METHOD target PROTOCOL`; what is not of this form has no target. */
  private request(start: usize, end: usize): void {
    let at = start;
    while (at < end && load<u8>(at) != SPACE) at++;
    this.method = start;
    this.methodLength = u32(at - start);
    this.target = at < end ? at + 1 : end;
    at = this.target;
    while (at < end && load<u8>(at) != SPACE) at++;
    this.targetLength = u32(at - this.target);
    let length: u32 = 0;
    while (length < this.targetLength && load<u8>(this.target + length) != QUESTION) length++;
    this.pathLength = length;
  }

  private code(): bool {
    if (this.end - this.at < 3) return false;
    const code = digits(this.at, 3);
    if (code < 100) return false;
    this.status = u32(code);
    this.at += 3;
    return true;
  }

  private bytes(): bool {
    this.size = 0;
    if (this.skip(HYPHEN)) return true;
    let count: u32 = 0;
    while (this.at < this.end && isDigit(load<u8>(this.at))) {
      if (++count > MOST_SIZE_DIGITS) return false;
      this.size = this.size * 10 + (load<u8>(this.at++) - 0x30);
    }
    return count > 0;
  }
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

// @ts-ignore: decorator
@inline
function separator(at: usize, offset: usize, byte: u8): bool {
  return load<u8>(at + offset) == byte;
}

/** The number that so many digits write, or -1000000 and less where one of them is none. */
function digits(at: usize, count: i32): i32 {
  let value = 0;
  for (let i = 0; i < count; i++) {
    const byte = load<u8>(at + i);
    if (!isDigit(byte)) return -1000000;
    value = value * 10 + (byte - 0x30);
  }
  return value;
}

/** 1 to 12, or 0. */
function monthOf(at: usize): i32 {
  const name = (u32(load<u8>(at)) << 16) | (u32(load<u8>(at + 1)) << 8) | u32(load<u8>(at + 2));
  switch (name) {
    case 0x4a616e: return 1; // Jan
    case 0x466562: return 2;
    case 0x4d6172: return 3;
    case 0x417072: return 4;
    case 0x4d6179: return 5;
    case 0x4a756e: return 6;
    case 0x4a756c: return 7;
    case 0x417567: return 8;
    case 0x536570: return 9;
    case 0x4f6374: return 10;
    case 0x4e6f76: return 11;
    case 0x446563: return 12;
    default: return 0;
  }
}

function daysOf(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Days from 1970-01-01 in the Gregorian calendar. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
function daysSince1970(year: i32, month: i32, day: i32): i64 {
  const y = i64(month <= 2 ? year - 1 : year);
  const era = (y >= 0 ? y : y - 399) / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = i64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1);
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
