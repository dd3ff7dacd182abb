/** Memory of processes that move between threads, and of threads that die: every page comes back, none is given out twice. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { shareRegions } from '../../machines/lua/regions_of_thread.ts';
import { LAST_PAGE_END, REGION_PAGES } from '../../machines/lua/vm/slots/memory_map.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { isOutstanding } from '../../machines/lua/vm/slots/whereabouts.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import type { Image, Payload, Program, Shared } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadProgram } from './load_program.ts';
import { chances, type Errand, LIMITS, type Report, ROAMER, type Roaming } from './roaming.ts';

const test = suite('lua processes that roam');
/** Until the end: what a program has prepared takes some pages. */
const programs: Program[] = [];
const FILE = fileURLToPath(new URL('./roaming.js', import.meta.url));
const FACTOR = Number(process.env.TROUPE_SOAK) || 1;
/** Processes that begin at once. */
const COUNT = 30;
/** Different ones. */
const SEEDS = 16;
/** Pages that one of them has at most. */
const LARGEST = 300;
const SEED = FACTOR === 1 ? 20_261_122 : Math.floor(Math.random() * 2 ** 31);

/** A worker thread, and what was sent to it of which it has not said that it arrived. */
interface Host {
  readonly worker: Worker;
  readonly thread: number;
  readonly onTheWay: Map<number, Image>;
  readonly here: Set<number>;
}

/** Threads among which processes roam, as a kernel would send them. */
class Stage {
  readonly shared: Shared = shareRegions();
  readonly table = new RegionTable(this.shared.data as SharedArrayBuffer);
  readonly program = loadProgram(ROAMER, LIMITS, this.shared.data);
  readonly hosts: Host[] = [];
  readonly chance = chances(SEED);
  readonly results = new Map<number, Payload>();
  moves = 0;
  constructor() {
    programs.push(this.program);
  }

  /** Called after each report. */
  #changed: () => void = () => undefined;
  readonly #accounts: number[] = [];
  #failure: Error | undefined;

  async add(): Promise<void> {
    const data: Roaming = { regions: this.shared.data, seed: this.chance(2 ** 31) };
    const worker = new Worker(FILE, { workerData: data });
    const host: Host = { worker, thread: worker.threadId, onTheWay: new Map(), here: new Set() };
    await new Promise<void>((resolve, reject) => {
      worker.on('error', error => {
        this.#failure = error;
        this.#changed();
        reject(error);
      });
      worker.on('message', (report: Report) => {
        if (report.kind === 'ready') resolve();
        else this.#take(host, report);
        this.#changed();
      });
    });
    this.hosts.push(host);
  }

  begin(number: number, rounds: number): void {
    const host = this.hosts[this.chance(this.hosts.length)];
    host.here.add(number);
    this.#send(host, { kind: 'begin', number, seed: number % SEEDS, rounds });
  }

  /** Until `isSo`, which is asked after each report. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>(resolve => {
        this.#changed = resolve;
      });
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /** A thread dies in the middle of what it does. Answers the processes that went with it. */
  async kill(host: Host): Promise<number[]> {
    this.hosts.splice(this.hosts.indexOf(host), 1);
    // What it has sent before is still read.
    await host.worker.terminate();
    this.shared.lost!(host.thread);
    const gone = [...host.here];
    for (const [number, image] of host.onTheWay) {
      if (this.chance(2) === 0) {
        this.program.discard(image);
        gone.push(number);
        continue;
      }
      try {
        const here = new BareProcess(this.program, this.program.resume(image)).run();
        this.results.set(number, here.value);
        here.machine.close();
      } catch (thrown) {
        // It arrived and could not say so.
        assert.is((thrown as TroupeError).kind, 'INVALID');
        gone.push(number);
      }
    }
    return gone;
  }

