/**
 * Which functions can be on the stack while the process is suspended, and which check their fuel on entry.
 *
 * The graph has a node for each function and one for each function type: an indirect call of type T goes to the node of
 * T, which goes to every function of type T whose address is taken.
 */
import type { Module } from '../binary/module.ts';
import type { Preemption } from './preemption.ts';
import type { CodeFacts } from './scan.ts';
import type { TypeTable } from './type_table.ts';

export interface Suspendability {
  /** 1 for each function that can be suspended, the blocking imports included. */
  readonly functions: Uint8Array;
  /** 1 for each canonical type through which such a function can be called indirectly. */
  readonly types: Uint8Array;
  /** 1 for each function that is checked somewhere inside, is charged for work, or waits. */
  readonly spends: Uint8Array;
  /**
   * 1 for each function during whose call the fuel may change: those that spend, and all that reach an import, because the
   * host can take the fuel away there.
   */
  readonly changesFuel: Uint8Array;
  /** 1 for each canonical type through which such a function can be called indirectly. */
  readonly fuelChangingTypes: Uint8Array;
  /**
   * 1 for each function that checks its fuel on entry. Together with the checks of loops they bound the work between
   * two checks: every cycle of calls has one, and so has every tree of calls that is larger than `UNCHECKED_WORK`.
   */
  readonly entryChecks: Uint8Array;
}

/**
 * How many instructions may run between two checks because of calls. Without it forty functions that each call the next
 * one twice would run for an hour unchecked.
 */
const UNCHECKED_WORK = 10_000;

/** What the call of an import counts, in instructions. */
const IMPORT_WORK = 100;

export function findSuspendable(
  module: Module,
  types: TypeTable,
  facts: CodeFacts,
  blocking: ReadonlySet<number>,
  preempt: Preemption,
): Suspendability {
  const functions = module.functions.length;
  const successors = buildGraph(module, types, facts);
  const entryChecks = new Uint8Array(functions);
  if (preempt !== 'none') placeEntryChecks(successors, facts.sizes, module.importedFunctions, entryChecks);
  const checked: number[] = [];
  const charged: number[] = [];
  for (let f = module.importedFunctions; f < functions; f++) {
    if (facts.hasLoop[f] || entryChecks[f]) checked.push(f);
    if (facts.needsPatch[f]) charged.push(f);
  }
  const reached = markCallers(successors, preempt === 'resume' ? [...blocking, ...checked] : [...blocking]);
  const spending = [...blocking, ...checked, ...charged];
  const spends = markCallers(successors, spending);
  for (let f = 0; f < module.importedFunctions; f++) spending.push(f);
  const changes = markCallers(successors, spending);
  return {
    functions: reached.subarray(0, functions),
    types: reached.subarray(functions),
    spends: spends.subarray(0, functions),
    changesFuel: changes.subarray(0, functions),
    fuelChangingTypes: changes.subarray(functions),
    entryChecks,
  };
}

function buildGraph(module: Module, types: TypeTable, facts: CodeFacts): (readonly number[])[] {
  const functions = module.functions.length;
  const successors: number[][] = [];
  for (let f = 0; f < functions; f++) {
    const list = [...facts.calls[f]];
    for (const type of facts.indirectCalls[f]) list.push(functions + type);
    successors.push(list);
  }
  for (let type = 0; type < types.original; type++) successors.push([]);
  for (const f of facts.addressTaken) successors[functions + types.canonical(module.functions[f])].push(f);
  return successors;
}

const WHITE = 0;
const GREY = 1;
const BLACK = 2;

/** One depth-first search: the target of every back edge gets a check, and so does what calls too much. */
function placeEntryChecks(
  successors: readonly (readonly number[])[],
  sizes: Int32Array,
  imported: number,
  entryChecks: Uint8Array,
): void {
  const functions = sizes.length;
  const colour = new Uint8Array(successors.length);
  const next = new Int32Array(successors.length);
  /** Types whose functions all have a check. */
  const checkedTypes = new Uint8Array(successors.length);
  /** Most work that a call of the node can do before it meets a check. */
  const work = new Float64Array(successors.length).fill(IMPORT_WORK, 0, imported);
  const path: number[] = [];
  for (let root = imported; root < functions; root++) {
    if (colour[root] !== WHITE) continue;
    colour[root] = GREY;
    path.push(root);
    while (path.length > 0) {
      const node = path[path.length - 1];
      if (next[node] === successors[node].length) {
        colour[node] = BLACK;
        path.pop();
        if (node >= imported && node < functions) {
          work[node] += sizes[node];
          if (work[node] > UNCHECKED_WORK) entryChecks[node] = 1;
          if (entryChecks[node]) work[node] = 0;
        }
        if (path.length > 0) addWork(path[path.length - 1], node);
        continue;
      }
      const target = successors[node][next[node]++];
      if (colour[target] === WHITE) {
        if (target < imported) {
          colour[target] = BLACK;
          addWork(node, target);
        } else {
          colour[target] = GREY;
          path.push(target);
        }
      } else if (colour[target] === BLACK) {
        addWork(node, target);
      } else if (target < functions) {
        entryChecks[target] = 1;
      } else if (checkedTypes[target] === 0) {
        // A type has no code of its own: its functions are checked instead.
        checkedTypes[target] = 1;
        for (const callee of successors[target]) if (callee >= imported) entryChecks[callee] = 1;
      }
    }
  }

  function addWork(caller: number, callee: number): void {
    // An indirect call runs one of the type's functions, a body may run all its calls.
    if (caller >= functions) work[caller] = Math.max(work[caller], work[callee]);
    else work[caller] += work[callee];
  }
}

/** Everything from which a root can be reached. */
function markCallers(successors: readonly (readonly number[])[], roots: readonly number[]): Uint8Array {
  const callers: number[][] = successors.map(() => []);
  for (let node = 0; node < successors.length; node++) {
    for (const target of successors[node]) callers[target].push(node);
  }
  const reached = new Uint8Array(successors.length);
  const work: number[] = [];
  for (const root of roots) {
    if (reached[root]) continue;
    reached[root] = 1;
    work.push(root);
  }
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    for (const caller of callers[node]) {
      if (reached[caller]) continue;
      reached[caller] = 1;
      work.push(caller);
    }
  }
  return reached;
}
