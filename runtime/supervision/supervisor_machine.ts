/** Supervisors as processes: what comes from the kernel goes into a `Supervisor`, and what that decides is done here. */
import { createHash } from 'node:crypto';
import type { TroupeError } from '../errors.ts';
import { answer, QUESTION_TOPIC } from '../lifecycle/ask.ts';
import { linkProcesses, monitorProcess } from '../lifecycle/links.ts';
import { shutDownProcess, terminateProcess } from '../lifecycle/stop.ts';
import type { LogLevel } from '../logger.ts';
import {
  type EventQueue,
  type MachineType,
  type Payload,
  type Program,
  ProcessEventKind,
  type StateMachine,
  type StepOutput,
  StepStatus,
  STARTED,
} from '../machine.ts';
import { copyPayloads } from '../payload/copy.ts';
import type { Entry } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';
import type { Process } from '../scheduler/process.ts';
import type { IdentifiedRequest } from '../security/identity.ts';
import type { Child } from './children.ts';
import { endStep } from './end_step.ts';
import { codeOf, identityOfChildren, requestOf } from './entries.ts';
import type { Revisions } from './fallback.ts';
import type { Question, Request } from './request.ts';
import type { SupervisorSpecification } from './specification.ts';
import { type Effects, Supervisor } from './supervisor.ts';

/** Commands of one process have distinct tags: those of children are even, those of timers odd. */
const tagOfRun = (run: number): number => 2 * run;
const tagOfTimer = (timer: number): number => 2 * timer + 1;

/** The first argument of a supervisor that a program makes; the second is the PID of that program. */
export type SupervisorArguments = readonly [specification: SupervisorSpecification, maker: string];

/** A program's process does not see what its machine is given here; the runtime's own does. */
function kernelOf(out: StepOutput): Process {
  return out as Process;
}

class KernelEffects implements Effects {
  readonly #process: Process;
  readonly #identity: IdentifiedRequest['identity'];
  readonly #maker: string | undefined;

  /** `identity`: of the children. `maker`: the program whose supervisor it is. */
  constructor(process: Process, identity: IdentifiedRequest['identity'], maker?: string) {
    this.#process = process;
    this.#identity = identity;
    this.#maker = maker;
  }

  now(): number {
    return this.#process.linked.scheduler.clock.now();
  }

  revisions(child: Child): Revisions {
    const { deployed } = this.#process.linked.scheduler;
    return deployed.revisions(codeOf(child.specification, deployed.entries));
  }

  spawn(child: Child, revision: number | undefined): string | undefined {
    const { entries } = this.#process.linked.scheduler.deployed;
    const { id, host, args, name, identity } = requestOf(child.specification, entries, this.#identity);
    const own = args!.length === 0 ? undefined : copyPayloads(args!, 'input');
    const request = { id, host, args: own, name, identity, exclusive: true, link: true, announce: true, revision };
    return this.#process.exec(tagOfRun(child.run), request);
  }

  up(): void {
    if (this.#maker !== undefined) linkProcesses(this.#process, this.#maker);
  }

  // Who has started a process may end it, whatever policies say of others.

  shutdown(pid: string, reason: string): void {
    shutDownProcess(this.#process, pid, reason);
  }

  terminate(pid: string): void {
    terminateProcess(this.#process, pid);
  }

  arm(timer: number, milliseconds: number): void {
    this.#process.timer(tagOfTimer(timer), milliseconds);
  }

  disarm(timer: number): void {
    this.#process.abandon(tagOfTimer(timer));
  }

  reply(request: Request, value: Payload): void {
    answer(this.#process, request.from, value);
  }

  report(level: LogLevel, text: string, error: TroupeError | undefined): void {
    const log = this.#process.linked.scheduler.services?.log;
    if (log?.enabled(level) !== true) return;
    const { id, pid } = this.#process;
    const fields: { [key: string]: Payload } = {};
    if (error !== undefined) fields.kind = error.kind;
    if (error?.place !== undefined) fields.place = error.place;
    log.log(level, text, fields, { id, pid });
  }
}

class SupervisorMachine implements StateMachine {
  readonly #entry: Entry | undefined;
  #args: readonly Payload[] = [];
  #supervisor: Supervisor | undefined;
  /** With whose end it ends: who has made it, or was linked with it from the beginning. */
  #makers: ReadonlySet<string> = new Set();

  /** `entry`: of a deployment; undefined: its arguments say what it is. */
  constructor(entry: Entry | undefined) {
    this.#entry = entry;
  }

  init(_method: string, args: readonly Payload[]): void {
    this.#args = args;
  }

  get isStarting(): boolean {
    return this.#supervisor?.isUp !== true;
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    const supervisor = (this.#supervisor ??= this.#begin(kernelOf(out)));
    // Before the answers: that a child waits was told before that it has ended.
    for (let event = events.event(); event !== undefined; event = events.event()) {
      switch (event.kind) {
        case STARTED:
          supervisor.started(event.from);
          break;
        case ProcessEventKind.CANCEL:
          supervisor.stop(event.reason ?? '');
          break;
        case ProcessEventKind.EXIT:
        case ProcessEventKind.LINK_DOWN:
          if (this.#makers.has(event.from)) supervisor.stop(`${event.from} has ended`);
      }
    }
    for (let told = events.answer(); told !== undefined; told = events.answer()) {
      if (told.tag % 2 === 0) supervisor.ended(told.tag / 2, told.error);
      else supervisor.expired((told.tag - 1) / 2);
    }
    for (let message = events.message(); message !== undefined; message = events.message()) {
      // What programs send to a supervisor is for nobody.
      if (message.topic !== QUESTION_TOPIC) continue;
      const question = message.payload as unknown as Question;
      // It does not wait for its turn, as a CANCEL does not; who asks for it waits for the end.
      if (question.verb === 'stop') supervisor.stop(question.reason);
      else supervisor.asked({ ...question, from: message.from });
    }
    const ending = supervisor.proceed();
    return ending === undefined ? StepStatus.Idle : endStep(out, { value: null, error: ending.error });
  }

  close(): void {
    this.#supervisor = undefined;
  }

  #begin(process: Process): Supervisor {
    process.setOptions({ trap_links: true });
    const { entries } = process.linked.scheduler.deployed;
    const makers = new Set(process.extras?.links);
    this.#makers = makers;
    if (this.#entry !== undefined) {
      const effects = new KernelEffects(process, identityOfChildren(this.#entry, entries));
      return new Supervisor(process.id, dataOf(this.#entry, 'process.supervisor') as SupervisorSpecification, effects);
    }
    const [specification, maker] = this.#args as unknown as SupervisorArguments;
    const supervisor = new Supervisor(process.pid, specification, new KernelEffects(process, undefined, maker));
    makers.add(maker);
    if (monitorProcess(process, maker) !== undefined) supervisor.stop(`${maker} has ended`);
    return supervisor;
  }
}

const NOTHING_PREPARED = { sha256: createHash('sha256').digest('hex'), data: undefined };

const programOf = (create: () => StateMachine): Program => ({ payloads: 'value', create });

export const supervisorMachine: MachineType = {
  kinds: ['process.supervisor'],
  // There is nothing to compile: what it does is in the entry.
  prepare: async () => NOTHING_PREPARED,
  load: entry => programOf(() => new SupervisorMachine(entry)),
};

/** Supervisors that programs make. */
export const madeSupervisorMachine: MachineType = {
  kinds: [],
  prepare: async () => NOTHING_PREPARED,
  load: () => programOf(() => new SupervisorMachine(undefined)),
};