  /** Pages in use beside those that the threads began with. */
  async account(): Promise<number> {
    this.#accounts.length = 0;
    for (const host of this.hosts) this.#send(host, { kind: 'account' });
    await this.until(() => this.#accounts.length === this.hosts.length);
    return this.#accounts.reduce((sum, pages) => sum + pages, 0);
  }

  /** Pages that are in images, or with another than their owner. */
  get outstanding(): number {
    let count = 0;
    for (let page = REGION_PAGES; page < LAST_PAGE_END; page++) {
      if (isOutstanding(this.table.whereabouts.at(page))) count++;
    }
    return count;
  }

  async end(): Promise<void> {
    for (const { worker } of this.hosts) await worker.terminate();
    for (const { thread } of this.hosts.splice(0)) this.shared.lost!(thread);
  }

  #take(host: Host, report: Report): void {
    switch (report.kind) {
      case 'arrived':
        host.onTheWay.delete(report.number);
        host.here.add(report.number);
        return;
      case 'left': {
        host.here.delete(report.number);
        this.moves++;
        const next = this.hosts[this.chance(this.hosts.length)];
        next.onTheWay.set(report.number, report.image);
        this.#send(next, { kind: 'go on', number: report.number, image: report.image });
        return;
      }
      case 'done':
        host.here.delete(report.number);
        this.results.set(report.number, report.value);
        return;
      case 'account':
        this.#accounts.push(report.pages);
    }
  }

  #send(host: Host, errand: Errand): void {
    host.worker.postMessage(errand);
  }
}

function transformed(): boolean {
  if (engineOfThread().vm.slots !== undefined) return true;
  console.log("skip: wasmoon's own binary has no images");
  return false;
}

/** What processes give where they stay, by their seed. */
function expected(program: Program, rounds: number): Payload[] {
  return Array.from({ length: SEEDS }, (_, seed) => {
    const { value, error, machine } = BareProcess.begin(program, seed, rounds).run();
    machine.close();
    assert.is(error, undefined);
    return value;
  });
}

function assertResults(results: ReadonlyMap<number, Payload>, values: readonly Payload[]): void {
  for (const [number, value] of results) assert.is(value, values[number % SEEDS], `process ${number}, seed ${SEED}`);
}

/** How many pages this thread can have, if it asks for ever shorter runs; they are given back. */
function room(): number {
  const slots = engineOfThread().vm.slots!;
  const runs: [address: number, pages: number][] = [];
  let count = 0;
  for (let pages = REGION_PAGES / 4; pages >= 1; pages /= 4) {
    for (let address = slots.allocatePages(pages); address !== 0; address = slots.allocatePages(pages)) {
      runs.push([address, pages]);
      count += pages;
    }
  }
  for (const [address, pages] of runs) slots.freePages(address, pages);
  slots.giveBackRegions();
  return count;
}

test('processes that move among three threads leave all pages to their owners', async () => {
  if (!transformed()) return;
  const stage = new Stage();
  const rounds = 20 * FACTOR;
  try {
    for (let i = 0; i < 3; i++) await stage.add();
    for (let number = 1; number <= COUNT; number++) stage.begin(number, rounds);
    await stage.until(() => stage.results.size === COUNT);
    assertResults(stage.results, expected(stage.program, rounds));
    assert.ok(stage.moves > 10 * COUNT, `${stage.moves} moves`);
    assert.is(await stage.account(), 0, `seed ${SEED}`);
    assert.is(stage.outstanding, 0);
  } finally {
    await stage.end();
    stage.shared.release();
  }
});

test('threads that die at any moment leave the address space to the others', async () => {
  if (!transformed()) return;
  const stage = new Stage();
  const values = expected(stage.program, 12);
  const before = room();
  const deaths = 6 * FACTOR;
  const gone = new Set<number>();
  let begun = 0;
  const over = (): boolean => stage.results.size + gone.size === begun;
  try {
    for (let i = 0; i < 3; i++) await stage.add();
    for (let death = 0; death < deaths; death++) {
      for (let i = 0; i < COUNT; i++) stage.begin(++begun, 12);
      const wanted = stage.moves + COUNT + stage.chance(10 * COUNT);
      await stage.until(() => stage.moves >= wanted || over());
      for (const number of await stage.kill(stage.hosts[stage.chance(3)])) gone.add(number);
      await stage.add();
    }
    await stage.until(over);
    assertResults(stage.results, values);
    assert.ok(gone.size > 0 && stage.results.size > gone.size, `${gone.size} of ${begun} are gone`);
  } finally {
    await stage.end();
  }
  try {
    // What died between an image and its sending is lost; nothing else is.
    const { outstanding } = stage;
    assert.ok(outstanding <= deaths * LARGEST, `${outstanding} pages after ${deaths} deaths, seed ${SEED}`);
    assert.is(room(), before - outstanding, `seed ${SEED}`);
  } finally {
    stage.shared.release();
  }
  assert.is(room(), before);
});

test.run();
