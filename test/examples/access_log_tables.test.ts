import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { minuteChart } from '../../examples/access-log/chart.ts';
import { Sizes } from '../../examples/access-log/sizes.ts';
import { bytesText, countText } from '../../examples/access-log/text.ts';
import { TopTable } from '../../examples/access-log/top_table.ts';

const test = suite('bounded tables of the access log');

test('counts are exact while the keys fit, and off by no more than it says when they do not', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }).map(String), fc.integer({ min: 1, max: 9 }))),
      (limit, additions) => {
        const table = new TopTable(limit);
        const truth = new Map<string, number>();
        for (const [key, count] of additions) {
          table.add(key, count);
          truth.set(key, (truth.get(key) ?? 0) + count);
        }
        const shown = new Map(table.top(Number.POSITIVE_INFINITY));
        assert.ok(shown.size <= limit);
        if (truth.size <= limit) assert.is(table.missed, 0);
        for (const [key, count] of truth) {
          const kept = shown.get(key) ?? 0;
          assert.ok(
            kept <= count && count <= kept + table.missed,
            `${key}: ${kept} of ${count}, missed ${table.missed}`,
          );
        }
      },
    ),
  );
});

test('what is frequent enough is never forgotten', () => {
  const table = new TopTable(100);
  for (let i = 0; i < 50_000; i++) {
    table.add(`rare ${i}`, 1);
    if (i % 10 === 0) table.add('frequent', 1);
  }
  const [[key, count]] = table.top(1);
  assert.is(key, 'frequent');
  assert.ok(count + table.missed >= 5000);
});

test('percentiles are exact while the sizes fit, and too low by no more than it says when they do not', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 60 }),
      fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1),
      (limit, list, share) => {
        const sizes = new Sizes(limit);
        for (const size of list) sizes.add(size, 1);
        const exact = [...list].sort((a, b) => a - b)[Math.ceil(share * list.length) - 1];
        const shown = sizes.percentile(share) as number;
        if (new Set(list).size <= limit) assert.is(shown, exact);
        assert.ok(shown <= exact && shown >= exact * (1 - sizes.error), `${shown} for ${exact}, error ${sizes.error}`);
      },
    ),
  );
  assert.is(new Sizes(1).percentile(0.5), null);
});

test('a chart has the width that there is, and shows even a single request', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 50 }),
      fc.integer({ min: 70, max: 200 }),
      (minutes, width) => {
        const list = minutes
          .sort((a, b) => a - b)
          .map((minute, i): [string, number] => [
            `${new Date(minute * 60_000).toISOString().slice(0, -5)}Z`,
            1 + i ** 3,
          ]);
        const lines = minuteChart(list, width).split('\n');
        const bars = lines.slice(0, 8).map(line => line.slice(11));
        assert.ok(Math.max(...bars.map(bar => bar.length)) <= width - 11);
        const blocks = bars[7].replaceAll(' ', '').length;
        assert.ok(blocks >= 1 && blocks <= minutes.length);
      },
    ),
  );
  assert.is(minuteChart([], 80), '  (no requests)');
});

test('figures are easy to read', () => {
  assert.is(countText(1_234_567), '1 234 567');
  assert.is(countText(12), '12');
  assert.is(bytesText(512), '512 B');
  assert.is(bytesText(1536), '1.5 KiB');
  assert.is(bytesText(5 * 1024 ** 3), '5.0 GiB');
});

test.run();
