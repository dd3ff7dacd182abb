/** Scenarios played here: every supervisor is an entry, every worker a process of `agents/worker.ts`. */
import { readFileSync } from 'node:fs';
import { createServices } from '../../../runtime/capabilities/services.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import { deploy } from '../../deploy.ts';
import { type Failing, type Node, PAUSE, PERIOD, type Scenario, type Step, type Supervisor } from './scenario.ts';
import { Stage } from './stage.ts';
import type { Time } from './time.ts';

const sources = new URL('../../../../test/supervision/otp/agents/', import.meta.url);
/** As in `agents/worker.ts`. */
const MOST_FAILING = 8;
/** After which it is said that a tree does not come to rest. */
const MOST_LOOKS = 1000;

/** A child as `supervisor.children` tells of it. */
interface ListedChild {
  readonly key: string;
  readonly pid: string | null;
  readonly state: string;
  readonly kind: 'worker' | 'supervisor';
}

interface Counts {
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

interface Refused {
  readonly refused: { readonly kind: string; readonly message: string; readonly state: string | null };
}

/** What workers are written in. */
export type Language = 'typescript' | 'lua';

const WORKERS: {
  readonly [language in Language]: { readonly kind: string; readonly file: string; readonly wants: string };
} = {
  typescript: { kind: 'process.ts', file: 'worker.ts', wants: 'imports' },
  lua: { kind: 'process.lua', file: 'worker.lua', wants: 'modules' },
};

/** One scenario at a time, of those that it was made for. */
export class TroupeSide {
  readonly #runtime: Runtime;
  readonly #time: Time;
  readonly #stage: Stage;
  readonly #scenarios: readonly Scenario[];

  private constructor(runtime: Runtime, time: Time, stage: Stage, scenarios: readonly Scenario[]) {
    this.#runtime = runtime;
    this.#time = time;
    this.#stage = stage;
    this.#scenarios = scenarios;
  }

  static async start(scenarios: readonly Scenario[], time: Time, language: Language): Promise<TroupeSide> {
    const stage = new Stage();
    const yaml = deploymentOf(scenarios, language);
    const { file } = WORKERS[language];
    const files = { 't.yaml': yaml, [file]: agent(file), 'call.ts': agent('call.ts') };
    const runtime = await deploy(files, {
      ...time.options,
      services: createServices({ log: stage }),
      onCrash: (pid, id, error) => stage.crashed(pid, id, error),
    });
    return new TroupeSide(runtime, time, stage, scenarios);
  }

  async close(): Promise<void> {
    await this.#runtime.halt();
  }

