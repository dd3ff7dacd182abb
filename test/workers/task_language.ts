/**
 * A language of one program, for tests of stealing with real threads: `t:task` takes how much it has to do and how many
 * tasks it spawns, and is counted in memory that all threads share. A module of its own, because worker threads load it.
 */
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import type { EventQueue, Image, MachineType, Payload, StateMachine, StepOutput } from '../../runtime/machine.ts';
import { StepStatus } from '../../runtime/machine.ts';
import type { Deployment } from '../../runtime/registry/load.ts';
import { Runtime } from '../../runtime/runtime.ts';
import type { Process } from '../../runtime/scheduler/process.ts';
import { nativeData } from '../kernel/native.ts';

/** Int32 words before the bytes of the tasks. */
export const TaskWord = {
  MADE: 0,
  DONE: 1,
  REFUSED: 2,
  RESUMED: 3,
  /** And the schedulers' from here on: MiB of the thread's heap when a task has measured it last; 0: none has. */
  HEAP: 4,
} as const;
/** Rounds of a task that measures instead. */
export const MEASURE = -1;
const HEADER_BYTES = 64;

/** What is counted: totals, and a byte for how often each task was done. */
export class TaskCounts {
  readonly memory: SharedArrayBuffer;
  readonly totals: Int32Array;
  readonly done: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.totals = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.done = new Uint8Array(memory, HEADER_BYTES);
  }

  static allocate(tasks: number): TaskCounts {
    return new TaskCounts(new SharedArrayBuffer(HEADER_BYTES + tasks));
  }
}

interface Task {
  readonly id: number;
  /** Steps, and rounds of computing in each. */
  steps: number;
  readonly rounds: number;
  /** Tasks that it still has to spawn. */
  children: number;
  /** How many it spawns in one step. */
  readonly burst: number;
}

/** Most tasks do next to nothing, some a little, few very much; and some spawn others. */
function varied(id: number): [rounds: number, steps: number, children: number] {
  const rounds = id % 1000 === 0 ? 300_000 : id % 20 === 0 ? 5_000 : 0;
  return [rounds, id % 7 === 0 ? 3 : 1, id % 10 === 3 ? 1 : 0];
}

function measure(totals: Int32Array, scheduler: number): void {
  globalThis.gc?.();
  Atomics.store(totals, TaskWord.HEAP + scheduler, 1 + (process.memoryUsage().heapUsed >> 20));
}

class TaskMachine implements StateMachine {
  readonly #counts: TaskCounts;
  #task: Task | undefined;

  constructor(counts: TaskCounts, task?: Task) {
    this.#counts = counts;
    this.#task = task;
  }

  init(_method: string, args: readonly Payload[]): void {
    const [rounds, steps, children, burst = 1000] = args as number[];
    const id = Atomics.add(this.#counts.totals, TaskWord.MADE, 1);
    this.#task = { id, rounds, steps, children, burst };
  }

  step(_events: EventQueue, out: StepOutput): StepStatus {
    const task = this.#task!;
    const { totals, done } = this.#counts;
    if (task.rounds === MEASURE) measure(totals, (out as Process).linked.scheduler.index);
    let sum = task.id;
    for (let i = 0; i < task.rounds; i++) sum = Math.imul(sum, 31) + i;
    // After as many others have their turn.
    for (let most = task.burst; most > 0 && task.children > 0; most--) {
      const pid = out.spawn({ id: 't:task', args: varied(--task.children + task.id) });
      if (typeof pid !== 'string') Atomics.add(totals, TaskWord.REFUSED, 1);
    }
    if (task.children > 0 || --task.steps > 0) return StepStatus.Ready;
    Atomics.add(done, task.id, 1);
    Atomics.add(totals, TaskWord.DONE, 1);
    out.complete(sum);
    return StepStatus.Complete;
  }

  suspend(): Image {
    return { program: 'task', bytes: Buffer.from(JSON.stringify(this.#task)) };
  }

  close(): void {}
}

/** A runtime with the host `t:host` and this language. */
export function startTasks(workers: number, counts: TaskCounts): Promise<Runtime> {
  const data = nativeData(['task'], { maxProcesses: 1 << 22 });
  const deployment: Deployment = {
    root: '.',
    entries: new Map(data.entries.map(entry => [entry.id, entry])),
    settings: {} as Deployment['settings'],
  };
  return Runtime.startPrepared(data, {
    deployment,
    machines: [taskLanguage(counts)],
    machinesModule: import.meta.url,
    capabilities: capabilityDefinitions,
    workers,
  });
}

/** `counts`: what the runtime's threads share. */
export function taskLanguage(counts?: TaskCounts): MachineType {
  return {
    kinds: ['process.ts'],
    prepare: () => Promise.reject(new Error('not used')),
    share: () => ({ data: counts!.memory, release: () => undefined }),
    load: (_entry, _artifact, _imports, shared) => {
      const here = new TaskCounts(shared as SharedArrayBuffer);
      return {
        payloads: 'value',
        create: () => new TaskMachine(here),
        resume: ({ bytes }) => {
          Atomics.add(here.totals, TaskWord.RESUMED, 1);
          return new TaskMachine(here, JSON.parse(Buffer.from(bytes).toString()) as Task);
        },
      };
    },
  };
}

export const machineTypes: readonly MachineType[] = [taskLanguage()];
