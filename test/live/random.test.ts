/** Random changes and undos against a model: a Map of what the folder says, one of what was set, and all earlier states. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Change } from '../../runtime/live/change.ts';
import { dataOf } from '../../runtime/registry/kinds.ts';
import { type Registered, registered } from './fake_runtime.ts';

const test = suite('random changes and undos');

const BY = { by: { what: 'command line' } };
const IDS = ['app:a', 'app:b', 'app:c', 'app:d', 'app:e'];

type Values = ReadonlyMap<string, number>;
/** Undefined: removed. */
type Set_ = ReadonlyMap<string, number | undefined>;

interface Past {
  readonly version: number;
  readonly shows: number;
  readonly set: Set_;
  readonly effective: Values;
}

function file(values: Values): string {
  const entries = [...values].map(([id, data]) => `\n  - {name: ${id.slice(4)}, kind: registry.entry, data: ${data}}`);
  return `namespace: app\nentries:\n  - {name: always, kind: registry.entry, data: 0}${entries.join('')}\n`;
}

class Model {
  folder: Values = new Map([
    ['app:a', 1],
    ['app:b', 2],
  ]);
  set: Set_ = new Map();
  readonly past: Past[] = [{ version: 1, shows: 1, set: this.set, effective: this.effective }];

  get effective(): Values {
    const all = new Map<string, number>([['app:always', 0], ...this.folder]);
    for (const [id, value] of this.set) {
      if (value === undefined) all.delete(id);
      else all.set(id, value);
    }
    return all;
  }

  get last(): Past {
    return this.past[this.past.length - 1];
  }

  /** Whether all of the changes can be made; then they are. */
  change(changes: readonly Change[]): boolean {
    const touched = new Set<string>();
    const next = new Map(this.set);
    const before = this.effective;
    for (const change of changes) {
      const id = 'set' in change ? (change.set as { id: string }).id : change.remove;
      if (touched.has(id)) return false;
      touched.add(id);
      if ('set' in change) {
        const { kind, data } = change.set as { kind: string; data: number };
        if (kind !== 'registry.entry') return false;
        next.set(id, data);
      } else if (!before.has(id)) return false;
      else if (this.folder.has(id)) next.set(id, undefined);
      else next.delete(id);
    }
    this.become(next);
    return true;
  }

  undo(version: number | undefined): boolean {
    const at =
      this.past.findIndex(each => each.version === (version ?? this.last.shows)) - (version === undefined ? 1 : 0);
    if (at < 0) return false;
    this.become(this.past[at].set, this.past[at].shows);
    return true;
  }

  reload(folder: Values): void {
    this.folder = folder;
    this.become(this.set, this.last.shows);
  }

  private become(set: Set_, shows?: number): void {
    const before = this.last.effective;
    const same = set.size === this.set.size && [...set.keys()].every(id => this.set.has(id));
    this.set = set;
    const { effective, last } = this;
    if (!sameValues(before, effective)) {
      const version = last.version + 1;
      this.past.push({ version, shows: shows ?? version, set, effective });
    } else if (shows !== undefined) this.past[this.past.length - 1] = { ...last, shows, set };
    else if (!same) this.past[this.past.length - 1] = { ...last, shows: last.version, set };
  }
}

function sameValues(a: Values, b: Values): boolean {
  return a.size === b.size && [...a].every(([id, value]) => b.get(id) === value);
}

function valuesOf({ runtime }: Registered): Map<string, number> {
  return new Map(
    [...runtime.deployment.entries.values()].map(entry => [entry.id, dataOf(entry, 'registry.entry')!.data as number]),
  );
}

/** Added, changed and removed, as a text a row. */
function differenceOf(a: Values, b: Values): string[] {
  const lines: string[] = [];
  for (const [id, value] of b) {
    if (!a.has(id)) lines.push(`added ${id}`);
    else if (a.get(id) !== value) lines.push(`changed ${id}`);
  }
  for (const id of a.keys()) if (!b.has(id)) lines.push(`removed ${id}`);
  return lines.sort();
}

const id = fc.constantFrom(...IDS);
const value = fc.integer({ min: 0, max: 3 });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ set: fc.record({ id, kind: fc.constant('registry.entry'), data: value }) }) },
  { weight: 5, arbitrary: fc.record({ remove: id }) },
  { weight: 1, arbitrary: fc.record({ set: fc.record({ id, kind: fc.constant('nothing'), data: value }) }) },
);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ changes: fc.array(change, { minLength: 1, maxLength: 4 }) }) },
  { weight: 3, arbitrary: fc.constant({ undo: undefined }) },
  { weight: 2, arbitrary: fc.record({ undo: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ folder: fc.dictionary(id, value, { noNullPrototype: true }) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

async function play(actions: readonly Action[]): Promise<void> {
  const model = new Model();
  const world = await registered({ 'app.yaml': file(model.folder) });
  const { registry, runtime } = world;
  for (const step of actions) {
    let possible = true;
    let done: Promise<unknown>;
    if ('changes' in step) {
      possible = model.change(step.changes);
      done = registry.change(step.changes, BY);
    } else if ('undo' in step) {
      possible = model.undo(step.undo);
      done = registry.undo(step.undo, BY);
    } else {
      model.reload(new Map(Object.entries(step.folder)));
      writeFileSync(join(runtime.deployment.root, 'app.yaml'), file(model.folder));
      done = registry.reload(BY);
    }
    const succeeded = await done.then(
      () => true,
      () => false,
    );
    assert.is(succeeded, possible, JSON.stringify(step));
    const { last, past } = model;
    assert.equal(new Map([...valuesOf(world)].sort()), new Map([...model.effective].sort()));
    assert.is(registry.version, last.version);
    assert.equal(
      registry.history().map(({ version }) => version),
      past.map(({ version }) => version).reverse(),
    );
    for (const { version, effective } of past) {
      const lines = (from: number, to: number) => registry.difference(from, to).map(({ id, what }) => `${what} ${id}`);
      assert.equal(lines(version, last.version).sort(), differenceOf(effective, last.effective));
      assert.equal(lines(last.version, version).sort(), differenceOf(last.effective, effective));
    }
  }
}

test('entries, versions and differences are those of the model', async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 20, size: 'max' }), play), { numRuns: 60 });
});

test.run();
