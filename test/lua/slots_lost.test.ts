/**
 * Slots that move between machines which die in the middle of anything: at each write of what they share. Whatever the
 * order, no page belongs to two, and what nobody has is free in the end.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { copySlot, discardSlot, imageBytes } from '../../machines/lua/vm/slots/image.ts';
import {
  LAST_PAGE_END,
  PAGE_BYTES,
  REGION_COUNT,
  REGION_PAGES,
  REGION_SHIFT,
} from '../../machines/lua/vm/slots/memory_map.ts';
import { RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { NO_LIMIT } from '../../machines/lua/vm/slots/slot_header.ts';
import { isOutstanding, type Whereabouts } from '../../machines/lua/vm/slots/whereabouts.ts';
import { hasBinary, Machine } from './slots_machine.ts';

const test = suite('slots: machines that die');
const MACHINES = 3;
/** Few at a time: each machine reserves 4 GiB of addresses until its memory is collected, so nothing is shrunk either. */
const RUNS =
  process.env.TROUPE_SOAK === undefined
    ? { seed: 20_261_122, numRuns: 12, endOnFailure: true }
    : { numRuns: 20, endOnFailure: true };
const HEADER_WORDS = 5;

class Death extends Error {}

/** A machine that may die at one of its writes, and then is never used again. */
class Mortal {
  readonly machine: Machine;
  readonly owner: number;
  /** Writes that are left; a fraction of the last one is still done. */
  writesLeft = Number.POSITIVE_INFINITY;

  constructor(table: RegionTable, owner: number) {
    this.owner = owner;
    const own = new RegionTable(table.buffer);
    this.machine = new Machine(new RegionClaims(own, owner));
    this.#makeMortal(own.whereabouts);
  }

  #makeMortal(whereabouts: Whereabouts): void {
    const { leave, arrive, free, seal, claim, clear } = whereabouts;
    const over = (): boolean => --this.writesLeft <= 0;
    Object.assign(whereabouts, {
      leave: (page: number, pages: number, home: number): void => {
        const dies = over();
        leave.call(whereabouts, page, dies ? pages >> 1 : pages, home);
        if (dies) throw new Death();
      },
      arrive: (page: number, pages: number, home: number): void => {
        const dies = over();
        arrive.call(whereabouts, page, dies ? pages >> 1 : pages, home);
        if (dies) throw new Death();
      },
      free: (page: number, pages: number): void => {
        const dies = over();
        // From the end.
        const done = dies ? pages >> 1 : pages;
        if (done > 0) free.call(whereabouts, page + pages - done, done);
        if (dies) throw new Death();
      },
      clear: (page: number, pages: number): void => {
        if (over()) throw new Death();
        clear.call(whereabouts, page, pages);
      },
      claim: (home: number, ticket: number, owner: number): boolean => {
        if (over()) throw new Death();
        return claim.call(whereabouts, home, ticket, owner);
      },
      seal: (home: number, holder: number): void => {
        if (over()) throw new Death();
        seal.call(whereabouts, home, holder);
      },
    });
  }
}

interface Resident {
  readonly at: Mortal;
  readonly slot: number;
  readonly blocks: { readonly address: number; readonly bytes: number }[];
}

interface Packed {
  readonly image: Uint8Array;
  readonly blocks: Resident['blocks'];
}

/** The pages of an image, also of one that has not left. */
function pagesOf(image: Uint8Array): number[] {
  const words = new Int32Array(image.buffer, image.byteOffset, image.length >>> 2);
  const pages: number[] = [];
  for (let i = 0; i < words[3]; i++) {
    const first = words[HEADER_WORDS + 3 * i];
    const count = words[HEADER_WORDS + 3 * i + 1] & 0xf_ffff;
    for (let page = first; page < first + count; page++) pages.push(page);
  }
  return pages;
}

function imageOf({ at, slot }: Resident): Uint8Array {
  const image = new Uint8Array(imageBytes(at.machine.slots, slot));
  copySlot(at.machine.slots, slot, image, 0);
  return image;
}

