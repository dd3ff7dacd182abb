/** Entries that wait for each other, so that none of them could ever be first. */
import type { Declaration } from './declaration.ts';
import type { EntryKind, Place } from './entry.ts';
import type { ProblemList } from './problem.ts';
import type { Scope } from './scope.ts';
import { child, descend, fieldsOf, itemsOf, scalar, type Tree, textOf } from './tree.ts';

interface Edge {
  readonly to: string;
  readonly place: Place;
}

type References = (declaration: Declaration, scope: Scope) => Iterable<Tree | undefined>;

const STARTED: ReadonlySet<EntryKind | undefined> = new Set<EntryKind>([
  'process.host',
  'terminal.host',
  'process.service',
  'process.supervisor',
]);

/** Reports every cycle among what starts before what, and among the imports of libraries. */
export function findCycles(declarations: ReadonlyMap<string, Declaration>, scope: Scope, problems: ProblemList): void {
  report(
    declarations,
    scope,
    problems,
    startReferences,
    'these wait for each other, so none can start first',
    'remove one of the references',
  );
  report(
    declarations,
    scope,
    problems,
    libraryReferences,
    'these libraries import each other',
    'move what both need into another library',
  );
}

/** Semantics section 7: start order follows `requires` and every reference to something that must run. */
function* startReferences({ kind, tree, namespace }: Declaration, scope: Scope): Iterable<Tree | undefined> {
  if (!STARTED.has(kind)) return;
  yield* itemsOf(descend(tree, ['lifecycle', 'requires'])) ?? [];
  yield* itemsOf(descend(tree, ['lifecycle', 'depends_on'])) ?? [];
  if (kind === 'process.service') yield hostOf(tree, child(tree, 'process'), scope, namespace);
  if (kind !== 'process.supervisor') return;
  for (const item of itemsOf(child(tree, 'children')) ?? []) {
    const runs = fieldsOf(item) === undefined ? item : (child(item, 'process') ?? child(item, 'id'));
    yield runs;
    const id = scope.fullId(textOf(runs) ?? '', namespace);
    // Services and supervisors bring their own host.
    if (!STARTED.has(id === undefined ? undefined : scope.kindOf(id))) yield hostOf(item, runs, scope, namespace);
  }
}

/** The host on which something runs: as it is written, else the one that is meant without words. */
function hostOf(tree: Tree, process: Tree | undefined, scope: Scope, namespace: string): Tree | undefined {
  const id = scope.fullId(textOf(process) ?? '', namespace);
  const meant = id === undefined ? undefined : scope.defaultHost(id);
  return child(tree, 'host') ?? scalar(tree.place, meant ?? null);
}

function* libraryReferences({ kind, tree }: Declaration): Iterable<Tree | undefined> {
  if (kind !== 'library.lua') return;
  for (const { value } of fieldsOf(child(tree, 'imports'))?.values() ?? []) yield value;
}

function report(
  declarations: ReadonlyMap<string, Declaration>,
  scope: Scope,
  problems: ProblemList,
  references: References,
  what: string,
  remedy: string,
): void {
  const edges = new Map<string, Edge[]>();
  for (const declaration of declarations.values()) {
    const found: Edge[] = [];
    for (const tree of references(declaration, scope)) {
      if (typeof tree?.content !== 'string') continue;
      const to = scope.fullId(tree.content, declaration.namespace);
      if (to !== undefined && declarations.has(to)) found.push({ to, place: tree.place });
    }
    edges.set(declaration.id, found);
  }
  for (const group of cyclicGroups(edges)) {
    const cycle = shortestCycle(edges, group);
    problems.add(cycle[0].place, `${what}: ${group[0]} -> ${cycle.map(edge => edge.to).join(' -> ')}; ${remedy}`);
  }
}

/**
 * Groups of entries of which each can be reached from every other (Tarjan's strongly connected components), without
 * those that stand alone. Iterative, so that a long chain of entries cannot exhaust the stack.
 */
function cyclicGroups(edges: ReadonlyMap<string, readonly Edge[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const groups: string[][] = [];
  const ids = [...edges.keys()];
  for (const root of ids) {
    if (order.has(root)) continue;
    const visits = [{ id: root, next: 0 }];
    while (visits.length > 0) {
      const visit = visits[visits.length - 1];
      const { id } = visit;
      if (visit.next === 0) {
        order.set(id, order.size);
        low.set(id, order.get(id)!);
        open.push(id);
        isOpen.add(id);
      }
      const edge = edges.get(id)![visit.next++];
      if (edge !== undefined) {
        if (!order.has(edge.to)) visits.push({ id: edge.to, next: 0 });
        else if (isOpen.has(edge.to)) low.set(id, Math.min(low.get(id)!, order.get(edge.to)!));
        continue;
      }
      visits.pop();
      const parent = visits.at(-1);
      if (parent !== undefined) low.set(parent.id, Math.min(low.get(parent.id)!, low.get(id)!));
      if (low.get(id) !== order.get(id)) continue;
      const group = open.splice(open.indexOf(id));
      for (const member of group) isOpen.delete(member);
      if (group.length > 1 || edges.get(id)!.some(self => self.to === id)) {
        groups.push(ids.filter(member => group.includes(member)));
      }
    }
  }
  return groups;
}

/** The edges of a shortest way from the first of a group back to itself. */
function shortestCycle(edges: ReadonlyMap<string, readonly Edge[]>, group: readonly string[]): Edge[] {
  const start = group[0];
  const inside = new Set(group);
  const cameBy = new Map<string, { from: string; edge: Edge }>();
  const queue = [start];
  for (const id of queue) {
    for (const edge of edges.get(id)!) {
      if (!inside.has(edge.to) || cameBy.has(edge.to)) continue;
      cameBy.set(edge.to, { from: id, edge });
      if (edge.to !== start) queue.push(edge.to);
    }
  }
  const cycle: Edge[] = [];
  let id = start;
  do {
    const step = cameBy.get(id)!;
    cycle.unshift(step.edge);
    id = step.from;
  } while (id !== start);
  return cycle;
}
