/**
 * Random scenarios. What is drawn are plain numbers; which supervisor or worker a number means is decided afterwards, by
 * `Scene`, so that nearly every step finds somebody to be done to.
 */
import * as fc from 'fast-check';
import type {
  AutoShutdown,
  Failing,
  How,
  Manner,
  Node,
  Restart,
  Scenario,
  Step,
  Strategy,
  Supervisor,
  Victim,
  Worker,
} from './scenario.ts';
import { SHUTDOWN } from './scenario.ts';

const DEPTH = 3;
/** Nodes of a tree; what is drawn beyond is left out. */
const MOST_NODES = 12;
/** Nodes of a tree that is started later. */
const MORE_NODES = 4;

interface RawWorker {
  readonly manner: Manner;
  readonly restart: Restart;
  readonly significant: boolean;
  readonly shutdown: Worker['shutdown'];
}

interface RawSupervisor {
  readonly strategy: Strategy;
  readonly max: number;
  readonly autoShutdown: AutoShutdown;
  readonly temporary: boolean;
  readonly significant: boolean;
  readonly template: RawWorker;
  readonly children: readonly RawNode[];
}

type RawNode = { readonly worker: RawWorker } | { readonly supervisor: RawSupervisor };

interface RawFailing {
  readonly worker: number;
  readonly times: number;
}

interface RawStep {
  readonly do: Step['do'];
  readonly supervisor: number;
  /** Children, by their position; 'end' takes all, others the first. */
  readonly victims: readonly { readonly child: number; readonly how: How }[];
  readonly worker: RawWorker;
  /** `start_child` of a supervisor. */
  readonly subtree: RawSupervisor | undefined;
  /** `start_child` with the key of a child that there is already. */
  readonly again: boolean;
  readonly failing: RawFailing | undefined;
}

const rawWorker: fc.Arbitrary<RawWorker> = fc.record({
  manner: weighted<Manner>([6, 'listens'], [2, 'deaf'], [1, 'ignores']),
  restart: weighted<Restart>([4, 'permanent'], [3, 'transient'], [2, 'temporary']),
  significant: fc.boolean(),
  shutdown: weighted<Worker['shutdown']>([4, SHUTDOWN], [1, 0], [1, 'infinity']),
});

const rawFailing = fc.option(fc.record({ worker: fc.nat(15), times: fc.integer({ min: 1, max: 4 }) }), {
  freq: 2,
  nil: undefined,
});

const rawStep = (): fc.Arbitrary<RawStep> =>
  fc.record({
    do: weighted<Step['do']>(
      [12, 'end'],
      [2, 'kill'],
      [2, 'start_child'],
      [3, 'start_dynamic'],
      [2, 'terminate_child'],
      [1, 'delete_child'],
      [2, 'restart_child'],
      [1, 'count_children'],
      [1, 'pause'],
    ),
    supervisor: fc.nat(15),
    victims: fc.array(
      fc.record({
        child: fc.nat(15),
        how: weighted<How>([3, 'error'], [2, 'normal'], [2, 'kill'], [1, 'asked']),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    worker: rawWorker,
    subtree: fc.option(rawSupervisor(DEPTH), { freq: 1, nil: undefined }),
    again: fc.boolean(),
    failing: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: rawFailing }),
  });

function rawSupervisor(depth: number): fc.Arbitrary<RawSupervisor> {
  const worker = fc.record({ worker: rawWorker });
  const node: fc.Arbitrary<RawNode> =
    depth === DEPTH
      ? worker
      : fc.oneof(
          { weight: 2, arbitrary: worker },
          { weight: 1, arbitrary: fc.record({ supervisor: fc.memo(rawSupervisor)(depth + 1) }) },
        );
  return fc.record({
    strategy: weighted<Strategy>(
      [3, 'one_for_one'],
      [3, 'one_for_all'],
      [3, 'rest_for_one'],
      [depth === 1 ? 1 : 2, 'simple_one_for_one'],
    ),
    max: weighted([1, 0], [2, 1], [2, 2], [3, 3], [2, 4], [2, 5]),
    autoShutdown: weighted<AutoShutdown>([3, 'never'], [1, 'any_significant'], [1, 'all_significant']),
    temporary: weighted([3, false], [1, true]),
    significant: fc.boolean(),
    template: rawWorker,
    children: fc.array(node, { minLength: depth === 1 ? 2 : 1, maxLength: 4, size: 'max' }),
  });
}

export const scenarios: fc.Arbitrary<Scenario> = fc
  .record({
    root: rawSupervisor(1),
    failing: fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: rawFailing }),
    steps: fc.array(rawStep(), { minLength: 1, maxLength: 8, size: 'max' }),
  })
  .map(({ root, failing, steps }) => new Scene(root).play(failing, steps));

