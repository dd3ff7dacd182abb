/** What programs say of supervisors and their children, as in YAML: read, checked, and with every default filled in. */
import type { Payload } from '../payload/payload.ts';
import { kindOf } from '../supervision/entries.ts';
import { type FallbackTo, FALLBACKS } from '../supervision/fallback.ts';
import {
  AUTO_SHUTDOWNS,
  type AutoShutdown,
  boundsOf,
  type ChildSpecification,
  INFINITY,
  RESTARTS,
  type Restart,
  STRATEGIES,
  type Strategy,
  SUPERVISION_DEFAULTS,
  type SupervisorSpecification,
} from '../supervision/specification.ts';
import {
  booleanArgument,
  durationOf,
  integerArgument,
  invalid,
  listArgument,
  numberArgument,
  type Options,
  recordArgument,
  refuseUnknownOptions,
  textArgument,
  wordArgument,
} from './arguments.ts';
import type { CallContext } from './capability.ts';
import { fullId } from './full_id.ts';

const KEYS = named('strategy', 'intensity', 'auto_shutdown', 'children');
const INTENSITY_KEYS = named('max', 'within');
const CHILD_KEYS = named(
  'process',
  'name',
  'host',
  'input',
  'restart',
  'shutdown',
  'start_timeout',
  'significant',
  'fallback',
);

function named(...names: string[]): { readonly name: string }[] {
  return names.map(name => ({ name }));
}

/** Throws INVALID. `operation`: with which messages begin. */
export function readSpecification(context: CallContext, given: Payload, operation: string): SupervisorSpecification {
  const read = new Reader(recordArgument(given, operation, 'specification'), operation, '', KEYS);
  const strategy = read.word('strategy', STRATEGIES, SUPERVISION_DEFAULTS.strategy) as Strategy;
  const intensity = new Reader(read.record('intensity'), operation, 'intensity.', INTENSITY_KEYS);
  const children = read.list('children').map((child, i) => readChild(context, child, operation, `children[${i}]`));
  const usual: AutoShutdown = children.some(child => child.significant) ? 'any_significant' : 'never';
  const autoShutdown = read.word('auto_shutdown', AUTO_SHUTDOWNS, usual) as AutoShutdown;
  if (strategy === 'simple_one_for_one' && (children.length !== 1 || children[0].name !== undefined)) {
    throw invalid(
      operation,
      'simple_one_for_one has one child, the template of all that are started, and it has no name',
    );
  }
  if (autoShutdown === 'never' && usual !== 'never') {
    throw invalid(operation, 'a significant child has no effect where auto_shutdown is "never"');
  }
  return {
    strategy,
    intensity: {
      max: intensity.integer('max', SUPERVISION_DEFAULTS.max),
      within: intensity.duration('within', 'positive') ?? durationOf(SUPERVISION_DEFAULTS.within, operation),
    },
    auto_shutdown: autoShutdown,
    children,
  };
}

/** An id, or an object with a `process`. `path`: how messages name it. */
export function readChild(context: CallContext, given: Payload, operation: string, path: string): ChildSpecification {
  const options = typeof given === 'string' ? { process: given } : recordArgument(given, operation, path);
  const read = new Reader(options, operation, `${path}.`, CHILD_KEYS);
  const written = read.text('process');
  if (written === undefined) {
    throw invalid(operation, `${path} needs the key "process", the id of a program, a service or a supervisor`);
  }
  const process = fullId(written, context.id);
  const host = read.text('host');
  const kind = kindOf(process, context.entries ?? new Map());
  const restart = read.word('restart', RESTARTS, SUPERVISION_DEFAULTS.restart) as Restart;
  const significant = read.boolean('significant', SUPERVISION_DEFAULTS.significant);
  if (significant && restart === 'permanent') {
    throw invalid(operation, `${path}.significant: a permanent child is always restarted, so its end never counts`);
  }
  return {
    process,
    host: host === undefined ? undefined : fullId(host, context.id),
    input: read.list('input'),
    name: read.text('name'),
    restart,
    ...boundsOf(kind === 'supervisor', read.bound('shutdown', 'zero'), read.bound('start_timeout', 'positive')),
    significant,
    fallback: read.word('fallback', FALLBACKS, SUPERVISION_DEFAULTS.fallback) as FallbackTo,
    kind,
  };
}

/** The keys of one object; `null` counts as left out. */
class Reader {
  readonly #options: Options;
  readonly #operation: string;
  readonly #before: string;

  /** `before`: what stands in front of its keys in messages. Throws INVALID for a key that is not `known`. */
  constructor(options: Options, operation: string, before: string, known: readonly { readonly name: string }[]) {
    refuseUnknownOptions(options, operation, before, known);
    this.#options = options;
    this.#operation = operation;
    this.#before = before;
  }

  #read<T>(key: string, otherwise: T, read: (value: Payload, operation: string, name: string) => T): T {
    const value = this.#options[key];
    return value === undefined || value === null ? otherwise : read(value, this.#operation, this.#before + key);
  }

  text(key: string): string | undefined {
    return this.#read<string | undefined>(key, undefined, textArgument);
  }

  boolean(key: string, otherwise: boolean): boolean {
    return this.#read(key, otherwise, booleanArgument);
  }

  integer(key: string, otherwise: number): number {
    return this.#read(key, otherwise, (value, operation, name) => integerArgument(value, operation, name, 0));
  }

  word(key: string, words: readonly string[], otherwise: string): string {
    return this.#read(key, otherwise, (value, operation, name) => wordArgument(value, operation, name, words));
  }

  record(key: string): Options {
    return this.#read(key, {}, recordArgument);
  }

  list(key: string): readonly Payload[] {
    return this.#read<readonly Payload[]>(key, [], listArgument);
  }

  /** Milliseconds, from nanoseconds or a text such as `5ms`. */
  duration(key: string, least: 'zero' | 'positive'): number | undefined {
    return this.#read<number | undefined>(key, undefined, (value, operation, name) => {
      const read =
        typeof value === 'string' ? durationOf(value, operation) : numberArgument(value, operation, name) / 1e6;
      if (read > 0 || (read === 0 && least === 'zero')) return read;
      throw invalid(operation, `${name} must be ${least === 'zero' ? 'zero or more' : 'longer than zero'}`);
    });
  }

  bound(key: string, least: 'zero' | 'positive'): number | undefined {
    return this.#options[key] === INFINITY ? Number.POSITIVE_INFINITY : this.duration(key, least);
  }
}
