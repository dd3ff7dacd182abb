import pc from 'picocolors';
import { formatDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import type { Plain } from '../inspect/abridged.ts';
import type { Explanation } from '../inspect/explain.ts';
import type { ProcessDetails, Some, WaitingCommand } from '../inspect/process_report.ts';
import { escapeControls } from '../logger.ts';
import { formatSize } from '../size.ts';
import { halves, parseArgument } from './argument.ts';
import { ExitCode } from './options.ts';
import { type RunningOptions, withRuntime } from './running.ts';

export interface InspectOptions extends RunningOptions {
  readonly why: boolean;
  /** `key=value`: for `--why`. */
  readonly meta: readonly string[];
}

type Line = readonly [label: string, value: string];

/** `troupe inspect`: all that is known of one process, or why it may do something, or not. */
export async function inspectCommand(
  target: string,
  action: string | undefined,
  resource: string | undefined,
  options: InspectOptions,
): Promise<number> {
  return withRuntime(options, async client => {
    if (options.why) {
      if (action === undefined || resource === undefined) throw wrongCall('--why needs <process> <action> <resource>');
      const meta = Object.fromEntries(options.meta.map(metaOf));
      const explanation = await client.ask<Explanation>({ ask: 'why', process: target, action, resource, meta });
      print(options, explanation, explanationLines(explanation, action, resource));
    } else {
      if (action !== undefined) throw wrongCall('an action and a resource are for --why');
      if (options.meta.length > 0) throw wrongCall('--meta is for --why');
      const details = await client.ask<ProcessDetails>({ ask: 'inspect', process: target });
      print(options, details, detailLines(details));
    }
    return ExitCode.Fine;
  });
}

function wrongCall(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false });
}

function metaOf(text: string): [string, unknown] {
  const [key, value] = halves('--meta', text);
  return [key, parseArgument(value)];
}

function print({ json }: InspectOptions, said: object, lines: readonly Line[]): void {
  const { stdout } = process;
  if (json) {
    stdout.write(`${JSON.stringify(said)}\n`);
    return;
  }
  const { dim } = pc.createColors(pc.isColorSupported && stdout.isTTY);
  const width = Math.max(...lines.map(([label]) => label.length));
  for (const [label, value] of lines) stdout.write(`${dim(label.padEnd(width))}  ${escapeControls(value)}\n`);
}

function detailLines(details: ProcessDetails): Line[] {
  const { actor, scope, strict, trusted, host, thread, state, kind, reachable_from, operations } = details;
  const identity: Line[] =
    actor === undefined && scope === undefined
      ? [['identity', `none: ${strict ? 'denied, for its host is strict,' : 'allowed'} what policies guard`]]
      : [
          ['actor', actor === undefined ? 'none' : JSON.stringify(actor)],
          ['scope', scope === undefined ? 'none' : scope.join(', ') || 'no policies'],
        ];
  const lines: Line[] = [
    ['pid', details.pid],
    ['entry', `${details.entry} (${kind})`],
    ['host', `${host}${trusted ? ', trusted' : ''}${strict ? ', strict' : ''}`],
    ['reached from', reachable_from === undefined ? '' : reachable_from.join(', ') || 'no other host'],
    ['operations', operations === undefined ? '' : operations.join(', ') || 'none'],
    ['thread', thread === 0 ? '0 (main)' : String(thread)],
    ['state', state],
    ['mailbox', `${details.mailbox} of ${details.limits.mailbox} messages`],
    ['topics', listed(details.topics, ({ topic, waiting }) => `${topic} (${waiting})`)],
    ['names', listed(details.names)],
    ['links', listed(details.links)],
    ['monitors', listed(details.monitors)],
    ['monitored by', listed(details.monitored_by)],
    ['awaited by', listed(details.awaited_by)],
    ['options', options(details)],
    ...identity,
    ['context', emptyIfNone(details.context)],
    ['limits', limitsText(details.limits)],
    ['imports', details.imports.join(', ')],
    ['waits for', listed(details.commands, commandText)],
    ['timers', listed(details.timers, ({ tag, in: left }) => `${tag} in ${left > 0 ? formatDuration(left) : '0s'}`)],
  ];
  return lines.filter(([, value]) => value !== '');
}

function options({ trap_links, upgradable }: ProcessDetails): string {
  return [trap_links ? 'trap_links' : '', upgradable ? 'upgradable' : ''].filter(text => text !== '').join(', ');
}

function listed(some: Some<string>): string;
function listed<T>(some: Some<T>, show: (item: T) => string): string;
function listed<T>({ count, first }: Some<T>, show: (item: T) => string = String): string {
  const more = count - first.length;
  return first.map(show).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function emptyIfNone(map: Plain): string {
  const text = JSON.stringify(map);
  return text === '{}' ? '' : text;
}

function limitsText(limits: ProcessDetails['limits']): string {
  return Object.entries(limits)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? amount(name, value) : value}`)
    .join(', ');
}

function amount(name: string, value: number): string {
  if (name.startsWith('cpu_')) return formatDuration(value);
  return name === 'mailbox' ? String(value) : formatSize(value);
}

function commandText({ operation, exec, entry }: WaitingCommand): string {
  return operation ?? `the end of ${exec} (${entry})`;
}

function explanationLines(explanation: Explanation, action: string, resource: string): Line[] {
  const { allowed, policy, rule, why, remedy, host, actor, scope, meta, considered } = explanation;
  const lines: Line[] = [
    [allowed ? 'allowed' : 'denied', `${action} of ${resource}`],
    ['why', why],
    ['to change it', remedy ?? ''],
    ['policy', policy ?? 'none decided'],
    ['rule', rule ?? ''],
    ['host', host],
    ['meta', emptyIfNone(meta)],
    ['actor', actor === undefined ? 'none' : JSON.stringify(actor)],
    ['scope', scope === undefined ? 'none' : scope.join(', ') || 'no policies'],
    ...considered.map(({ policy: id, effect, said }): Line => [id, `${verdict(effect)}: ${said}`]),
  ];
  return lines.filter(([, value]) => value !== '');
}

function verdict(effect: Explanation['effect']): string {
  return effect === 'undefined' ? 'says nothing' : effect === 'allow' ? 'allows' : 'denies';
}
