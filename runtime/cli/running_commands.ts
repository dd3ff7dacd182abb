/** The commands of `troupe` that go to a deployment that runs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../duration.ts';
import { MOST_ROWS } from '../inspect/protocol.ts';
import { POLICIES } from '../live/policy.ts';
import { INSPECT_HELP, PS_HELP, SERVICES_HELP, UPGRADE_HELP } from './help.ts';
import type { InspectOptions } from './inspect.ts';
import type { PsOptions } from './ps.ts';
import { addRegistryCommands } from './registry_commands.ts';
import type { RunningOptions } from './running.ts';
import type { UpgradeOptions } from './upgrade.ts';

const PROCESS = 'its PID, quoted for the shell, or a registered name';
const SERVICE = 'the id of its entry';

function wholeNumber(most: number): (text: string) => number {
  return text => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > most) {
      throw new InvalidArgumentError(`it must be a whole number from 1 to ${most}`);
    }
    return count;
  };
}

function durationOrZero(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds < 0) {
    throw new InvalidArgumentError('it must be a duration such as "500ms", "30s" or "0"');
  }
  return milliseconds;
}

/** `ended` is told the exit code. */
export function addRunningCommands(
  program: Command,
  collect: (value: string, all: string[]) => string[],
  ended: (code: number) => void,
): void {
  const command = (name: string, description: string, parent = program): Command =>
    parent
      .command(name)
      .description(description)
      .option('-C, --directory <dir>', 'folder of the deployment that runs', '.')
      .option('--runtime <number>', 'process of the system that runs it, where there are several', wholeNumber(2 ** 31))
      .option('--json', 'machine-readable output', false);
  command('ps', 'list the processes of a deployment that runs')
    .option('--host <id>', 'only those of this host')
    .option('--entry <id>', 'only those that run this entry')
    .option('--limit <n>', 'so many at most', wholeNumber(MOST_ROWS), 1_000)
    .addHelpText('after', PS_HELP)
    .action(async (options: PsOptions) => {
      const { psCommand } = await import('./ps.ts');
      ended(await psCommand(options));
    });
  command('inspect', 'say all that is known of a process, or why it may do something')
    .argument('<process>', PROCESS)
    .argument('[action]', 'for --why: what it would do, such as process.send')
    .argument('[resource]', 'for --why: what it would do it to')
    .option('--why', 'explain the decision of the policies', false)
    .option('--meta <key=value>', 'for --why: what the call says of the resource; can be repeated', collect, [])
    .addHelpText('after', INSPECT_HELP)
    .action(
      async (target: string, action: string | undefined, resource: string | undefined, options: InspectOptions) => {
        const { inspectCommand } = await import('./inspect.ts');
        ended(await inspectCommand(target, action, resource, options));
      },
    );
  command('upgrade', 'bring what has changed in the folder to a deployment that runs')
    .argument('[target]', 'a service, a supervisor, an entry, or a process; default: everything that has changed')
    .option('--dry-run', 'say what would change, capabilities gained and lost included', false)
    .addOption(
      new Option('--policy <policy>', 'for processes that have not asked to be told')
        .choices(POLICIES)
        .default('restart'),
    )
    .addOption(new Option('--stable <duration>', 'for how long what is new must not fail').argParser(durationOrZero))
    .addHelpText('after', UPGRADE_HELP)
    .action(async (target: string | undefined, options: UpgradeOptions) => {
      const { upgradeCommand } = await import('./upgrade.ts');
      ended(await upgradeCommand(target, options));
    });
  command('send', 'send a message to a process of a deployment that runs')
    .argument('<process>', PROCESS)
    .argument('<topic>', 'the topic')
    .argument('[values...]', 'payloads, each a JSON value (what is not JSON is taken as text)')
    .action(async (to: string, topic: string, values: string[], options: RunningOptions) => {
      const { sendCommand } = await import('./send.ts');
      ended(await sendCommand(to, topic, values, options));
    });
  command('cancel', 'ask a process of a deployment that runs to end')
    .argument('<process>', PROCESS)
    .option('--reason <text>', 'what its CANCEL event says')
    .action(async (to: string, options: RunningOptions & { reason: string | undefined }) => {
      const { cancelCommand } = await import('./end_process.ts');
      ended(await cancelCommand(to, options));
    });
  command('services', 'list the services of a deployment that runs')
    .addHelpText('after', SERVICES_HELP)
    .action(async (options: RunningOptions) => {
      const { servicesCommand } = await import('./services.ts');
      ended(await servicesCommand(options));
    });
  for (const how of ['start', 'restart'] as const) {
    const what =
      how === 'start' ? 'start a service, and what it requires,' : 'stop a service in order and start it anew';
    command(how, `${what} in a deployment that runs`)
      .argument('<service>', SERVICE)
      .action(async (id: string, options: RunningOptions) => {
        const { startServiceCommand } = await import('./services.ts');
        ended(await startServiceCommand(how, id, options));
      });
  }
  command('stop', 'stop a service of a deployment that runs, after those that require it')
    .argument('<service>', SERVICE)
    .action(async (id: string, options: RunningOptions) => {
      const { stopServiceCommand } = await import('./services.ts');
      ended(await stopServiceCommand(id, options));
    });
  command('terminate', 'end a process of a deployment that runs')
    .argument('<process>', PROCESS)
    .action(async (to: string, options: RunningOptions) => {
      const { terminateCommand } = await import('./end_process.ts');
      ended(await terminateCommand(to, options));
    });
  addRegistryCommands(program, command, ended);
}