  /** The lines of README.md, and the milliseconds that it took between two pauses, at most. */
  async play(number: number): Promise<{ readonly lines: string[]; readonly worst: number }> {
    const play = new Play(this.#runtime, this.#time, this.#stage, number);
    return play.all(this.#scenarios[number]);
  }
}

class Play {
  readonly #runtime: Runtime;
  readonly #time: Time;
  readonly #stage: Stage;
  readonly #scene: string;
  readonly #lines: string[] = [];
  #root = '';
  #rootKey = '';
  /** Holds the names that say which starts fail. */
  #holder = '';
  #hasEnded = false;
  /** Who is to end in this step, before anything else is looked at. */
  #doomed: string[] = [];

  constructor(runtime: Runtime, time: Time, stage: Stage, number: number) {
    this.#runtime = runtime;
    this.#time = time;
    this.#stage = stage;
    this.#scene = sceneOf(number);
    stage.begin(this.#scene);
  }

  async all({ root, failing, steps }: Scenario): Promise<{ readonly lines: string[]; readonly worst: number }> {
    let worst = 0;
    let since = this.#time.now();
    this.#holder = this.#runtime.spawn({ id: 't:holder', args: [`${this.#scene}.holder`, 'holder', 'deaf'] });
    this.#fail(failing);
    const { pid, exit } = this.#runtime.watch({ id: `t:${this.#scene}-${root.key}` });
    this.#root = pid;
    this.#rootKey = root.key;
    void exit.then(() => {
      this.#hasEnded = true;
    });
    await this.#rest('start', () => (this.#hasEnded ? 'not started' : 'started'));
    for (const step of steps) {
      if (step.do === 'pause') {
        worst = Math.max(worst, this.#time.now() - since);
        await this.#time.pause(PAUSE);
        since = this.#time.now();
        this.#lines.push('pause');
      } else {
        const answer = await this.#do(step);
        await this.#rest(step.do, () => answer);
      }
    }
    this.#runtime.cancel(this.#root, 'the end');
    await this.#rest('stop', () => 'stopped');
    this.#runtime.terminate(this.#holder);
    return { lines: this.#lines, worst: Math.max(worst, this.#time.now() - since) };
  }

  async #do(step: Exclude<Step, { do: 'pause' }>): Promise<string> {
    if ('failing' in step) this.#fail(step.failing);
    if (step.do === 'end') {
      if ((await this.#supervisor(step.under)) === undefined) return 'nobody';
      const { workers } = this.#stage;
      let count = 0;
      // Those that are killed end at once, the others when they have a turn; their supervisor has its turn after these.
      const told = step.victims.filter(({ how }) => how !== 'kill');
      const killed = step.victims.filter(({ how }) => how === 'kill');
      for (const { key, how } of [...told, ...killed]) {
        const pid = workers.get(key);
        if (pid === undefined) continue;
        count++;
        this.#doomed.push(pid);
        if (how === 'kill') this.#runtime.terminate(pid);
        else if (how === 'asked') this.#runtime.cancel(pid, 'asked');
        else this.#runtime.send(pid, 'end', how);
      }
      return `${count} ended`;
    }
    const supervisor = await this.#supervisor(step.supervisor);
    if (supervisor === undefined) return 'nobody';
    switch (step.do) {
      case 'kill':
        this.#doomed.push(supervisor);
        this.#runtime.terminate(supervisor);
        return 'killed';
      case 'start_child': {
        const { child } = step;
        const specification = childOf(this.#scene, child);
        // A worker may be started again with the key of one that was there before.
        if (child.type === 'worker') specification.name = keyOf(this.#scene, child.key);
        return this.#ask('start_child', supervisor, specification);
      }
      case 'start_dynamic':
        return this.#ask('start_child', supervisor, [step.extra]);
      case 'terminate_child': {
        if (!step.key.includes('/')) return this.#ask(step.do, supervisor, keyOf(this.#scene, step.key));
        const pid = this.#stage.workers.get(step.key);
        return pid === undefined ? 'nobody' : this.#ask(step.do, supervisor, pid);
      }
      case 'restart_child':
      case 'delete_child':
        return this.#ask(step.do, supervisor, keyOf(this.#scene, step.key));
      case 'count_children': {
        const { active, supervisors, workers } = (await this.#call('count', supervisor)) as Counts;
        return `${active} ${supervisors} ${workers}`;
      }
    }
  }

  /** So many more of the next starts of these keys fail. */
  #fail(failing: Failing): void {
    for (const [key, times] of Object.entries(failing)) {
      let left = times;
      for (let i = 1; i <= MOST_FAILING && left > 0; i++) {
        const name = `${this.#scene}.fails.${key}.${i}`;
        if (this.#runtime.lookup(name) !== undefined) continue;
        this.#runtime.register(name, this.#holder);
        left--;
      }
    }
  }

  async #ask(operation: string, ...args: unknown[]): Promise<string> {
    const answer = await this.#call(operation, ...args);
    return isRefused(answer) ? classOf(answer) : 'ok';
  }

  async #call(operation: string, ...args: unknown[]): Promise<unknown> {
    const answer = this.#runtime.exec({ id: 't:call', args: [operation, args as never] });
    // It may have to wait for somebody who does not stop.
    return this.#time.until(answer, () => this.#stage.isIgnored);
  }

  /** The PID of a supervisor that runs, wherever in the tree. */
  async #supervisor(key: string, pid = this.#root, own = this.#rootKey): Promise<string | undefined> {
    if (key === own) {
      const listed = await this.#call('children', pid);
      return isRefused(listed) ? undefined : pid;
    }
    const children = await this.#call('children', pid);
    if (isRefused(children)) return undefined;
    for (const child of children as ListedChild[]) {
      if (child.kind !== 'supervisor' || child.pid === null) continue;
      const found = await this.#supervisor(key, child.pid, shortKey(child.key));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Wait until nothing moves, and write down what has happened and the tree as it is then. */
  async #rest(step: string, answer: () => string): Promise<void> {
    let tree = await this.#look();
    for (let looks = 1; ; looks++) {
      const { clock } = this.#stage;
      const again = await this.#look();
      if (tree !== undefined && tree === again && clock === this.#stage.clock) break;
      tree = again;
      if (tree !== undefined) continue;
      if (looks < MOST_LOOKS && (await this.#time.goOn(this.#stage.isIgnored))) continue;
      tree = 'restless';
      break;
    }
    this.#doomed = [];
    this.#lines.push(step, answer(), ...this.#stage.takeLines(), tree);
  }

  /** The tree as it is now; undefined where it is not at rest. */
  async #look(): Promise<string | undefined> {
    await this.#time.settle();
    if (this.#stage.isIgnored || !this.#doomed.every(pid => this.#stage.isGone(pid))) return undefined;
    const workers: string[] = [];
    const tree = this.#hasEnded ? '' : await this.#tree(this.#root, this.#rootKey, workers);
    const isWhole = workers.sort().join() === this.#stage.live.sort().join();
    if (tree === undefined || !isWhole) return undefined;
    return tree === '' ? 'tree' : `tree ${tree}`;
  }

  /** `workers` gets their PIDs. */
  async #tree(pid: string, key: string, workers: string[]): Promise<string | undefined> {
    const children = await this.#call('children', pid);
    if (isRefused(children)) return undefined;
    const texts: string[] = [];
    for (const child of children as ListedChild[]) {
      let text: string | undefined;
      if (child.kind === 'supervisor' && child.pid !== null) {
        text = await this.#tree(child.pid, shortKey(child.key), workers);
      } else if (child.pid !== null) {
        workers.push(child.pid);
        text = this.#stage.keyOf(child.pid);
      } else if (child.state === 'stopped') text = `-${shortKey(child.key)}`;
      if (text === undefined) return undefined;
      texts.push(text);
    }
    // Dynamic children have no order.
    if (texts.some(text => /^[^(]*\//.test(text))) texts.sort();
    return `${key}(${texts.join(' ')})`;
  }
}

function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'refused' in answer;
}

/** In words that Erlang has as well. */
function classOf({ refused: { kind, state, message } }: Refused): string {
  switch (kind) {
    case 'ALREADY_EXISTS':
      return 'exists';
    case 'CONFLICT':
      return state === 'restarting' ? 'restarting' : 'running';
    case 'NOT_FOUND':
      return 'missing';
    case 'INVALID':
      return 'unsupported';
    default:
      return message.includes('refused') ? 'failed' : `${kind} ${message}`;
  }
}

function agent(name: string): string {
  return readFileSync(new URL(name, sources), 'utf8');
}

function sceneOf(number: number): string {
  return `c${number}`;
}

/** The entry of a supervisor bears the name of its scene, because it is made for it. */
function entryOf(scene: string, key: string): string {
  return key.startsWith('s') ? `${scene}-${key}` : key;
}

function keyOf(scene: string, key: string): string {
  return `t:${entryOf(scene, key)}`;
}

function shortKey(key: string): string {
  return key.replace(/^t:(c\d+-)?/, '');
}

/** A child as an entry lists it, and as `start_child` takes it. */
function childOf(scene: string, node: Node): { [key: string]: unknown } {
  const { key, restart, significant } = node;
  const process = keyOf(scene, key);
  if (node.type === 'supervisor') return { process, restart, significant };
  const shutdown = typeof node.shutdown === 'number' ? `${node.shutdown}ms` : node.shutdown;
  return { process, input: [scene, key, node.manner], restart, significant, shutdown };
}

function supervisorEntry(scene: string, supervisor: Supervisor): { [key: string]: unknown } {
  return {
    name: entryOf(scene, supervisor.key),
    kind: 'process.supervisor',
    strategy: supervisor.strategy,
    intensity: { max: supervisor.max, within: `${PERIOD}s` },
    auto_shutdown: supervisor.autoShutdown,
    children: supervisor.children.map(child => childOf(scene, child)),
  };
}

/** One deployment for all scenarios: what is compiled, workers, they share. */
function deploymentOf(scenarios: readonly Scenario[], language: Language): string {
  const workers = new Set<string>(['holder']);
  const supervisors: { [key: string]: unknown }[] = [];
  const add = (scene: string, node: Node): void => {
    if (node.type === 'worker') {
      workers.add(node.key);
      return;
    }
    supervisors.push(supervisorEntry(scene, node));
    for (const child of node.children) add(scene, child);
  };
  scenarios.forEach(({ root, steps }, number) => {
    add(sceneOf(number), root);
    for (const step of steps) if (step.do === 'start_child') add(sceneOf(number), step.child);
  });
  const { kind, file, wants } = WORKERS[language];
  const entries = [
    { name: 'host', kind: 'process.host', trusted: true },
    { name: 'call', kind: 'function.ts', source: 'file://call.ts', imports: ['supervisor'] },
    ...[...workers].map(name => ({ name, kind, source: `file://${file}`, [wants]: ['logger'] })),
    ...supervisors,
  ];
  // JSON is YAML.
  return `namespace: t\nentries:\n${entries.map(entry => `  - ${JSON.stringify(entry)}\n`).join('')}`;
}
