/** The page heap and the allocator of a slot, driven at random and compared with a model. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PAGE_BYTES, REGION_PAGES } from '../../machines/lua/vm/slots/memory_map.ts';
import { RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { hasBinary, Machine } from './slots_machine.ts';

const test = suite('slots: page heap and allocator');

/** A machine that can claim so many regions and no more. */
function machineWith(regions: number): Machine {
  const table = new RegionTable(RegionTable.create());
  for (let taken = regions; taken < 63; taken++) table.mark(63 - taken, 99);
  return new Machine(new RegionClaims(table, 1));
}

interface Run {
  address: number;
  pages: number;
}

function assertApart(runs: readonly Run[]): void {
  const sorted = runs.map(run => ({ from: run.address >>> 12, pages: run.pages })).sort((a, b) => a.from - b.from);
  sorted.forEach((run, i) => {
    const next = sorted[i + 1];
    assert.ok(next === undefined || run.from + run.pages <= next.from, 'two runs overlap');
  });
}

if (hasBinary(test)) {
  test('runs of pages do not overlap, are counted, and all come back', () => {
    const machine = machineWith(4);
    const { slots } = machine;
    const size = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 8 }) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 300 }) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: REGION_PAGES }) },
      { weight: 1, arbitrary: fc.integer({ min: REGION_PAGES, max: 3 * REGION_PAGES }) },
    );
    const step = fc.oneof(
      fc.record({ take: size }),
      fc.record({ free: fc.nat(), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const held: Run[] = [];
        let live = 0;
        for (const action of steps) {
          if ('take' in action) {
            const address = slots.allocatePages(action.take);
            if (address === 0) continue;
            for (let region = address >>> 26; region <= ((address >>> 12) + action.take - 1) >>> 14; region++) {
              assert.ok(slots.owns(region), 'pages outside of the claimed regions');
            }
            held.push({ address, pages: action.take });
            live += action.take;
          } else if (held.length > 0) {
            const at = action.free % held.length;
            const run = held[at];
            // The end of a run can be freed by itself, as a block that shrinks does.
            const kept = Math.floor(run.pages * action.part);
            slots.freePages(run.address + kept * PAGE_BYTES, run.pages - kept);
            live -= run.pages - kept;
            run.pages = kept;
            if (kept === 0) held.splice(at, 1);
          }
          assert.is(slots.livePages, live);
        }
        assertApart(held);
        for (const run of held) slots.freePages(run.address, run.pages);
        assert.is(slots.livePages, 0);
        slots.giveBackRegions();
        for (let region = 1; region < 64; region++)
          assert.not(slots.owns(region), `region ${region} did not come back`);
      }),
      { numRuns: 150 },
    );
  });

  test('the pages between two runs are found again when they become free', () => {
    const { slots } = machineWith(1);
    const pages: number[] = [];
    for (let page = slots.allocatePages(64); page !== 0; page = slots.allocatePages(64)) pages.push(page);
    // Not the last one, which borders on what is left of the region.
    for (let i = 1; i < pages.length; i += 2) slots.freePages(pages[i], 64);
    assert.is(slots.allocatePages(65), 0);
    for (let i = 1; i < pages.length; i += 2) assert.not.equal(slots.allocatePages(64), 0);
    assert.is(slots.allocatePages(64), 0);
    for (const page of pages) slots.freePages(page, 64);
    assert.not.equal(slots.allocatePages(64 * pages.length), 0, 'neighbours were joined');
  });

  test('a block longer than a region takes adjacent ones', () => {
    const { slots, claims } = machineWith(4);
    const first = slots.allocatePages(10);
    const long = slots.allocatePages(2 * REGION_PAGES + 1);
    assert.not.equal(long, 0);
    assert.is(long >>> 26, 60, 'the three below the first');
    assert.is(slots.allocatePages(2 * REGION_PAGES), 0, 'no further ones are adjacent');
    assert.is(claims.claim(1), 0);
    slots.freePages(long, 2 * REGION_PAGES + 1);
    slots.freePages(first, 10);
    assert.is(slots.giveBackRegions(), 4);
  });

  test('blocks keep their bytes, do not overlap, and are counted exactly', () => {
    const machine = machineWith(3);
    const { slots, u8 } = machine;
    const { slot_alloc: alloc } = machine.api;
    const bytes = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 9000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 400_000 }) },
    );
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ take: bytes }) },
      { weight: 3, arbitrary: fc.record({ free: fc.nat() }) },
      { weight: 4, arbitrary: fc.record({ resize: fc.nat(), to: bytes }) },
      { weight: 1, arbitrary: fc.constant({ trim: true }) },
    );
    interface Block {
      address: number;
      bytes: number;
      mark: number;
    }
    const check = (block: Block, upTo: number) => {
      const at = block.address >>> 0;
      for (let i = at; i < at + upTo; i++) if (u8[i] !== block.mark) assert.unreachable('a byte has changed');
    };
    const fill = (block: Block) => u8.fill(block.mark, block.address >>> 0, (block.address >>> 0) + block.bytes);
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 300 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 10_000, max: 3_000_000 }),
        (steps, home, limit) => {
          const slot = slots.arena(home, limit);
          const blocks: Block[] = [];
          let used = 0;
          let mark = 0;
          for (const action of steps) {
            if ('take' in action) {
              const address = alloc(slot, 0, 5, action.take);
              if (used + action.take > limit) assert.is(address, 0, 'beyond the limit');
              if (address === 0) continue;
              const block = { address, bytes: action.take, mark: ++mark & 0xff };
              fill(block);
              blocks.push(block);
              used += action.take;
            } else if ('trim' in action) {
              slots.trim(slot);
            } else if (blocks.length > 0 && 'free' in action) {
              const [block] = blocks.splice(action.free % blocks.length, 1);
              check(block, block.bytes);
              alloc(slot, block.address, block.bytes, 0);
              used -= block.bytes;
            } else if (blocks.length > 0 && 'resize' in action) {
              const block = blocks[action.resize % blocks.length];
              const address = alloc(slot, block.address, block.bytes, action.to);
              if (address === 0) {
                assert.ok(action.to > block.bytes, 'making a block smaller was refused');
                check(block, block.bytes);
                continue;
              }
              used += action.to - block.bytes;
              block.address = address;
              check(block, Math.min(block.bytes, action.to));
              block.bytes = action.to;
              fill(block);
            }
            assert.is(slots.used(slot), used);
            assert.ok(slots.pagesOf(slot) <= Math.max(home, Math.ceil((limit * 1.5) / PAGE_BYTES) + 8), 'footprint');
          }
          const sorted = blocks.map(block => [block.address >>> 0, block.bytes]).sort((a, b) => a[0] - b[0]);
          sorted.forEach(([at, length], i) => {
            assert.ok(i + 1 === sorted.length || at + length <= sorted[i + 1][0], 'two blocks overlap');
          });
          for (const block of blocks) {
            check(block, block.bytes);
            alloc(slot, block.address, block.bytes, 0);
          }
          assert.is(slots.used(slot), 0);
          slots.trim(slot);
          assert.is(slots.pagesOf(slot), home, 'all but the home goes back');
          slots.drop(slot);
          assert.is(slots.livePages, 0);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('where no page is left any block can still be made smaller, and what it frees can be used', () => {
    const machine = machineWith(1);
    const { slots, u8 } = machine;
    const { slot_alloc: alloc } = machine.api;
    const slot = slots.arena(1, 1_000_000);
    const large = alloc(slot, 0, 0, 3 * PAGE_BYTES);
    u8[large >>> 0] = 77;
    const small = Array.from({ length: 30 }, () => alloc(slot, 0, 0, 200));
    const [inChunk] = small.splice(25, 1);
    for (let pages = REGION_PAGES; pages > 0; pages >>= 1) while (slots.allocatePages(pages) !== 0);
    for (let block = alloc(slot, 0, 0, 200); block !== 0; block = alloc(slot, 0, 0, 200)) small.push(block);
    while (alloc(slot, 0, 0, 8) !== 0);
    const used = slots.used(slot);

    assert.is(alloc(slot, inChunk, 200, 20), inChunk);
    assert.is(alloc(slot, large, 3 * PAGE_BYTES, 100), large);
    assert.is(u8[large >>> 0], 77);
    assert.is(slots.pagesOf(slot), 3);
    assert.is(slots.used(slot), used - 180 - 3 * PAGE_BYTES + 100);
    const again: number[] = [];
    for (let block = alloc(slot, 0, 0, 200); block !== 0; block = alloc(slot, 0, 0, 200)) again.push(block);
    assert.ok(again.length >= 40, 'the two pages that came free, and the rest of the third');
    assert.is(new Set([...small, ...again, large, inChunk]).size, small.length + again.length + 2);

    for (const block of [...small, ...again]) alloc(slot, block, 200, 0);
    alloc(slot, inChunk, 20, 0);
    alloc(slot, large, 100, 0);
    slots.trim(slot);
    assert.is(slots.pagesOf(slot), 1, 'what was left of the cut blocks is free as well');
  });

  test('a slot of which all was given back grows again', () => {
    const machine = machineWith(1);
    const { slots } = machine;
    const { slot_alloc: alloc } = machine.api;
    const slot = slots.arena(1, 1_000_000);
    for (let round = 0; round < 3; round++) {
      const blocks = Array.from({ length: 500 }, () => alloc(slot, 0, 0, 100));
      assert.is(new Set(blocks).size, 500);
      assert.ok(blocks.every(block => block >>> 26 === 63));
      for (const block of blocks) alloc(slot, block, 100, 0);
      assert.ok(slots.trim(slot) > 0);
      assert.is(slots.pagesOf(slot), 1);
    }
  });

  test('pages that a block takes in place count against the limit, too', () => {
    const machine = machineWith(1);
    const { slots } = machine;
    const { slot_alloc: alloc } = machine.api;
    const limit = 400_000;
    const most = Math.ceil((limit * 1.5) / PAGE_BYTES) + 8;
    const slot = slots.arena(1, limit);
    const blocks = Array.from({ length: 1900 }, () => alloc(slot, 0, 0, 200));
    // One block stays in each page, so that none of them can be given back.
    const pages = new Set<number>();
    for (const block of blocks) {
      if (pages.has(block >>> 12)) alloc(slot, block, 200, 0);
      pages.add(block >>> 12);
    }
    const before = slots.used(slot);
    let bytes = 5000;
    let large = alloc(slot, 0, 0, bytes);
    for (let next = large; next !== 0; next = alloc(slot, large, bytes, bytes + PAGE_BYTES)) {
      if (slots.used(slot) > before + bytes) bytes += PAGE_BYTES;
      large = next;
      assert.ok(slots.pagesOf(slot) <= most);
    }
    assert.ok(slots.used(slot) < limit - 20_000, 'the pages were the limit, not the bytes');
  });

  test('a block at the end of a region moves where it would grow into the next one', () => {
    const machine = machineWith(3);
    const { slots } = machine;
    const { slot_alloc: alloc } = machine.api;
    const upper = slots.allocatePages(REGION_PAGES - 16);
    const slot = slots.arena(1, 1_000_000);
    const filling = slots.allocatePages(REGION_PAGES - 3);
    const block = alloc(slot, 0, 0, 2 * PAGE_BYTES);
    assert.is(block >>> 12, 63 * REGION_PAGES - 2);
    slots.freePages(slots.allocatePages(1), 1);
    slots.freePages(upper, REGION_PAGES - 16);
    assert.not.equal(alloc(slot, block, 2 * PAGE_BYTES, 3 * PAGE_BYTES), block);
    slots.freePages(filling, REGION_PAGES - 3);
    slots.drop(slot);
    assert.is(slots.giveBackRegions(), 3);
  });

  test('every refusal burns fuel', () => {
    const machine = machineWith(1);
    const slot = machine.slots.arena(1, 1000);
    machine.fuel(5000);
    assert.is(machine.api.slot_alloc(slot, 0, 0, 1001), 0);
    assert.is(machine.i32[512 >>> 2], 4000);
    assert.not.equal(machine.api.slot_alloc(slot, 0, 0, 1000), 0);
    assert.is(machine.i32[512 >>> 2], 4000);
  });

  test('exactly the pages that are free can be taken by address', () => {
    const machine = machineWith(1);
    const { slots, api } = machine;
    const first = 63 * REGION_PAGES;
    const span = 60;
    const step = fc.record({
      take: fc.boolean(),
      page: fc.integer({ min: 0, max: span }),
      pages: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), steps => {
        slots.freePages(slots.allocatePages(1), 1);
        const used = new Uint8Array(span + 20);
        const held: { page: number; pages: number }[] = [];
        for (const { take, page, pages } of steps) {
          if (take) {
            const free = !used.subarray(page, page + pages).includes(1);
            assert.is(api.slot_are_free(first + page, pages) !== 0, free);
            if (!free) continue;
            api.slot_reserve_pages(first + page, pages);
            used.fill(1, page, page + pages);
            held.push({ page, pages });
          } else if (held.length > 0) {
            const [run] = held.splice(page % held.length, 1);
            slots.freePages((first + run.page) << 12, run.pages);
            used.fill(0, run.page, run.page + run.pages);
          }
          assert.is(
            slots.livePages,
            used.reduce((sum, one) => sum + one, 0),
          );
        }
        for (const { page, pages } of held) slots.freePages((first + page) << 12, pages);
        assert.is(slots.giveBackRegions(), 1);
      }),
    );
  });

  test('prefaulted pages are those that come next', () => {
    const { slots } = machineWith(1);
    const address = slots.allocatePages(3);
    assert.is(slots.prefault(10), 10);
    assert.is(slots.prefault(10), 0, 'they are there already');
    slots.allocatePages(4);
    assert.is(slots.prefault(10), 4);
    assert.is(slots.prefault(1 << 20), REGION_PAGES - 16 - 17, 'not beyond the region');
    slots.freePages(address, 3);
  });
}

test.run();
