/**
 * The smallest language there is: programs are step functions of the test itself. It drives the kernel through the
 * contract alone, so that the kernel's rules are tested without any real language.
 */
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { DeployedData } from '../../runtime/hosts/deployed.ts';
import { type HostLimits, hostSettings } from '../../runtime/hosts/host.ts';
import {
  type Artifact,
  type EventQueue,
  type MachineType,
  type Payload,
  type StateMachine,
  type StepOutput,
  StepStatus,
} from '../../runtime/machine.ts';
import type { Entry } from '../../runtime/registry/entry.ts';
import type { Deployment } from '../../runtime/registry/load.ts';
import { Runtime } from '../../runtime/runtime.ts';

export type StepFunction = (events: EventQueue, out: StepOutput) => StepStatus;
/** Called once a process with its arguments; the result is stepped. */
export type NativeProgram = (...args: Payload[]) => StepFunction;

export const closed: string[] = [];

class NativeMachine implements StateMachine {
  readonly #program: NativeProgram;
  readonly #name: string;
  #step: StepFunction | undefined;
  #closes = 0;

  constructor(program: NativeProgram, name: string) {
    this.#program = program;
    this.#name = name;
  }

  init(_method: string, args: readonly Payload[]): void {
    this.#step = this.#program(...args);
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    if (this.#closes > 0) throw new Error('stepped after close');
    return this.#step!(events, out);
  }

  close(): void {
    if (++this.#closes > 1) throw new Error('closed twice');
    closed.push(this.#name);
  }
}

function entryOf(name: string, kind: Entry['kind'], data: Entry['data'] = {}): Entry {
  const place = { file: 'test.yaml', line: 1, column: 1 };
  return {
    id: `t:${name}`,
    namespace: 't',
    name,
    kind,
    meta: {},
    place,
    source: undefined,
    method: 'main',
    wants: [],
    libraries: {},
    data,
  };
}

export interface NativeOptions {
  readonly limits?: HostLimits;
  readonly maxProcesses?: number;
  readonly clock?: Clock;
  readonly onCrash?: (pid: string, id: string) => void;
}

/** One host, `t:host`, and entries `t:<name>` of the kind `process.ts`, prepared. */
export function nativeData(names: readonly string[], options: NativeOptions = {}): DeployedData {
  const host = entryOf('host', 'process.host', {
    limits: options.limits ?? {},
    host: options.maxProcesses === undefined ? {} : { max_processes: options.maxProcesses },
  });
  const entries = [host, ...names.map(name => entryOf(name, 'process.ts'))];
  const artifacts = new Map<string, Artifact>(
    entries.slice(1).map(entry => [entry.id, { sha256: entry.id, data: null }]),
  );
  return { entries, artifacts, hosts: hostSettings(new Map(entries.map(entry => [entry.id, entry])), {}) };
}

/** A runtime on this thread with one host, `t:host`, and the given programs as `t:<name>`. */
export async function startNative(
  programs: { readonly [name: string]: NativeProgram },
  options: NativeOptions = {},
): Promise<Runtime> {
  closed.length = 0;
  const machine: MachineType = {
    kinds: ['process.ts'],
    prepare: () => Promise.reject(new Error('not used')),
    load: entry => ({ payloads: 'value', create: () => new NativeMachine(programs[entry.name], entry.name) }),
  };
  const data = nativeData(Object.keys(programs), options);
  const deployment: Deployment = {
    root: '.',
    entries: new Map(data.entries.map(entry => [entry.id, entry])),
    settings: {} as Deployment['settings'],
  };
  return Runtime.startPrepared(data, {
    deployment,
    machines: [machine],
    capabilities: capabilityDefinitions,
    clock: options.clock,
    onCrash: options.onCrash,
  });
}

/** A program that waits for messages for ever and hands each to `receive`. */
export function receiver(
  receive: (topic: string, payload: Payload, out: StepOutput, from: string) => void,
): StepFunction {
  return (events, out) => {
    for (let message = events.message(); message !== undefined; message = events.message()) {
      receive(message.topic, message.payload, out, message.from);
    }
    return StepStatus.Idle;
  };
}
