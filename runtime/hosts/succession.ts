/**
 * One deployment after another in the same runtime: which entries are new, different or gone, and the revisions of what is
 * different. What no process runs any more is forgotten, but not the revision before the present one, to which a supervisor may
 * go back.
 */
import { sameDefinition } from '../registry/same_definition.ts';
import { type DeployedData, type Definition, FIRST_REVISION, revisionKey } from './deployed.ts';

export interface Succession {
  readonly data: DeployedData;
  /** Ids, in the order of the entries. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** How many are as they were. */
  readonly unchanged: number;
}

/**
 * `after`: as `prepareDeployment` made it. `version`: becomes the revision of what is different; greater than every one
 * before. `inUse`: `revisionKey` of what some process runs, or may.
 */
export function succeed(
  before: DeployedData,
  after: DeployedData,
  version: number,
  inUse: ReadonlySet<string>,
): Succession {
  const known = new Map(before.entries.map(entry => [entry.id, definitionIn(before, entry)]));
  const revisions = new Map<string, number>();
  const added: string[] = [];
  const changed: string[] = [];
  const replaced: Definition[] = [];
  for (const entry of after.entries) {
    const old = known.get(entry.id);
    known.delete(entry.id);
    const now: Definition = { entry, artifact: after.artifacts.get(entry.id), revision: version };
    if (old !== undefined && isSame(old, now)) {
      revisions.set(entry.id, old.revision);
      continue;
    }
    if (old === undefined) added.push(entry.id);
    else {
      changed.push(entry.id);
      replaced.push(old);
    }
    // What comes back is what it was: who runs it still has nothing to go on to.
    const again = before.older?.find(older => older.entry.id === entry.id && isSame(older, now));
    revisions.set(entry.id, again?.revision ?? version);
  }
  const removed = [...known.keys()];
  const older = newestFirst([...(before.older ?? []), ...replaced, ...known.values()])
    .filter(({ entry: { id }, revision }) => revisions.get(id) !== revision)
    .filter(
      ({ entry, revision }, i, all) =>
        inUse.has(revisionKey(entry.id, revision)) || all.findIndex(({ entry: { id } }) => id === entry.id) === i,
    );
  const unchanged = after.entries.length - added.length - changed.length;
  return { data: { ...after, revisions, older }, added, changed, removed, unchanged };
}

function isSame(one: Definition, other: Definition): boolean {
  return sameDefinition(one.entry, other.entry) && one.artifact?.sha256 === other.artifact?.sha256;
}

function definitionIn(data: DeployedData, entry: DeployedData['entries'][number]): Definition {
  return {
    entry,
    artifact: data.artifacts.get(entry.id),
    revision: data.revisions?.get(entry.id) ?? FIRST_REVISION,
  };
}

function newestFirst(definitions: Definition[]): Definition[] {
  return definitions.sort((a, b) => b.revision - a.revision);
}
