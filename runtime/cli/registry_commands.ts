/** `troupe registry`: the entries of a deployment that runs, to look at and to change. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ChangeCommandOptions } from './registry.ts';
import type { RunningOptions } from './running.ts';

const HELP = `
Changes hold as long as the runtime runs and touch no files; "export" prints them as a file for the folder.
A change is made as a whole or not at all. Processes go on with what they run; what is spawned from then on is new.`;

const SET_HELP = `
The file is YAML as in the folder: namespace and entries, or one entry. An entry takes the place of one of the same id.
"file://" in it is relative to the folder of the deployment.`;

function versionNumber(text: string): number {
  const version = Number(text);
  if (!Number.isSafeInteger(version) || version < 0)
    throw new InvalidArgumentError('it must be the number of a version');
  return version;
}

/** `command` makes one that goes to a running deployment; `ended` is told the exit code. */
export function addRegistryCommands(
  program: Command,
  command: (name: string, description: string, parent: Command) => Command,
  ended: (code: number) => void,
): void {
  const registry = program
    .command('registry')
    .description('look at the entries of a deployment that runs, or change them')
    .addHelpText('after', HELP);
  const changing = (name: string, description: string): Command =>
    command(name, description, registry)
      .option('--dry-run', 'check everything and say what would change, but change nothing', false)
      .option('--if-version <n>', 'only if the deployment is of this version', versionNumber)
      .option('--note <text>', 'what the history says about it');
  command('list', 'list the entries', registry).action(async (options: RunningOptions) => {
    const { listCommand } = await import('./registry.ts');
    ended(await listCommand(options));
  });
  changing('set', 'add entries, or replace those of the same ids')
    .argument('<file>', 'YAML with entries; "-": standard input')
    .addHelpText('after', SET_HELP)
    .action(async (file: string, options: ChangeCommandOptions) => {
      const { setCommand } = await import('./registry.ts');
      ended(await setCommand(file, options));
    });
  changing('remove', 'remove entries')
    .argument('<ids...>', 'the entries, namespace:name')
    .action(async (ids: string[], options: ChangeCommandOptions) => {
      const { removeCommand } = await import('./registry.ts');
      ended(await removeCommand(ids, options));
    });
  command('history', 'list what has changed, and by whom', registry).action(async (options: RunningOptions) => {
    const { historyCommand } = await import('./registry.ts');
    ended(await historyCommand(options));
  });
  changing('undo', 'bring back what was set at run time in an earlier version')
    .argument('[version]', 'its number (default: the version before; again: the one before that)', versionNumber)
    .action(async (version: number | undefined, options: ChangeCommandOptions) => {
      const { undoCommand } = await import('./registry.ts');
      ended(await undoCommand(version, options));
    });
  command('diff', 'list what has become of the entries between two versions', registry)
    .argument('<from>', 'number of a version', versionNumber)
    .argument('[to]', 'number of a version (default: the present one)', versionNumber)
    .action(async (from: number, to: number | undefined, options: RunningOptions) => {
      const { diffCommand } = await import('./registry.ts');
      ended(await diffCommand(from, to, options));
    });
  command('export', 'print what was set at run time as YAML, to be put into the folder', registry)
    .argument('[namespace]', 'only this one: a file has one namespace')
    .action(async (namespace: string | undefined, options: RunningOptions) => {
      const { exportCommand } = await import('./registry.ts');
      ended(await exportCommand(namespace, options));
    });
}
