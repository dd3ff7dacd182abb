/** Processes go on unchanged after they were moved: in place, between machines, threads and OS processes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { copySlot, extractInto, imageBytes, restoreSlot } from '../../machines/lua/vm/slots/image.ts';
import { RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { hasBinary, Machine } from './slots_machine.ts';
import { type Journey, LIMIT, TRAVELLER } from './slots_travel.ts';

const test = suite('slots: images');
const TRAVEL = fileURLToPath(new URL('./slots_travel.js', import.meta.url));

interface Arrival {
  readonly text: string;
  readonly regions: number[];
  readonly live: number;
}

/** Runs the image to its end in another thread. */
function inWorker(journey: Journey): Promise<Arrival> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(TRAVEL, { workerData: journey });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function machines(count: number): { table: RegionTable; all: Machine[] } {
  const table = new RegionTable(RegionTable.create(5));
  return { table, all: Array.from({ length: count }, (_, i) => new Machine(new RegionClaims(table, i + 1))) };
}

/** Overwrites what the process had here: whoever still reads it finds nonsense. */
function poison(machine: Machine, image: Uint8Array): void {
  const words = new Int32Array(
    image.buffer,
    image.byteOffset,
    5 + new Int32Array(image.buffer, image.byteOffset)[3] * 3,
  );
  for (let i = 5; i < words.length; i += 3) {
    const at = (words[i] << 12) >>> 0;
    machine.u8.fill(0xdd, at, at + (words[i + 1] & 0xf_ffff) * 4096);
  }
}

function kindOf(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof TroupeError) return thrown.kind;
    throw thrown;
  }
  return 'nothing was thrown';
}

