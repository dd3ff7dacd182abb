/** Layouts, zones and the calendar: `time.format` and `time.parse` with more than RFC 3339. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { secondsOf, wallTimeOf } from '../../runtime/capabilities/calendar.ts';
import { timeCapability } from '../../runtime/capabilities/time.ts';
import { LAYOUTS } from '../../runtime/capabilities/time_layout.ts';
import { formatMoment, parseMoment } from '../../runtime/capabilities/time_text.ts';
import { namedZone, secondsIn, UTC } from '../../runtime/capabilities/time_zone.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, refusal } from './call.ts';

const test = suite('moments');
const time = (operation: string, ...args: Payload[]) => new Caller().call(timeCapability, {}, operation, ...args);
/** 2006-01-02T15:04:05.123456789-07:00. */
const REFERENCE = { seconds: 1_136_239_445, nanoseconds: 123_456_789 };
const DENVER = namedZone('America/Denver')!;

test('every named layout shows the moment that layouts are written with as itself', () => {
  for (const layout of Object.values(LAYOUTS)) {
    const whole = { ...REFERENCE, nanoseconds: 0 };
    const expected = layout.replace('Z07:00', '-07:00').replace('.999999999', '').replace('_2', ' 2');
    assert.is(formatMoment(layout, whole, DENVER), expected);
  }
});

test('parts that no named layout has', () => {
  const show = (layout: string) => formatMoment(layout, REFERENCE, DENVER);
  assert.is(show('Monday January 2 __2 002'), 'Monday January 2   2 002');
  assert.is(show('3:4:5pm 03 06 1'), '3:4:5pm 03 06 1');
  assert.is(show('.000 .999999999 ,00'), '.123 .123456789 ,12');
  assert.is(show('-07 -0700 -07:00:00 -070000 Z07 Z0700'), '-07 -0700 -07:00:00 -070000 -07 -0700');
  assert.is(show('Janus Month _2006 2006.01.02'), 'Janus Month _2006 2006.01.02');
  assert.is(formatMoment('05.999 Z07 Z0700', { seconds: 5, nanoseconds: 0 }, UTC), '05 Z Z');
});

test('what was written in a layout is read again as the same moment', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
      fc.integer({ min: 0, max: 999_999_999 }),
      fc.constantFrom(
        LAYOUTS.RFC3339NANO,
        'Mon Jan _2 15:04:05.000000000 -070000 2006',
        '3:04:05.999999999 PM, 002/2006 -07:00:00',
      ),
      fc.constantFrom('UTC', 'America/Denver', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
      (seconds, nanoseconds, layout, name) => {
        const zone = namedZone(name)!;
        // RFC 3339 has no seconds in offsets, which zones had before they were made even.
        fc.pre(zone.offsetAt(seconds) % 60 === 0 || !layout.startsWith('2006'));
        fc.pre(wallTimeOf(seconds + zone.offsetAt(seconds)).year <= 9999);
        const read = parseMoment(layout, formatMoment(layout, { seconds, nanoseconds }, zone), zone);
        assert.is(read?.seconds, seconds);
        assert.is(read?.nanoseconds, nanoseconds);
      },
    ),
  ));

test('the calendar is that of Date, as far as that one goes', () =>
  fc.assert(
    fc.property(fc.integer({ min: -8.64e12, max: 8.64e12 }), seconds => {
      const date = new Date(seconds * 1e3);
      const wall = wallTimeOf(seconds);
      assert.equal(
        [wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second],
        [
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
          date.getUTCHours(),
          date.getUTCMinutes(),
          date.getUTCSeconds(),
        ],
      );
      assert.is(secondsOf(wall), seconds);
    }),
  ));

test('a wall clock in a zone that changes its offset', () => {
  const newYork = namedZone('America/New_York')!;
  const at = (month: number, day: number, hour: number, minute = 0) =>
    secondsIn(newYork, { year: 2024, month, day, hour, minute, second: 0 });
  assert.is(at(1, 15, 14), Date.UTC(2024, 0, 15, 19) / 1e3);
  assert.is(at(7, 15, 14), Date.UTC(2024, 6, 15, 18) / 1e3);
  // 02:30 is skipped in March, 01:30 comes twice in November.
  assert.is(at(3, 10, 2, 30), Date.UTC(2024, 2, 10, 6, 30) / 1e3);
  assert.is(at(11, 3, 1, 30), Date.UTC(2024, 10, 3, 5, 30) / 1e3);
  assert.is(newYork.abbreviationAt(at(1, 15, 14)), 'EST');
  assert.is(newYork.abbreviationAt(at(7, 15, 14)), 'EDT');
  assert.is(namedZone('Asia/Kathmandu')!.abbreviationAt(0), '+0530');
});

test('programs format and parse with layouts and locations', async () => {
  assert.is(
    await time('format', 1_136_239_445, 'Mon Jan 2, 2006 15:04 MST', 'America/Denver'),
    'Mon Jan 2, 2006 15:04 MST',
  );
  assert.is(await time('format', 0.25, undefined, 'Europe/Berlin'), '1970-01-01T01:00:00.25+01:00');
  assert.is(await time('parse', '2006-01-02', '2024-12-29'), Date.UTC(2024, 11, 29) / 1e3);
  assert.is(
    await time('parse', '2006-01-02 15:04', '2024-12-29 14:30', 'America/New_York'),
    Date.UTC(2024, 11, 29, 19, 30) / 1e3,
  );
  assert.is(
    await time('parse', LAYOUTS.RFC3339, '2024-12-29T15:04:05.5Z'),
    Date.UTC(2024, 11, 29, 15, 4, 5, 500) / 1e3,
  );
  assert.is(
    await time('parse', LAYOUTS.RFC1123Z, 'Sun, 29 Dec 2024 15:04:05 +0100'),
    Date.UTC(2024, 11, 29, 14, 4, 5) / 1e3,
  );
  assert.is(await time('parse', LAYOUTS.KITCHEN, '3:04PM'), Date.parse('0000-01-01T15:04:00Z') / 1e3);
  const error = await refusal(time('parse', LAYOUTS.DATE_ONLY, '29.12.2024'));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, 'for example "2006-01-02"');
  for (const [layout, text] of [
    ['2006-01-02', '2024-02-30'],
    ['2006-01-02', '2024-13-01'],
    ['2006-01-02', '2024-01-01x'],
    ['15:04', '24:00'],
    ['3:04PM', '13:00PM'],
    ['002 2006', '366 2023'],
  ]) {
    assert.is((await refusal(time('parse', layout, text))).kind, 'INVALID', text);
  }
  assert.is((await refusal(time('format', 0, 'x', 'Mars/Olympus'))).kind, 'NOT_FOUND');
});

test.run();
