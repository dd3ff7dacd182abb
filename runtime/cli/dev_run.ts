/** What `troupe dev` runs: the deployment, and one command of it where one is named. */
import { capabilityDefinitions } from '../capabilities/index.ts';
import { createServices } from '../capabilities/services.ts';
import { systemClock } from '../clock.ts';
import type { DevEvent } from '../dev/event.ts';
import { frameOfSource } from '../dev/frames.ts';
import type { Rolled } from '../live/rollout.ts';
import type { Brought, DevTarget } from '../dev/session.ts';
import { isTermination } from '../catalogue.ts';
import { type TroupeError, toTroupeError } from '../errors.ts';
import { Preparations } from '../hosts/preparations.ts';
import { prepareDeployment } from '../hosts/prepare.ts';
import type { StreamTerminal } from '../hosts/stream_terminal.ts';
import type { ProcessEvent } from '../machine.ts';
import { type Entry, parsePlace } from '../registry/entry.ts';
import type { Deployment } from '../registry/load.ts';
import { Runtime } from '../runtime.ts';
import { hasFailed } from '../supervision/service.ts';
import type { Languages } from './options.ts';
import { logOf, openDeployment, workersOf } from './open.ts';
import type { colorsOfErrors } from './report.ts';
import { endOf, findCommand, type RunOptions, watchCommand } from './run.ts';

/** Milliseconds that services have to start before changes are followed. */
const START_PATIENCE = 1_000;
/** Milliseconds that a command has to end before the changed one is started. */
const COMMAND_TIMEOUT = 1_000;

export interface DevRunOptions {
  readonly command: string | undefined;
  readonly terminal: StreamTerminal;
  readonly options: RunOptions;
  readonly languages: Languages;
  readonly tell: (event: DevEvent) => void;
  /** Of the lines around places. */
  readonly colors: typeof colorsOfErrors;
}

interface Command {
  readonly pid: string;
  readonly exit: Promise<ProcessEvent>;
}

export class DevRun implements DevTarget {
  readonly #options: DevRunOptions;
  readonly #preparations = new Preparations({ quick: true });
  #runtime: Runtime | undefined;
  #command: Command | undefined;
  /** Crashes that were shown with the lines around their place, since the code last changed. */
  readonly #framed = new Set<string>();

  constructor(options: DevRunOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#runtime !== undefined;
  }

  get files(): Iterable<string> {
    return this.#preparations.files;
  }

  async bring(): Promise<Brought> {
    if (this.#runtime === undefined) return this.#bringUp();
    const runtime = this.#runtime;
    const { added, changed, removed, needs_restart } = await runtime.registry.reload({ by: { what: 'dev' } });
    const { deployment } = runtime;
    const command = this.#commandOf(deployment);
    if (added.length + changed.length + removed.length === 0) {
      return { deployment, added, changed, removed, restarted: 0, told: 0 };
    }
    this.#framed.clear();
    await this.#endCommand(runtime);
    const failed = runtime.services.filter(hasFailed);
    const services = needs_restart.map(({ id }) => id);
    const rolled = await runtime.rollOut(changed, { policy: 'restart', impatient: true, services });
    for (const { id } of failed) this.#startFailed(runtime, id);
    if (command !== undefined) this.#startCommand(runtime, deployment, command);
    const count = (wanted: Rolled['what']): number => rolled.filter(({ what }) => what === wanted).length;
    const restarted = count('restarted') + failed.length + (command === undefined ? 0 : 1);
    return { deployment, added, changed, removed, restarted, told: count('told') };
  }

  async #bringUp(): Promise<Brought> {
    const deployment = await openDeployment(this.#options.options);
    const command = this.#commandOf(deployment);
    const runtime = await this.#start(deployment);
    if (command !== undefined) this.#startCommand(runtime, deployment, command);
    return { deployment, added: [], changed: [], removed: [], restarted: 0, told: 0 };
  }

  #commandOf(deployment: Deployment): Entry | undefined {
    const { command } = this.#options;
    return command === undefined ? undefined : findCommand(deployment, command);
  }

  async stop(): Promise<void> {
    await this.#runtime?.stop();
  }

  /** Services that take long to start go on with that, and what is wrong with them is told later. */
  async #start(deployment: Deployment): Promise<Runtime> {
    const { terminal, options, languages } = this.#options;
    const { machines } = languages;
    const preparations = this.#preparations;
    const data = await prepareDeployment(deployment, { machines, capabilities: capabilityDefinitions, preparations });
    const runtimeOptions = {
      deployment,
      ...languages,
      workers: workersOf(options, deployment),
      services: createServices({ root: deployment.root, terminal, log: logOf(deployment) }),
      inspect: options.inspect,
      onStarting: (runtime: Runtime) => {
        this.#runtime = runtime;
      },
      onCrash: (pid: string, id: string, error: TroupeError) => this.#tellCrash(pid, id, error),
    };
    const starting = Runtime.startPrepared(data, runtimeOptions, preparations).catch(thrown => {
      this.#runtime = undefined;
      throw thrown;
    });
    const patience = new Promise<void>(resolve => void systemClock.arm(START_PATIENCE, resolve));
    const started = await Promise.race([starting, patience]);
    if (started !== undefined) return started;
    if (this.#runtime === undefined) return starting;
    starting.catch(thrown => {
      const { message, kind } = toTroupeError(thrown);
      const problems = [{ place: null, message, kind, frame: '' }];
      this.#options.tell({ event: 'broken', problems, running: false, same: false });
    });
    return this.#runtime;
  }

  /** Whatever it has failed of may be mended now, so it waits for no restart, however late or given up. How that goes is told. */
  #startFailed(runtime: Runtime, id: string): void {
    runtime.startService(id).catch(() => undefined);
  }

  #startCommand(runtime: Runtime, deployment: Deployment, entry: Entry): void {
    const { terminal, tell, command: name } = this.#options;
    const command = watchCommand(runtime, deployment, entry, terminal);
    this.#command = command;
    void command.exit.then(event => {
      if (this.#command !== command) return;
      this.#command = undefined;
      terminal.restore();
      if (!runtime.stopped) tell({ event: 'command_ended', name: name!, code: endOf(event).code });
    });
  }

  async #endCommand(runtime: Runtime): Promise<void> {
    const command = this.#command;
    if (command === undefined) return;
    this.#command = undefined;
    runtime.cancel(command.pid, 'its code has changed');
    const late = await Promise.race([command.exit, runtime.wait(COMMAND_TIMEOUT)]);
    if (late === undefined) runtime.terminate(command.pid);
    await command.exit;
    this.#options.terminal.restore();
  }

  #tellCrash(pid: string, id: string, error: TroupeError): void {
    // Somebody wanted that.
    if (isTermination(error)) return;
    const { tell, colors } = this.#options;
    const { message, kind } = error;
    const place = parsePlace(error.place) ?? null;
    const which = JSON.stringify([id, error.place, message]);
    const frame =
      place === null || this.#framed.has(which) ? '' : frameOfSource(this.#runtime!.deployment, place, colors);
    this.#framed.add(which);
    tell({ event: 'crashed', pid, id, message, kind, place, frame });
  }
}
