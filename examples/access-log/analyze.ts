/** The command: reads its arguments, runs a job, shows how far it is, prints the report. */
import { defineProcess, EventKind, type Incoming, type ProcessEvent, type Self, TroupeError } from 'troupe/sdk';
import type { JobResult, JobSettings } from './job.ts';
import { progressLine } from './progress.ts';
import type { Progress } from './protocol.ts';
import { showReport } from './report.ts';

const USAGE = `usage: analyze FILE [--json] [--top N] [--parsers N] [--chaos N]

  FILE          access log in Combined Log Format, plain or packed with gzip
  --json        print one JSON object instead of tables
  --top N       rows of the tables of paths and clients (default 10)
  --parsers N   parser processes (default 2)
  --chaos N     make the parser crash on every Nth chunk, to see that nothing is lost
`;

interface Options {
  file: string;
  json: boolean;
  top: number;
  parsers: number;
  chaos: number;
}

const CHUNK_BYTES = 256 * 1024;
const CLEAR_LINE = '\r\u001b[2K';

/** The result is the exit code: 0, 1 where the file cannot be read, 2 where the arguments are wrong. */
export default defineProcess<[], { progress: Progress }, number>(function* (self) {
  const args = self.io.args();
  if (args.includes('--help')) {
    yield* self.io.write(USAGE);
    return 0;
  }
  const options = optionsOf(args);
  if (typeof options === 'string') {
    yield* self.io.writeError(`${options}\n\n${USAGE}`);
    return 2;
  }
  self.fork(endWhenCancelled, self.events());
  const { file, json, top, parsers, chaos } = options;
  const settings: JobSettings = { file, top, parsers, chaos, chunk: CHUNK_BYTES, progress: self.pid };
  const shown = self.io.isTty() && !json;
  if (shown) self.fork(() => showProgress(self));
  const report = yield* self.exec<JobResult>('log:job', 'log:work', settings);
  if (shown) yield* self.io.writeError(CLEAR_LINE);
  if ('failed' in report) {
    yield* self.io.writeError(`${report.failed}\n`);
    return 1;
  }
  if (json) yield* self.io.write(`${JSON.stringify(report)}\n`);
  else yield* self.io.write(showReport(report, self.io.columns()));
  return 0;
});

/** Ctrl-C: an error in any path ends the process, and the job that it waits for. */
function* endWhenCancelled(events: Incoming<ProcessEvent>): Generator<any, void, any> {
  for (;;) {
    const event = yield* events.receive();
    if (event?.kind === EventKind.CANCEL) throw new TroupeError('interrupted', { kind: 'CANCELED' });
  }
}

/** One line on the screen, drawn anew each time there is news. */
function* showProgress(self: Self<{ progress: Progress }>): Generator<any, void, any> {
  let drawn = '';
  for (;;) {
    let message = yield* self.receive();
    // Only the latest counts.
    for (let next = self.tryReceive(); next !== undefined; next = self.tryReceive()) message = next;
    const line = progressLine(message.payload, self.io.columns());
    if (line === drawn) continue;
    drawn = line;
    yield* self.io.writeError(CLEAR_LINE + line);
  }
}

/** The options, or what is wrong with them. */
function optionsOf(args: readonly string[]): Options | string {
  const options: Options = { file: '', json: false, top: 10, parsers: 2, chaos: 0 };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--json') options.json = true;
    else if (arg === '--top' || arg === '--parsers' || arg === '--chaos') {
      const count = Number(args[++i]);
      const most = arg === '--parsers' ? 16 : 10_000;
      if (!Number.isInteger(count) || count < 1 || count > most) return `${arg} takes a whole number from 1 to ${most}`;
      options[arg.slice(2) as 'top' | 'parsers' | 'chaos'] = count;
    } else if (arg.startsWith('-') && arg !== '-') return `there is no option ${arg}`;
    else if (options.file !== '') return `one file at a time: ${options.file} or ${arg}?`;
    else options.file = arg;
  }
  return options.file === '' ? 'which file?' : options;
}
