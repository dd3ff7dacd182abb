import { closest } from 'fastest-levenshtein';
import { createServices } from '../capabilities/services.ts';
import { TroupeError } from '../errors.ts';
import { StreamTerminal } from '../hosts/stream_terminal.ts';
import type { ProcessEvent } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import type { Deployment } from '../registry/load.ts';
import { Runtime } from '../runtime.ts';
import type { ServiceStatus } from '../supervision/service.ts';
import { logCrash } from './crash_log.ts';
import { type CommonOptions, ExitCode, type Languages } from './options.ts';
import { logOf, openDeployment, workersOf } from './open.ts';
import { reporting, showError } from './report.ts';
import { stopOnSignals, surviveRejections } from './signals.ts';

/** Milliseconds that a command has to end after Ctrl-C before it is terminated. */
const STOP_TIMEOUT = 10_000;

export interface RunOptions extends CommonOptions {
  /** Open the socket for `troupe ps` and the like. */
  readonly inspect: boolean;
}

/** `troupe run`: the deployment until it is stopped, or one command of it until it ends. */
export function runCommand(
  name: string | undefined,
  args: readonly string[],
  options: RunOptions,
  languages: Languages,
): Promise<number> {
  return reporting(options, async () => {
    const deployment = await openDeployment(options);
    const command = name === undefined ? undefined : findCommand(deployment, name);
    const log = logOf(deployment);
    surviveRejections(log);
    const terminal = new StreamTerminal(args);
    const signalled: Signalled = { first: runtime => void runtime.stop() };
    let release = (): void => undefined;
    try {
      const runtime = await Runtime.start({
        deployment,
        ...languages,
        workers: workersOf(options, deployment),
        services: createServices({ root: deployment.root, terminal, log }),
        inspect: options.inspect,
        // A start can take long, and can be stopped as well.
        onStarting: starting => {
          release = stopOnSignals(terminal, reason => signalled.first(starting, reason));
        },
        onCrash: (pid, id, error) => {
          // How the command itself ends is shown when it does.
          if (id !== command?.id) logCrash(log, pid, id, error);
        },
      });
      try {
        if (runtime.stopped) return ExitCode.Fine;
        if (command === undefined && startedServices(deployment).length === 0) throw nothingToRun(deployment);
        if (command === undefined) return await runServices(runtime, signalled);
        const event = await runOne(runtime, deployment, command, terminal, signalled);
        // A signal that comes while it stops must still be one that ends at once and leaves nothing behind.
        await runtime.stop();
        const { code, untold } = endOf(event);
        if (untold !== undefined) process.stderr.write(showError(untold));
        return code;
      } finally {
        await runtime.stop();
      }
    } finally {
      release();
      terminal.close();
    }
  });
}

/** What the first signal does. */
interface Signalled {
  first: (runtime: Runtime, reason: string) => void;
}

async function runServices(runtime: Runtime, signalled: Signalled): Promise<number> {
  const stopped = new Promise<void>(resolve => {
    signalled.first = () => void runtime.stop().then(resolve);
  });
  process.stderr.write(`${summary(runtime.services)}; Ctrl-C stops\n`);
  await stopped;
  return ExitCode.Fine;
}

async function runOne(
  runtime: Runtime,
  deployment: Deployment,
  command: Entry,
  terminal: StreamTerminal,
  signalled: Signalled,
): Promise<ProcessEvent> {
  const { pid, exit } = watchCommand(runtime, deployment, command, terminal);
  signalled.first = (_runtime, reason) => {
    runtime.cancel(pid, reason);
    void runtime.wait(STOP_TIMEOUT).then(() => runtime.terminate(pid));
  };
  return await exit;
}

/** Start a command in its terminal. */
export function watchCommand(
  runtime: Runtime,
  deployment: Deployment,
  { id }: Entry,
  { args }: StreamTerminal,
): ReturnType<Runtime['watch']> {
  const terminals = [...deployment.entries.values()].filter(entry => entry.kind === 'terminal.host');
  return runtime.watch({ id, host: terminals[0].id, args });
}

/** How those that the deployment starts are, once each of them was tried. */
function summary(services: readonly ServiceStatus[]): string {
  const started = services.filter(({ state }) => state !== 'unknown');
  const waiting = started.filter(({ state }) => state !== 'running' && state !== 'exited');
  const count = started.length - waiting.length;
  const running = `${count} ${count === 1 ? 'service runs' : 'services run'}`;
  return waiting.length === 0 ? running : `${running}, not yet ${waiting.map(({ id }) => id).join(', ')}`;
}

/**
 * The exit code is the process's: a whole number that it returned, `details.exit_code` of its error (such a program has
 * said itself what it had to say), 1 for any other error, 0 otherwise. `untold`: an error that nobody has been told.
 */
export function endOf({ result = {} }: ProcessEvent): { readonly code: number; readonly untold?: TroupeError } {
  const { value, error } = result;
  if (error !== undefined) {
    const own = error.details?.exit_code;
    if (typeof own === 'number' && Number.isInteger(own) && own >= 1 && own <= 255) return { code: own };
    return { code: ExitCode.ProgramFailed, untold: error };
  }
  const isCode = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
  return { code: isCode ? value : ExitCode.Fine };
}

function startedServices(deployment: Deployment): Entry[] {
  return [...deployment.entries.values()].filter(entry => {
    const lifecycle = entry.data.lifecycle as { auto_start?: boolean } | undefined;
    return (entry.kind === 'process.service' || entry.kind === 'process.supervisor') && lifecycle?.auto_start === true;
  });
}

/** Without a command and without a service nothing would ever happen. */
function nothingToRun(deployment: Deployment): TroupeError {
  const names = [...commandsOf(deployment).keys()];
  const hint = names.length === 0 ? 'no entry has meta.command either' : `name a command: ${names.join(', ')}`;
  return new TroupeError(
    `there is nothing to run: no process.service or process.supervisor has lifecycle.auto_start; ${hint}`,
    {
      kind: 'INVALID',
      retryable: false,
    },
  );
}

function commandsOf(deployment: Deployment): Map<string, Entry> {
  const commands = new Map<string, Entry>();
  for (const entry of deployment.entries.values()) {
    const command = entry.meta.command as { name?: unknown } | undefined;
    if (typeof command?.name === 'string') commands.set(command.name, entry);
  }
  return commands;
}

/** The entry that gives itself this command; throws where there is none, or no terminal for it. */
export function findCommand(deployment: Deployment, name: string): Entry {
  const commands = commandsOf(deployment);
  const found = commands.get(name);
  if (found === undefined) {
    const names = [...commands.keys()];
    const hint =
      names.length === 0
        ? 'no entry of this deployment has meta.command'
        : `did you mean "${closest(name, names)}"? The commands are: ${names.join(', ')}`;
    throw new TroupeError(`there is no command "${name}": ${hint}`, { kind: 'NOT_FOUND', retryable: false });
  }
  if (![...deployment.entries.values()].some(entry => entry.kind === 'terminal.host')) {
    throw new TroupeError(`command "${name}" needs a terminal: add an entry of kind terminal.host`, {
      kind: 'INVALID',
      retryable: false,
    });
  }
  return found;
}
