/** Who owns which part of the address space. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';

const test = suite('slots: regions');

test('regions go from the highest down, each to one owner, and can be given back', () => {
  const buffer = RegionTable.create(123, 9);
  const [one, two, three] = [1, 2, 3].map(owner => new RegionClaims(new RegionTable(buffer), owner));
  const table = new RegionTable(buffer);
  const owners = () => [63, 62, 61, 60].map(region => table.ownerOf(region));
  assert.equal([one.seed, table.seed, table.id], [123, 123, 9]);
  assert.equal([one.claim(1), two.claim(1), one.claim(1)], [63, 62, 61]);
  assert.equal(owners(), [1, 2, 1, 0]);
  assert.not(one.take(62));
  one.giveBack(62);
  assert.is(table.ownerOf(62), 2, 'only the owner gives back');
  one.giveBack(63);
  one.giveBack(61);
  assert.equal(owners(), [0, 2, 0, 0]);
  assert.is(three.claim(1), 63);
  while (one.claim(1) !== 0);
  assert.is(three.claim(1), 0);
  assert.equal([table.seed, table.id], [123, 9]);
});

test('adjacent regions are claimed together or not at all', () => {
  const table = new RegionTable(RegionTable.create());
  for (const taken of [63, 60, 59, 55]) table.mark(taken, 9);
  const claims = new RegionClaims(table, 1);
  assert.is(claims.claim(3), 56);
  assert.equal(
    [62, 61, 58, 57, 56, 54].map(region => table.ownerOf(region)),
    [0, 0, 1, 1, 1, 0],
  );
  assert.is(claims.claim(1), 62);
  assert.is(claims.claim(60), 0);
  assert.is(table.ownerOf(54), 0);
});

test('a machine of several runtimes owns its regions in all of them', () => {
  const tables = [1, 2].map(seed => new RegionTable(RegionTable.create(seed)));
  const claims = new RegionClaims(tables[0], 1);
  assert.is(claims.seed, 1);
  assert.is(claims.claim(1), 63);
  assert.ok(claims.join(tables[1], 5));
  assert.is(tables[1].ownerOf(63), 5);

  // Another worker of the second runtime has 62, so the machine cannot have it in the first one either.
  assert.is(new RegionClaims(tables[1], 7).claim(1), 62);
  assert.is(claims.claim(1), 61);
  assert.equal(
    tables.map(table => [table.ownerOf(62), table.ownerOf(61)]),
    [
      [0, 1],
      [7, 5],
    ],
  );

  const third = new RegionTable(RegionTable.create());
  assert.ok(third.mark(61, 3));
  assert.not(claims.join(third, 1), 'one of its regions is taken there');
  assert.is(third.ownerOf(63), 0);

  claims.leave(tables[1]);
  assert.equal(
    [63, 62, 61].map(region => tables[1].ownerOf(region)),
    [0, 7, 0],
  );
  assert.equal(
    [63, 61].map(region => tables[0].ownerOf(region)),
    [1, 1],
  );
  claims.giveBack(63);
  assert.is(tables[0].ownerOf(63), 0);
  assert.ok(claims.take(63));
  assert.not(claims.take(63), 'it has it already');
});

test.run();
