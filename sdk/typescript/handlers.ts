/**
 * Handlers: a process whose whole state is data. It is never in the middle of anything between two messages, so it can
 * go on in another thread at any time.
 *
 *     export default defineProcess({
 *       init: (self, start: number) => ({ count: start }),
 *       on: {
 *         add(self, state, { payload }) {
 *           state.count += payload;
 *         },
 *         stop: (self, state) => self.done(state.count),
 *       },
 *     });
 */
import { isAsyncFunction, isGeneratorFunction } from 'node:util/types';
import { TroupeError } from '../../runtime/errors.ts';
import { raise } from './guest_error.ts';
import type { HandlerSelf } from './handler_self.ts';
import type { Mail, MailOf, Messages, ProcessEvent } from './messages.ts';

/** `value` of a `Done`; asked only for what `isDone` is true of. */
export let isDone: (value: unknown) => value is Done<unknown>;
export let resultOf: (done: Done<unknown>) => unknown;

/** The end of a process, with its result: `return self.done(value)`. */
export class Done<Result> {
  readonly #value: Result;

  static {
    isDone = (value): value is Done<unknown> => typeof value === 'object' && value !== null && #value in value;
    resultOf = done => done.#value;
  }

  constructor(value: Result) {
    this.#value = value;
    Object.freeze(this);
  }
}

/** The next state; nothing where it stays the same object, changed or not; or the end. */
// biome-ignore lint/suspicious/noConfusingVoidType: what handlers return is often that of their last call
export type Next<State> = State | Done<any> | void;

/** How a command ended that was begun under a name: with a value or with an error. */
export interface Answered<Value = any, Note = any> {
  readonly value: Value;
  readonly error: TroupeError | undefined;
  /** What `self.expect` was given beside the command. */
  readonly note: Note;
}

/** The topics that a map of messages names, without `[topic: string]`. */
type Named<M> = keyof { [K in keyof M as string extends K ? never : K]: M[K] } & string;

type Topics<M extends Messages, State> = [Named<M>] extends [never]
  ? { [topic: string]: (self: HandlerSelf, state: State, mail: Mail<string, M[string]>) => Next<State> }
  : { [K in Named<M>]?: (self: HandlerSelf, state: State, mail: Mail<K, M[K]>) => Next<State> };

/**
 * What a process does about what arrives. Each handler runs to its end: it may send, spawn and begin commands, and never
 * waits. What it throws ends the process with that error.
 */
export interface Handlers<Args extends readonly unknown[], M extends Messages, State> {
  /** The first state; or the end. */
  init(self: HandlerSelf, ...args: Args): State | Done<any>;
  /** By topic. */
  on?: Topics<M, NoInfer<State>>;
  /** Messages on topics that `on` does not name; without it they are dropped. */
  message?(self: HandlerSelf, state: NoInfer<State>, mail: MailOf<M>): Next<NoInfer<State>>;
  /** CANCEL, EXIT, LINK_DOWN, OUTDATED; without it they wait. */
  event?(self: HandlerSelf, state: NoInfer<State>, event: ProcessEvent): Next<NoInfer<State>>;
  /** By the name that `self.timer` was given. */
  timers?: { [name: string]: (self: HandlerSelf, state: NoInfer<State>, note: any) => Next<NoInfer<State>> };
  /** By the name that `self.expect` was given. */
  answers?: { [name: string]: (self: HandlerSelf, state: NoInfer<State>, answer: Answered) => Next<NoInfer<State>> };
}

export type Handler = (self: HandlerSelf, state: unknown, arrived: unknown) => unknown;
type Init = (self: HandlerSelf, ...args: unknown[]) => unknown;

const ONE = ['init', 'message', 'event'];
const BY_NAME = ['on', 'timers', 'answers'];

/** Handlers as the machine looks them up: read once, checked and frozen. */
export class HandlerTable {
  readonly init: Init;
  readonly event: Handler | undefined;
  readonly timers: ReadonlyMap<string, Handler>;
  readonly answers: ReadonlyMap<string, Handler>;
  readonly #topics: ReadonlyMap<string, Handler>;
  readonly #message: Handler | undefined;
  /** The topic that was looked up last: most messages are on the same one again. */
  #lastTopic = '';
  #lastHandler: Handler | undefined = undefined;

  /** Throws INVALID for what are no handlers. */
  constructor(handlers: object) {
    const given: { readonly [key: string]: unknown } = { ...handlers };
    for (const key of Object.keys(given)) {
      if (!ONE.includes(key) && !BY_NAME.includes(key))
        raise(invalid(`"${key}" is not one of ${[...ONE, ...BY_NAME].join(', ')}`));
    }
    if (given.init === undefined) raise(invalid('`init` is missing: it answers the first state'));
    this.init = checked(given.init, 'init') as Init;
    this.#message = given.message === undefined ? undefined : checked(given.message, 'message');
    this.event = given.event === undefined ? undefined : checked(given.event, 'event');
    this.#topics = byName(given, 'on');
    this.timers = byName(given, 'timers');
    this.answers = byName(given, 'answers');
    this.#lastHandler = this.#find('');
  }

  /** Undefined where nothing handles messages on this topic. */
  forTopic(topic: string): Handler | undefined {
    if (topic === this.#lastTopic) return this.#lastHandler;
    this.#lastTopic = topic;
    return (this.#lastHandler = this.#find(topic));
  }

  /** Every function of it. */
  get all(): readonly unknown[] {
    return [
      this.init,
      this.event,
      this.#message,
      ...[this.#topics, this.timers, this.answers].flatMap(byName => [...byName.values()]),
    ];
  }

  #find(topic: string): Handler | undefined {
    return this.#topics.get(topic) ?? this.#message;
  }
}

function byName(given: { readonly [key: string]: unknown }, key: string): ReadonlyMap<string, Handler> {
  const handlers = given[key];
  if (handlers === undefined) return new Map();
  if (typeof handlers !== 'object' || handlers === null) raise(invalid(`\`${key}\` must be an object of functions`));
  return new Map(Object.entries(handlers).map(([name, handler]) => [name, checked(handler, `${key}.${name}`)]));
}

function checked(handler: unknown, name: string): Handler {
  if (typeof handler !== 'function') raise(invalid(`${name} must be a function, not ${typeof handler}`));
  if (isGeneratorFunction(handler) || isAsyncFunction(handler)) {
    raise(
      invalid(
        `${name} is a generator or async function: a handler runs to its end, and what takes time is begun by self.expect or self.timer`,
      ),
    );
  }
  return Object.freeze(handler) as Handler;
}

function invalid(text: string): TroupeError {
  return new TroupeError(`handlers: ${text}`, { kind: 'INVALID', retryable: false });
}