function weighted<T>(...choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  const [first, ...rest] = choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) }));
  return fc.oneof(first, ...rest);
}

/** Gives nodes their keys, and numbers their meaning. */
class Scene {
  readonly #root: Supervisor;
  #nodes = 0;
  #most = MOST_NODES;
  #added = 0;
  #hasPaused = false;
  readonly #supervisors: Supervisor[] = [];
  /** Workers that may be children of a supervisor, at one time or another; of dynamic ones the keys that were given. */
  readonly #children = new Map<string, Worker[]>();

  constructor(root: RawSupervisor) {
    this.#root = this.#supervisor(root, undefined);
  }

  play(failing: RawFailing | undefined, steps: readonly RawStep[]): Scenario {
    const before = this.#failing(failing);
    return { root: this.#root, failing: before, steps: steps.map(step => this.#step(step)) };
  }

  #supervisor(raw: RawSupervisor, parent: Pick<Supervisor, 'autoShutdown'> | undefined): Supervisor {
    const key = `s${this.#supervisors.length}`;
    this.#nodes++;
    const restart = raw.temporary && parent !== undefined ? 'temporary' : 'permanent';
    const children: Node[] = [];
    const supervisor: Supervisor = {
      type: 'supervisor',
      key,
      restart,
      significant: parent !== undefined && mayBeSignificant(parent, restart) && raw.significant,
      strategy: raw.strategy,
      max: raw.max,
      autoShutdown: raw.autoShutdown,
      children,
    };
    this.#supervisors.push(supervisor);
    this.#children.set(key, []);
    if (raw.strategy === 'simple_one_for_one') {
      children.push(this.#worker(raw.template, supervisor, `w${++this.#added}`));
      return supervisor;
    }
    for (const child of raw.children) {
      // None is without children.
      if (children.length > 0 && this.#nodes + 2 > this.#most) break;
      if ('supervisor' in child) children.push(this.#supervisor(child.supervisor, raw));
      else {
        const worker = this.#worker(child.worker, supervisor, `w${++this.#added}`);
        children.push(worker);
        this.#children.get(key)!.push(worker);
      }
    }
    return supervisor;
  }

  #worker(raw: RawWorker, parent: Supervisor, key: string): Worker {
    this.#nodes++;
    const { manner, restart } = raw;
    return {
      type: 'worker',
      key,
      manner,
      restart,
      significant: mayBeSignificant(parent, restart) && raw.significant,
      // What ignores to be asked would be waited for for ever.
      shutdown: manner === 'ignores' && raw.shutdown === 'infinity' ? SHUTDOWN : raw.shutdown,
    };
  }

  #failing(raw: RawFailing | undefined): Failing {
    const workers = [...this.#children.values()].flat();
    return raw === undefined || workers.length === 0 ? {} : { [at(workers, raw.worker).key]: raw.times };
  }

  #step(raw: RawStep): Step {
    const chosen = at(this.#candidates(raw), raw.supervisor);
    const dynamic = chosen.strategy === 'simple_one_for_one';
    const children = this.#children.get(chosen.key)!;
    const child = children.length === 0 ? undefined : at(children, raw.victims[0].child);
    const supervisor = chosen.key;
    const failing = this.#failing(raw.failing);
    /** Of a start that is asked for: it is this one as often as not that fails. */
    const failingOf = (key: string): Failing =>
      raw.failing !== undefined && raw.failing.worker % 2 === 0 ? { [key]: raw.failing.times } : failing;
    switch (raw.do) {
      case 'end':
        return { do: 'end', under: supervisor, victims: victimsOf(raw, children), failing };
      case 'kill':
        return { do: 'kill', supervisor, failing };
      case 'start_child':
      case 'start_dynamic': {
        if (dynamic) {
          const template = chosen.children[0] as Worker;
          const extra = `d${++this.#added}`;
          children.push({ ...template, key: `${template.key}/${extra}` });
          return { do: 'start_dynamic', supervisor, extra, failing: failingOf(`${template.key}/${extra}`) };
        }
        if (raw.subtree !== undefined) {
          this.#most = this.#nodes + MORE_NODES;
          return { do: 'start_child', supervisor, child: this.#supervisor(raw.subtree, chosen), failing };
        }
        const key = raw.again && child !== undefined ? child.key : `w${++this.#added}`;
        const worker = this.#worker(raw.worker, chosen, key);
        children.push(worker);
        return { do: 'start_child', supervisor, child: worker, failing: failingOf(key) };
      }
      case 'restart_child':
        if (child === undefined) return { do: 'restart_child', supervisor, key: this.#any(chosen), failing };
        return { do: 'restart_child', supervisor, key: child.key, failing: failingOf(child.key) };
      case 'terminate_child':
        // Dynamic children are known by what they are, not by a key.
        if (dynamic && child === undefined) return { do: 'count_children', supervisor };
        return { do: 'terminate_child', supervisor, key: child?.key ?? this.#any(chosen) };
      case 'delete_child':
        return { do: 'delete_child', supervisor, key: child?.key ?? this.#any(chosen) };
      case 'count_children':
        return { do: 'count_children', supervisor };
      case 'pause':
        // Real seconds in Erlang, so there is one.
        if (this.#hasPaused) return { do: 'count_children', supervisor };
        this.#hasPaused = true;
        return { do: 'pause' };
    }
  }

  /** A step that could not do anything is not worth much; the root is killed only where there is nobody else. */
  #candidates({ do: what }: RawStep): readonly Supervisor[] {
    const fit = this.#supervisors.filter(({ key, strategy }) => {
      switch (what) {
        case 'kill':
          return key !== 's0';
        case 'start_dynamic':
          return strategy === 'simple_one_for_one';
        case 'start_child':
          return strategy !== 'simple_one_for_one';
        case 'end':
          return this.#children.get(key)!.length > 0;
        default:
          return true;
      }
    });
    return fit.length > 0 ? fit : this.#supervisors;
  }

  /** Where it has no workers: a supervisor under it, or a key that nobody has. */
  #any(supervisor: Supervisor): string {
    return supervisor.children.find(child => child.type === 'supervisor')?.key ?? 'w0';
  }
}

function mayBeSignificant(parent: Pick<Supervisor, 'autoShutdown'>, restart: Restart): boolean {
  return parent.autoShutdown !== 'never' && restart !== 'permanent';
}

/** Each child once; those that are killed end before those that are told to end have a turn. */
function victimsOf(raw: RawStep, children: readonly Worker[]): Victim[] {
  if (children.length === 0) return [];
  const victims = new Map<string, How>();
  for (const { child, how } of raw.victims) {
    const { key } = at(children, child);
    // Whether a child listens may have been changed since, by one that was started with its key.
    const listens = children.filter(other => other.key === key).every(other => other.manner === 'listens');
    if (!victims.has(key)) victims.set(key, how === 'asked' && !listens ? 'kill' : how);
  }
  return [...victims].map(([key, how]) => ({ key, how })).sort((a, b) => order(a.how) - order(b.how));
}

function order(how: How): number {
  return how === 'kill' ? 0 : 1;
}

function at<T>(all: readonly T[], number: number): T {
  return all[number % all.length];
}