if (hasBinary(test)) {
  test('a process that moves at any point gives what it gives where it stays', () => {
    const { all } = machines(3);
    const templates = all.map(machine => machine.template(TRAVELLER));
    const baselines = all.map(machine => machine.slots.livePages);
    let moves = 0;
    let chunks = 0;
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 20, max: 3000 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 40 }),
        (seed, fuel, route) => {
          let slot = all[0].slots.clone(templates[0], LIMIT, seed, 1);
          const expected = all[0].run(slot, fuel);
          assert.is(expected.status, 0, expected.text);
          all[0].slots.drop(slot);

          let here = all[route[0]];
          slot = here.slots.clone(templates[route[0]], LIMIT, seed, 1);
          let outcome = here.slice(slot, fuel);
          for (let i = 0; outcome === undefined; i++) {
            if (i % 7 === 3) {
              const image = here.extract(slot);
              poison(here, image);
              here = all[route[i % route.length]];
              slot = here.inject(image);
              moves++;
              if (here.slots.pagesOf(slot) > 8) chunks++;
            }
            outcome = here.slice(slot, fuel);
          }
          assert.equal(outcome, expected);
          here.slots.drop(slot);
          for (const machine of all) machine.slots.giveBackRegions();
          assert.equal(
            all.map(machine => machine.slots.livePages),
            baselines,
          );
        },
      ),
      { numRuns: 25 },
    );
    assert.ok(moves > 300 && chunks > 100, `${moves} moves, ${chunks} of large processes`);
  });

  test('a process moves to another thread; what it took there and here is freed by its owners', async () => {
    const { table, all } = machines(1);
    const [machine] = all;
    const template = machine.template(TRAVELLER);
    const baseline = machine.slots.livePages;
    const stays = machine.slots.clone(template, LIMIT, 11, 1);
    const expected = machine.run(stays, 300).text;
    machine.slots.drop(stays);

    const slot = machine.slots.clone(template, LIMIT, 11, 1);
    for (let i = 0; i < 60; i++) assert.is(machine.slice(slot, 300), undefined);
    const pages = machine.slots.pagesOf(slot);
    const image = machine.extract(slot);
    poison(machine, image);
    const arrival = await inWorker({ table: table.buffer, owner: 2, image });
    assert.is(arrival.text, expected);
    assert.is(arrival.live, 0);
    for (const region of arrival.regions) assert.is(table.ownerOf(region), 2);
    assert.is(machine.slots.livePages, baseline + pages, 'its pages were reserved while it was away');
    machine.slots.giveBackRegions();
    assert.is(machine.slots.livePages, baseline);
  });

  test('threads that claim at once get regions of their own', async () => {
    const table = new RegionTable(RegionTable.create(5));
    const machine = new Machine(new RegionClaims(table, 1));
    const template = machine.template(TRAVELLER);
    const journeys = [2, 3, 4].map(owner => {
      const slot = machine.slots.clone(template, LIMIT, owner, 1);
      for (let i = 0; i < 10; i++) machine.slice(slot, 300);
      return inWorker({ table: table.buffer, owner, image: machine.extract(slot) });
    });
    const regions = (await Promise.all(journeys)).flatMap(arrival => arrival.regions);
    assert.is(regions.length, 3);
    assert.is(new Set([63, ...regions]).size, 4);
  });

  test('a process goes on in another OS process, from a file', () => {
    const machine = new Machine();
    const template = machine.template(TRAVELLER);
    const slot = machine.slots.clone(template, LIMIT, 12, 1);
    for (let i = 0; i < 80; i++) assert.is(machine.slice(slot, 300), undefined);
    const folder = mkdtempSync(join(tmpdir(), 'troupe-slots-'));
    try {
      const file = join(folder, 'image');
      const image = new Uint8Array(imageBytes(machine.slots, slot));
      copySlot(machine.slots, slot, image, 0);
      writeFileSync(file, image);
      const { stdout, stderr } = spawnSync(process.execPath, [TRAVEL, file], { encoding: 'utf8' });
      assert.is(stdout, machine.run(slot, 300).text, stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('images fit into a buffer that is used again', () => {
    const [from, to] = machines(2).all;
    const template = from.template(TRAVELLER);
    const slots = [1, 2, 3].map(seed => {
      const slot = from.slots.clone(template, LIMIT, seed, 1);
      for (let i = 0; i < 30 * seed; i++) from.slice(slot, 100);
      return slot;
    });
    const buffer = new Uint8Array(new SharedArrayBuffer(4 << 20));
    let end = 16;
    const places = slots.map(slot => {
      const at = end;
      const bytes = imageBytes(from.slots, slot);
      assert.is(extractInto(from.slots, from.membership, slot, buffer, at), bytes);
      end += bytes;
      return at;
    });
    const texts = places.map(at => to.run(to.inject(buffer, at), 1000).text);
    const stayed = [1, 2, 3].map(seed => from.run(from.slots.clone(template, LIMIT, seed, 1), 1000).text);
    assert.equal(texts, stayed);
    assert.throws(
      () => extractInto(to.slots, to.membership, slots[0], new Uint8Array(100), 0),
      (error: Error) => error instanceof RangeError,
    );
  });

  test('an address is never given out twice', () => {
    const [one, two] = machines(2).all;
    const template = one.template(TRAVELLER);
    const slot = one.slots.clone(template, LIMIT, 1, 1);
    one.slice(slot, 1000);
    const image = one.extract(slot);
    one.inject(image);
    assert.is(
      kindOf(() => one.inject(image)),
      'INVALID',
      'it is back already',
    );
    const again = one.extract(slot);
    assert.is(
      kindOf(() => restoreSlot(two.slots, again)),
      'UNAVAILABLE',
      'the region is another machine’s',
    );
    two.inject(again);
    assert.is(
      kindOf(() => two.inject(again)),
      'INVALID',
      'it is there already',
    );
    assert.is(two.slots.threadOf(slot), one.slots.threadOf(slot));
  });

  test('a process that was kept comes back beside others if its pages are free', () => {
    const before = new Machine();
    const slot = before.slots.clone(before.template(TRAVELLER), LIMIT, 1, 1);
    for (let i = 0; i < 100; i++) before.slice(slot, 300);
    const image = before.extract(slot);
    before.inject(image);
    const { text } = before.run(slot, 300);

    const after = new Machine();
    assert.is(restoreSlot(after.slots, image), slot);
    const template = after.template(TRAVELLER);
    const others = Array.from({ length: 50 }, (_, i) => after.slots.clone(template, LIMIT, i, 1));
    for (const other of others) after.run(other, 10_000);
    assert.is(after.run(slot, 300).text, text);
    for (const each of [slot, ...others]) after.slots.drop(each);
    template.free(after.slots);
    assert.is(after.slots.livePages, 0);

    const crowded = new Machine();
    crowded.slots.allocatePages(1000);
    assert.is(
      kindOf(() => restoreSlot(crowded.slots, image)),
      'UNAVAILABLE',
    );
    assert.is(crowded.slots.livePages, 1000);
  });

  test('what is no image of this layout is INVALID', () => {
    const machine = new Machine();
    const slot = machine.slots.clone(machine.template(TRAVELLER), LIMIT, 1, 1);
    machine.slice(slot, 1000);
    const image = machine.extract(slot);
    const changed = (at: number, value: number) => {
      const copy = image.slice();
      new DataView(copy.buffer).setInt32(at, value, true);
      return copy;
    };
    const wrong = [
      new Uint8Array(0),
      image.slice(0, 15),
      image.slice(0, -1),
      changed(0, 7),
      changed(4, 99),
      changed(8, image.length - 16),
      changed(12, 0),
      changed(12, 1 << 30),
      changed(16, 0),
      changed(16, 5),
      changed(24, 0),
      changed(28, 1 << 28),
    ];
    for (const [i, bytes] of wrong.entries())
      assert.is(
        kindOf(() => machine.inject(bytes)),
        'INVALID',
        `case ${i}`,
      );
    const outside = fc.integer({ min: -(1 << 21), max: 1 << 21 }).filter(page => page < 16_384 || page > 0xffff0);
    fc.assert(
      fc.property(outside, page => {
        assert.is(
          kindOf(() => machine.inject(changed(20, page))),
          'INVALID',
        );
      }),
    );
    assert.is(machine.inject(image), slot, 'it can still come back');
  });
}

test.run();
