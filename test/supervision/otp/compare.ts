/**
 * Whether two sides tell the same of a scenario. Where the order is nobody's promise the lines are put into one order
 * first:
 *
 * - Dynamic children of one template are stopped all at once: their ends are sorted where they follow each other.
 * - What was under a supervisor that is killed ends while its parent already restarts it, and whether as asked by a
 *   supervisor between or with it is left to chance: these ends come first, sorted, and without how.
 */
import type { Scenario, Supervisor } from './scenario.ts';

/** What a side says of one step. */
interface Told {
  readonly step: string;
  readonly answer: string;
  readonly events: readonly string[];
  /** Undefined for a pause. */
  readonly tree: string | undefined;
}

export interface Difference {
  /** Position of the step; 0 is the start of the tree. */
  readonly step: number;
  readonly here: readonly string[];
  readonly there: readonly string[];
}

/** `total`: everything in one order. `each supervisor`: threads are not in step, so only what one supervisor did is in order. */
export type Order = 'total' | 'each supervisor';

export function difference(
  scenario: Scenario,
  here: readonly string[],
  there: readonly string[],
  order: Order = 'total',
): Difference | undefined {
  const [ours, theirs] = [here, there].map(lines => {
    const told = toldOf(lines).map(comparable(scenario));
    return order === 'total' ? told : told.map(bySupervisor(scenario));
  });
  for (let step = 0; step < Math.max(ours.length, theirs.length); step++) {
    const [a, b] = [linesOf(ours[step]), linesOf(theirs[step])];
    if (a.join('\n') !== b.join('\n')) return { step, here: a, there: b };
  }
  return undefined;
}

/** The words that begin what is told of a step. */
const STEP =
  /^(start|stop|end|kill|pause|start_child|start_dynamic|terminate_child|restart_child|delete_child|count_children)$/;
const TREE = /^(tree|restless|moving)/;

function toldOf(lines: readonly string[]): Told[] {
  const told: Told[] = [];
  for (let i = 0; i < lines.length; i++) {
    const step = lines[i];
    if (!STEP.test(step)) throw new Error(`line ${i} begins no step: ${step}`);
    if (step === 'pause') {
      told.push({ step, answer: '', events: [], tree: undefined });
      continue;
    }
    const answer = lines[++i];
    const events: string[] = [];
    for (i++; !TREE.test(lines[i]); i++) events.push(lines[i]);
    told.push({ step, answer, events, tree: lines[i] });
  }
  return told;
}

function linesOf(told: Told | undefined): string[] {
  if (told === undefined) return [];
  const { step, answer, events, tree } = told;
  return tree === undefined ? [step] : [step, answer, ...events, tree];
}

/** With what is in no certain order put into one. */
function comparable({ steps }: Scenario): (told: Told, position: number, all: readonly Told[]) => Told {
  return (told, position, all) => {
    const step = steps[position - 1];
    const orphans = step?.do === 'kill' ? orphansOf(all.slice(0, position), step.supervisor) : new Set<string>();
    return { ...told, events: sortDynamic(withOrphansFirst(told.events, orphans)) };
  };
}

/**
 * What happened to the children of each supervisor, one after the other. Ends by force and of supervisors say no time of
 * their own: they are sorted, at the end.
 */
function bySupervisor({ root, steps }: Scenario): (told: Told) => Told {
  const parents = new Map<string, string>();
  const walk = (supervisor: Supervisor): void => {
    for (const child of supervisor.children) {
      parents.set(child.key, supervisor.key);
      if (child.type === 'supervisor') walk(child);
    }
  };
  walk(root);
  for (const step of steps) {
    if (step.do !== 'start_child') continue;
    parents.set(step.child.key, step.supervisor);
    if (step.child.type === 'supervisor') walk(step.child);
  }
  return told => {
    const timed = new Map<string, string[]>();
    const others: string[] = [];
    for (const event of told.events) {
      const [what, key] = event.split(' ');
      const parent = parents.get(key.split(/[/#]/)[0]);
      if (parent === undefined || key.startsWith('s') || what === 'cut' || what === 'ends') others.push(event);
      else timed.set(parent, [...(timed.get(parent) ?? []), `${parent}: ${event}`]);
    }
    const groups = [...timed].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, events]) => events);
    return { ...told, events: [...groups, ...others.sort()] };
  };
}

/** Who lived under a supervisor after these steps, and itself. */
function orphansOf(told: readonly Told[], supervisor: string): Set<string> {
  const tree = told.findLast(one => one.tree !== undefined)?.tree ?? '';
  const processes = new Map<string, string>();
  for (const event of told.flatMap(({ events }) => events)) {
    const found = /^starts ((.*)#.*)$/.exec(event);
    if (found !== null) processes.set(found[2], found[1]);
  }
  return new Set([...namesUnder(tree, supervisor)].map(name => processes.get(name) ?? name));
}

/** Everybody in the tree under a supervisor, and itself: `s1(w1 -w2 s2())` has w1, s2 and s1. */
function namesUnder(tree: string, supervisor: string): Set<string> {
  const begin = tree.search(new RegExp(`[ (]${supervisor}\\(`));
  const names = new Set<string>();
  if (begin < 0) return names;
  let depth = 0;
  for (const [part] of tree.slice(begin).matchAll(/[()]|[^ ()]+/g)) {
    if (part === '(') depth++;
    else if (part === ')') {
      if (--depth === 0) break;
    } else if (!part.startsWith('-')) names.add(part);
  }
  return names;
}

function withOrphansFirst(events: readonly string[], orphans: Set<string>): string[] {
  const left = new Set(orphans);
  const ended: string[] = [];
  const others = events.filter(event => {
    const [what, key] = event.split(' ');
    if (!/^(cut|stops|returns|fails)$/.test(what) || !left.delete(key)) return true;
    ended.push(`ends ${key}`);
    return false;
  });
  return [...ended.filter(line => !/^ends s\d+$/.test(line)).sort(), ...others];
}

function sortDynamic(events: readonly string[]): string[] {
  const sorted: string[] = [];
  let run: string[] = [];
  const groupOf = (event: string): string | undefined => /^(?:cut|stops) (.*)\//.exec(event)?.[1];
  for (const event of events) {
    if (run.length > 0 && groupOf(event) !== groupOf(run[0])) {
      sorted.push(...run.sort());
      run = [];
    }
    if (groupOf(event) === undefined) sorted.push(event);
    else run.push(event);
  }
  return [...sorted, ...run.sort()];
}
