/** The policies of a deployment: entries of the kinds `security.policy` and `security.policy.expr`. */
import type { Entry } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';
import type { Condition } from './condition.ts';
import type { Policy } from './decision.ts';
import { compileExpression } from './expression.ts';

type Entries = ReadonlyMap<string, Entry>;

/** By id; after a change there is another map of entries, in which those that did not change are the same. */
const known = new WeakMap<Entries, ReadonlyMap<string, Policy>>();
const ofEntries = new WeakMap<Entry, Policy | undefined>();

export function policiesOf(entries: Entries): ReadonlyMap<string, Policy> {
  let policies = known.get(entries);
  if (policies === undefined) {
    const found = [...entries.values()].map(policyOf).filter(policy => policy !== undefined);
    policies = new Map(found.map(policy => [policy.id, policy]));
    known.set(entries, policies);
  }
  return policies;
}

/** Ids of the policies of a group, sorted. */
export function groupMembers(entries: Entries, group: string): string[] {
  const members = [...entries.values()].filter(entry => groupsOf(entry).includes(group));
  return members.map(entry => entry.id).sort();
}

function policyOf(entry: Entry): Policy | undefined {
  if (!ofEntries.has(entry)) ofEntries.set(entry, readPolicy(entry));
  return ofEntries.get(entry);
}

function readPolicy(entry: Entry): Policy | undefined {
  const rules = dataOf(entry, 'security.policy')?.policy;
  if (rules !== undefined) {
    const { actions, resources, effect } = rules;
    return { id: entry.id, actions, resources, effect, conditions: rules.conditions as readonly Condition[] };
  }
  const written = dataOf(entry, 'security.policy.expr')?.policy;
  if (written === undefined) return undefined;
  const { actions, resources, effect } = written;
  return {
    id: entry.id,
    actions,
    resources,
    effect,
    conditions: [],
    expression: compileExpression(written.expression),
  };
}

function groupsOf(entry: Entry): readonly string[] {
  return dataOf(entry, 'security.policy')?.groups ?? dataOf(entry, 'security.policy.expr')?.groups ?? [];
}
