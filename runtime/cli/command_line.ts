/**
 * `troupe`: arguments in, exit code out (semantics section 10). 0 fine, 1 the program failed, 2 the call is wrong.
 * What a command does is loaded when it is called, so that help, version and small commands are there at once.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../duration.ts';
import type { BuildOptions } from './build.ts';
import { BUILD_HELP, DEV_HELP, TEST_HELP } from './help.ts';
import { type CommonOptions, ExitCode, type LoadLanguages } from './options.ts';
import type { RunOptions } from './run.ts';
import { addRunningCommands } from './running_commands.ts';
import type { TestOptions } from './test.ts';

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

function workerCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > 64) {
    throw new InvalidArgumentError('it must be a whole number from 0 (run on the main thread) to 64');
  }
  return count;
}

function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds <= 0) {
    throw new InvalidArgumentError('it must be a duration above zero such as "500ms", "30s" or "1m30s"');
  }
  return milliseconds;
}

function withCommonOptions(command: Command): Command {
  return command
    .option('-C, --directory <dir>', 'folder of the deployment', '.')
    .option('--json', 'machine-readable output', false)
    .option('--workers <n>', 'worker threads (0: everything on the main thread)', workerCount)
    .option('--set <key=value>', 'a setting of the runtime, as in .troupe.yaml', collect, [])
    .option('-o, --override <ns:name:path=value>', 'replace a value of an entry', collect, []);
}

function version(): string {
  // From dist/runtime/cli as from runtime/cli the package's file is the next one upwards.
  for (const up of ['../../', '../../../']) {
    try {
      const text = readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not there: one folder up.
    }
  }
  return 'unknown';
}

/** Run one command line and answer its exit code. Writes to this process's stdout and stderr; throws nothing. */
export async function runCommandLine(argv: readonly string[], languages: LoadLanguages): Promise<number> {
  // A reader that has gone away (`| head`) wants no more: that is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(ExitCode.Fine);
      // The terminal is gone, which SIGHUP says too: what runs is stopped in order.
      if (error.code === 'EIO') return;
      if (stream === process.stdout) process.stderr.write(`error: standard output: ${error.message}\n`);
      process.exit(ExitCode.ProgramFailed);
    });
  }
  let code: number = ExitCode.Fine;
  const program = new Command('troupe')
    .description('Small isolated processes in Lua, TypeScript, XState and WebAssembly under one scheduler')
    .version(version())
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the ways to call it)')
    .exitOverride();
  withCommonOptions(program.command('run'))
    .description('start a deployment, or one named command of it in its terminal host')
    .argument('[command]', 'a name that an entry gives itself in meta.command')
    .argument('[args...]', 'arguments of the command: all that follows it, options too')
    .option('--no-inspect', 'open no socket for ps, inspect, services and the like')
    .passThroughOptions()
    .action(async (command: string | undefined, args: string[], options: RunOptions) => {
      const { runCommand } = await import('./run.ts');
      code = await runCommand(command, args, options, await languages());
    });
  withCommonOptions(program.command('dev'))
    .description('run a deployment, or one named command of it, and bring in what changes in its folder')
    .argument('[command]', 'a name that an entry gives itself in meta.command; started again after each change')
    .argument('[args...]', 'arguments of the command: all that follows it, options too')
    .option('--no-inspect', 'open no socket for ps, inspect, services and the like')
    .passThroughOptions()
    .addHelpText('after', DEV_HELP)
    .action(async (command: string | undefined, args: string[], options: RunOptions) => {
      const { devCommand } = await import('./dev.ts');
      code = await devCommand(command, args, options, await languages());
    });
  withCommonOptions(program.command('exec'))
    .description('run one entry and print its result as JSON')
    .argument('<id>', 'the entry, namespace:name')
    .argument('[args...]', 'arguments, each a JSON value (what is not JSON is taken as text)')
    .option('--host <id>', 'the host to run it on')
    .action(async (id: string, args: string[], options: CommonOptions & { host?: string }) => {
      const { execCommand } = await import('./exec.ts');
      code = await execCommand(id, args, options, await languages());
    });
  withCommonOptions(program.command('check'))
    .description('validate and link a deployment without running it')
    .action(async (options: CommonOptions) => {
      const { checkCommand } = await import('./check.ts');
      code = await checkCommand(options, await languages());
    });
  withCommonOptions(program.command('build'))
    .description('compile entries to files that run without their compiler')
    .argument('[ids...]', 'the entries, namespace:name (default: all that are compiled)')
    .option('--out <dir>', 'folder for the files (default: build in the folder of the deployment)')
    .addOption(new Option('--optimize <for>', 'what to optimize for').choices(['speed', 'size']).default('speed'))
    .option('--text', 'also write a form that people can read (.wat)', false)
    .addHelpText('after', BUILD_HELP)
    .action(async (ids: string[], options: BuildOptions) => {
      const { buildCommand } = await import('./build.ts');
      code = await buildCommand(ids, options, await languages());
    });
  withCommonOptions(program.command('test'))
    .description('run the tests of a deployment: functions with meta.type: test')
    .option(
      '--ns <pattern>',
      'only tests of this namespace, a name or a glob such as "shop.*"; can be repeated',
      collect,
      [],
    )
    .option('--suite <pattern>', 'only tests of this suite, a name or a glob; can be repeated', collect, [])
    .addOption(
      new Option('--timeout <duration>', 'how long each test may take').argParser(duration).default(30_000, '30s'),
    )
    .option('--bail', 'stop at the first failure', false)
    .addHelpText('after', TEST_HELP)
    .action(async (options: TestOptions) => {
      const { testCommand } = await import('./test.ts');
      code = await testCommand(options, await languages());
    });
  addRunningCommands(program, collect, ended => {
    code = ended;
  });
  program
    .command('schema')
    .description('print the JSON Schema of the YAML')
    .action(async () => {
      const { deploymentSchema } = await import('../registry/json_schema.ts');
      process.stdout.write(`${JSON.stringify(deploymentSchema(), null, 2)}\n`);
    });
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help and version are no errors, and commander has printed what is wrong with a call.
    return thrown.exitCode === 0 ? ExitCode.Fine : ExitCode.Wrong;
  }
  return code;
}
