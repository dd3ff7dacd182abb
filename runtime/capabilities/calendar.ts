/**
 * Days and times of the Gregorian calendar, counted back and on without end, as unix seconds. Everything here is whole
 * numbers; zones are in `time_zone.ts`.
 */

/** A time as a wall clock shows it. Months and days count from 1, weekdays from Sunday as 0. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export const DAY = 86_400;
const DAYS_IN_400_YEARS = 146_097;
/** From 0000-03-01, where the leap day is the last of its year, to 1970-01-01. */
const EPOCH_DAY = 719_468;

/** Unix seconds of a wall clock in UTC. Months and smaller units may lie outside of their range: they roll over. */
export function secondsOf({ year, month, day, hour, minute, second }: WallTime): number {
  return daysOf(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
}

/** Days from 1970-01-01; a day or a month beyond its range rolls over. */
export function daysOf(year: number, month: number, day: number): number {
  const months = month - 1;
  const inRange = ((months % 12) + 12) % 12;
  const shifted = year + Math.floor(months / 12) - (inRange < 2 ? 1 : 0);
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * ((inRange + 10) % 12) + 2) / 5);
  return (
    era * DAYS_IN_400_YEARS +
    ofEra * 365 +
    Math.floor(ofEra / 4) -
    Math.floor(ofEra / 100) +
    ofYear +
    (day - 1) -
    EPOCH_DAY
  );
}

/** What a clock in UTC shows at these unix seconds. */
export function wallTimeOf(seconds: number): WallTime {
  const days = Math.floor(seconds / DAY);
  const rest = seconds - days * DAY;
  const shifted = days + EPOCH_DAY;
  const era = Math.floor(shifted / DAYS_IN_400_YEARS);
  const ofEra = shifted - era * DAYS_IN_400_YEARS;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: year + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

/** 0 is Sunday. */
export function weekdayOf(seconds: number): number {
  return (((Math.floor(seconds / DAY) + 4) % 7) + 7) % 7;
}

/** 1 is the first of January. */
export function yearDayOf({ year, month, day }: WallTime): number {
  return daysOf(year, month, day) - daysOf(year, 1, 1) + 1;
}

export function daysInMonth(year: number, month: number): number {
  return daysOf(year, month + 1, 1) - daysOf(year, month, 1);
}
