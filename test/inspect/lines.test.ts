import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Lines, LineTooLong } from '../../runtime/inspect/lines.ts';

const test = suite('lines');

/** The lines that come of pieces, each taken as soon as it is there. */
function linesOf(pieces: readonly Uint8Array[], longest: number): string[] {
  const lines = new Lines(longest);
  const read: string[] = [];
  for (const piece of pieces) {
    lines.push(piece);
    for (let line = lines.next(); line !== undefined; line = lines.next())
      read.push(Buffer.from(line).toString('latin1'));
  }
  return read;
}

test('lines come out as they went in, in whatever pieces', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 50 }), { maxLength: 20 });
  fc.assert(
    fc.property(texts, fc.array(fc.nat(40), { minLength: 1, maxLength: 30 }), (given, sizes) => {
      const bytes = Buffer.from(given.map(text => `${text}\n`).join(''), 'latin1');
      const pieces: Uint8Array[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] + 1;
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      assert.equal(linesOf(pieces, 50), given);
    }),
  );
});

test('a line without an end is not a line', () => {
  assert.equal(linesOf([Buffer.from('a\nb')], 10), ['a']);
});

test('the longest line is taken, a longer one refused, whether or not it has an end', () => {
  assert.equal(linesOf([Buffer.from('12345\n')], 5), ['12345']);
  assert.throws(
    () => linesOf([Buffer.from('123456\n')], 5),
    (error: unknown) => error instanceof LineTooLong,
  );
  assert.throws(
    () => linesOf([Buffer.from('123456')], 5),
    (error: unknown) => error instanceof LineTooLong,
  );
});

test('a line in pieces of one byte takes no more memory than the line', () => {
  const lines = new Lines(1 << 20);
  const piece = Buffer.from('x');
  (globalThis as { gc?: () => void }).gc?.();
  const before = process.memoryUsage();
  for (let i = 0; i < 1 << 20; i++) {
    lines.push(Buffer.from(piece));
    assert.is(lines.next(), undefined);
  }
  (globalThis as { gc?: () => void }).gc?.();
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  assert.ok(grown < 6 << 20, `${grown} bytes`);
});

test.run();
