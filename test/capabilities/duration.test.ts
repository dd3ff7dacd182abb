import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDuration, parseDuration } from '../../runtime/duration.ts';
import { formatSize, parseSize } from '../../runtime/size.ts';

const test = suite('durations and sizes');

test('durations are read as Go reads them, in milliseconds', () => {
  const cases: [string, number][] = [
    ['1h30m', 5_400_000],
    ['5ms', 5],
    ['1.5s', 1500],
    ['100us', 0.1],
    ['100\u00b5s', 0.1],
    ['100\u03bcs', 0.1],
    ['10ns', 0.00001],
    ['.5s', 500],
    ['1.s', 1000],
    ['-2m', -120_000],
    ['+2m', 120_000],
    ['0', 0],
    ['1m1m', 120_000],
  ];
  for (const [text, milliseconds] of cases) assert.is(parseDuration(text), milliseconds, text);
});

test('what is no duration is undefined', () => {
  for (const text of ['', '5', '-', '1d', '1h 3m', ' 5ms', '5MS', '.s', '1m5', '1e3s', 'NaN', '1..5s']) {
    assert.is(parseDuration(text), undefined, text);
  }
});

test('a shown duration is read back to the nanosecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e14, max: 1e14 }), nanoseconds => {
      const back = parseDuration(formatDuration(nanoseconds / 1e6)) as number;
      assert.is(Math.round(back * 1e6), Math.round((nanoseconds / 1e6) * 1e6));
    }),
  );
});

test('durations are shown short', () => {
  assert.is(formatDuration(5_400_000), '1h30m');
  assert.is(formatDuration(90_500), '1m30.5s');
  assert.is(formatDuration(0.1), '100us');
  assert.is(formatDuration(0), '0s');
  assert.is(formatDuration(-1500), '-1.5s');
});

test('sizes are read in both kinds of units', () => {
  const cases: [string, number | undefined][] = [
    ['16MiB', 16_777_216],
    ['64KB', 64_000],
    ['64kb', 64_000],
    ['1.5GiB', 1_610_612_736],
    ['10000', 10_000],
    ['512B', 512],
    ['2Gi', 2 * 1024 ** 3],
    ['1.5', undefined],
    ['0.3KiB', undefined],
    ['-1', undefined],
    ['', undefined],
    ['MiB', undefined],
    ['1XB', undefined],
    ['1 MiB', 1_048_576],
    ['9999999TiB', undefined],
  ];
  for (const [text, bytes] of cases) assert.is(parseSize(text), bytes, text);
});

test('a shown size of whole units is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1023 }), fc.integer({ min: 0, max: 4 }), (count, unit) => {
      const bytes = count * 1024 ** unit;
      assert.is(parseSize(formatSize(bytes)), bytes);
    }),
  );
});

test.run();
