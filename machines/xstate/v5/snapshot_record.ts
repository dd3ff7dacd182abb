/**
 * The snapshot of a machine as data, and back to one that goes on in the same way. XState's own persisted snapshot is not
 * enough: it forgets in which order states were entered, which decides between transitions, takes what looks like a
 * reference in a context for one, and does not find histories of states whose id has a dot.
 */
import type * as xstate from 'xstate';
import type { Machine } from './library.ts';

export interface SnapshotRecord {
  /** Ids of the active states, in the order in which they were entered. */
  readonly nodes: readonly string[];
  readonly value: xstate.StateValue;
  readonly context: unknown;
  /** Id of a history state, ids of the states that it goes back to. */
  readonly history: readonly (readonly [id: string, nodes: readonly string[]])[];
}

/** Of an active snapshot without children. */
export function recordSnapshot({ _nodes, value, context, historyValue }: xstate.AnyMachineSnapshot): SnapshotRecord {
  const history = Object.entries(historyValue) as [string, readonly xstate.AnyStateNode[]][];
  return { nodes: idsOf(_nodes), value, context, history: history.map(([id, nodes]) => [id, idsOf(nodes)]) };
}

export function restoreSnapshot(machine: Machine, scope: object, record: SnapshotRecord): xstate.AnyMachineSnapshot {
  const { value, context, history } = record;
  const plain = { status: 'active', output: undefined, error: undefined, value, context: {}, children: {} };
  const snapshot = machine.restoreSnapshot({ ...plain, historyValue: {} } as never, scope as never);
  const nodes = nodesOf(machine, record.nodes);
  return Object.assign(snapshot, {
    value,
    context,
    _nodes: nodes,
    tags: new Set(nodes.flatMap(node => node.tags)),
    historyValue: Object.fromEntries(history.map(([id, ids]) => [id, nodesOf(machine, ids)])),
  });
}

function idsOf(nodes: readonly xstate.AnyStateNode[]): string[] {
  return nodes.map(({ id }) => id);
}

/** States by id; machines are few and live as long as their programs. */
const statesOf = new WeakMap<Machine, Map<string, xstate.AnyStateNode>>();

function nodesOf(machine: Machine, ids: readonly string[]): xstate.AnyStateNode[] {
  let states = statesOf.get(machine);
  if (states === undefined) {
    states = new Map();
    addStates(machine.root, states);
    statesOf.set(machine, states);
  }
  return ids.map(id => states.get(id)!);
}

function addStates(node: xstate.AnyStateNode, into: Map<string, xstate.AnyStateNode>): void {
  into.set(node.id, node);
  for (const child of Object.values(node.states) as xstate.AnyStateNode[]) addStates(child, into);
}