class World {
  readonly table = new RegionTable(RegionTable.create(5));
  readonly machines: Mortal[] = [];
  readonly residents: Resident[] = [];
  readonly packed: Packed[] = [];
  /** Images that were resumed or given up: nobody may have a use for them. */
  readonly old: Uint8Array[] = [];
  deaths = 0;
  #owner = 0;

  constructor() {
    for (let i = 0; i < MACHINES; i++) this.machines.push(new Mortal(this.table, ++this.#owner));
  }

  /** Something that a machine does; it may die of it. */
  try(mortal: Mortal, action: () => void): void {
    try {
      action();
    } catch (thrown) {
      if (!(thrown instanceof Death)) throw thrown;
      this.#bury(mortal);
    }
  }

  #bury(mortal: Mortal): void {
    this.deaths++;
    this.table.lost(mortal.owner);
    for (let i = this.residents.length - 1; i >= 0; i--)
      if (this.residents[i].at === mortal) this.residents.splice(i, 1);
    this.machines[this.machines.indexOf(mortal)] = new Mortal(this.table, ++this.#owner);
  }

  begin(at: Mortal, pages: number): void {
    this.try(at, () => {
      const slot = at.machine.slots.arena(pages, NO_LIMIT);
      assert.not.equal(slot, 0);
      this.residents.push({ at, slot, blocks: [] });
    });
  }

  grow({ at, slot, blocks }: Resident, bytes: number): void {
    this.try(at, () => {
      const address = at.machine.api.slot_alloc(slot, 0, 0, bytes);
      assert.not.equal(address, 0);
      blocks.push({ address, bytes });
    });
  }

  shrink({ at, slot, blocks }: Resident, which: number): void {
    if (blocks.length === 0) return;
    const [{ address, bytes }] = blocks.splice(which % blocks.length, 1);
    this.try(at, () => at.machine.api.slot_alloc(slot, address, bytes, 0));
  }

  leave(which: number): void {
    const { at, slot, blocks } = this.residents.splice(which, 1)[0];
    this.try(at, () => this.packed.push({ image: at.machine.extract(slot), blocks }));
  }

  arrive(at: Mortal, which: number): void {
    const { image, blocks } = this.packed.splice(which, 1)[0];
    this.old.push(image);
    this.try(at, () => this.residents.push({ at, slot: at.machine.inject(image), blocks }));
    // The kernel does not know how far it came.
    if (at.writesLeft <= 0) this.discard(this.machines[0], image);
  }

  discard(at: Mortal, image: Uint8Array): void {
    this.try(at, () => discardSlot(at.machine.slots, at.machine.membership, image));
    if (at.writesLeft <= 0) this.discard(this.machines[0], image);
  }

  end(which: number): void {
    const { at, slot } = this.residents.splice(which, 1)[0];
    this.try(at, () => at.machine.slots.drop(slot));
  }

  /** Pages of all that lives, none of them twice. */
  assertApart(): Set<number> {
    const seen = new Set<number>();
    const images = [...this.packed.map(({ image }) => image), ...this.residents.map(imageOf)];
    for (const page of images.flatMap(pagesOf)) {
      assert.not(seen.has(page), `page ${page} belongs to two`);
      seen.add(page);
    }
    return seen;
  }

  outstanding(): number {
    let count = 0;
    for (let page = REGION_PAGES; page < LAST_PAGE_END; page++) {
      if (isOutstanding(this.table.whereabouts.at(page))) count++;
    }
    return count;
  }
}

const index = fc.nat({ max: 1000 });
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ begin: index, pages: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ grow: index, bytes: fc.integer({ min: 1, max: 12 * PAGE_BYTES }) }) },
  { weight: 2, arbitrary: fc.record({ shrink: index, which: index }) },
  { weight: 6, arbitrary: fc.record({ leave: index }) },
  { weight: 6, arbitrary: fc.record({ arrive: index, which: index }) },
  { weight: 4, arbitrary: fc.record({ discard: index, which: index }) },
  { weight: 1, arbitrary: fc.record({ stale: index, which: index }) },
  { weight: 1, arbitrary: fc.record({ end: index }) },
  { weight: 1, arbitrary: fc.record({ tidy: index }) },
  { weight: 3, arbitrary: fc.record({ mortal: index, writes: fc.integer({ min: 1, max: 8 }) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function act(world: World, step: Action): void {
  const { machines, residents, packed, old } = world;
  const at = (n: number): Mortal => machines[n % MACHINES];
  if ('begin' in step) world.begin(at(step.begin), step.pages);
  else if ('mortal' in step) at(step.mortal).writesLeft = step.writes;
  else if ('tidy' in step) world.try(at(step.tidy), () => at(step.tidy).machine.slots.giveBackRegions());
  else if ('stale' in step) {
    if (old.length > 0) world.discard(at(step.stale), old[step.which % old.length]);
  } else if ('discard' in step || 'arrive' in step) {
    if (packed.length === 0) return;
    const which = step.which % packed.length;
    if ('arrive' in step) world.arrive(at(step.arrive), which);
    else world.discard(at(step.discard), packed.splice(which, 1)[0].image);
  } else if (residents.length > 0) {
    if ('grow' in step) world.grow(residents[step.grow % residents.length], step.bytes);
    else if ('shrink' in step) world.shrink(residents[step.shrink % residents.length], step.which);
    else if ('leave' in step) world.leave(step.leave % residents.length);
    else world.end(step.end % residents.length);
  }
}

/** All that lives ends, and then every page is with its owner. */
function assertNothingIsLost(world: World): void {
  for (const mortal of world.machines) mortal.writesLeft = Number.POSITIVE_INFINITY;
  while (world.residents.length > 0) world.end(0);
  while (world.packed.length > 0) world.discard(world.machines[0], world.packed.pop()!.image);
  assert.is(world.outstanding(), 0);
  for (const { machine } of world.machines) machine.slots.giveBackRegions();
  const last = new Mortal(world.table, 1000).machine;
  for (let region = REGION_COUNT - 1; region > 0; region--) {
    assert.ok(last.claims.take(region), `region ${region} is not free`);
    for (let page = region << REGION_SHIFT; page < (region + 1) << REGION_SHIFT; page++) {
      if (world.table.whereabouts.at(page) !== 0) assert.unreachable(`page ${page} is not with its owner`);
    }
  }
}

if (hasBinary(test)) {
  /** What the second machine does to the one process. */
  const deeds: { readonly [name: string]: (world: World, at: Mortal) => void } = {
    leave: world => world.leave(0),
    arrive: (world, at) => world.arrive(at, 0),
    'give up': (world, at) => world.discard(at, world.packed.pop()!.image),
    end: world => world.end(0),
  };
  for (const [name, deed] of Object.entries(deeds)) {
    test(`${name}: whichever write is the last`, () => {
      let deaths = 0;
      for (let writes = 1; writes <= 12; writes++) {
        const world = new World();
        const [one, two] = world.machines;
        // Pages of two machines, on the second one.
        world.begin(one, 4);
        for (let i = 0; i < 3; i++) world.grow(world.residents[0], 5 * PAGE_BYTES);
        world.leave(0);
        world.arrive(two, 0);
        for (let i = 0; i < 3; i++) world.grow(world.residents[0], 5 * PAGE_BYTES);
        if (name === 'arrive' || name === 'give up') world.leave(0);
        two.writesLeft = writes;
        deed(world, two);
        deaths += world.deaths;
        world.begin(world.machines[1], 4);
        world.assertApart();
        assertNothingIsLost(world);
      }
      assert.ok(deaths >= 3, `${deaths} deaths`);
    });
  }

  test('no page is given out twice or lost', () => {
    let deaths = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 40, maxLength: 200, size: 'max' }), steps => {
        const world = new World();
        for (const step of steps) {
          act(world, step);
          world.assertApart();
        }
        deaths += world.deaths;
        assertNothingIsLost(world);
      }),
      RUNS,
    );
    assert.ok(deaths > 12, `${deaths} deaths`);
  });
}

test.run();
