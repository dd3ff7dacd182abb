/**
 * How a module says what runs: its default export is made by `defineProcess` or `defineFunction`.
 *
 *     export default defineProcess(function* (self, start: number) {
 *       let count = start;
 *       for (;;) {
 *         const message = yield* self.receive();
 *         if (message.topic === 'stop') return count;
 *         count += message.payload;
 *       }
 *     });
 *
 * The body is a generator (fastest; `yield*` before everything that waits) or an async function (`await`). A function
 * that needs to wait for nothing may be a plain one. A process whose whole state is data is an object of handlers
 * (`handlers.ts`).
 */
import { isGeneratorFunction } from 'node:util/types';
import { TroupeError } from '../../runtime/errors.ts';
import type { Pending } from './command.ts';
import { type Handlers, HandlerTable } from './handlers.ts';
import type { Messages } from './messages.ts';
import type { Self } from './self.ts';

/** What a process runs. What it returns is the result of the process. */
export type Body<Args extends readonly unknown[], M extends Messages, Result> = (
  self: Self<M>,
  ...args: Args
) => Generator<Pending, Result, any> | Promise<Result> | Result;

type AnyBody = (self: Self<any>, ...args: any[]) => unknown;

/** The body of a definition, whether it is a generator function, and the handlers that stand in the place of a body; whether something is one. */
export let bodyOf: (definition: Definition<any, any, any>) => AnyBody;
export let isGenerator: (definition: Definition<any, any, any>) => boolean;
export let isDefinition: (value: unknown) => value is Definition<any, any, any>;
export let handlersOf: (definition: Definition<any, any, any>) => HandlerTable | undefined;

/** Made by `defineProcess` and `defineFunction`. Its type parameters are for the compiler alone. */
export class Definition<Args extends readonly unknown[], M extends Messages, Result> {
  readonly #body: AnyBody;
  readonly #generator: boolean;
  readonly #handlers: HandlerTable | undefined;
  declare readonly args?: Args;
  declare readonly messages?: M;
  declare readonly result?: Result;

  static {
    bodyOf = definition => definition.#body;
    isGenerator = definition => definition.#generator;
    handlersOf = definition => definition.#handlers;
    isDefinition = (value): value is Definition<any, any, any> =>
      typeof value === 'object' && value !== null && #handlers in value;
  }

  constructor(body: AnyBody, handlers?: HandlerTable) {
    this.#body = body;
    this.#generator = isGeneratorFunction(body);
    this.#handlers = handlers;
    Object.freeze(this);
  }
}

/**
 * A process: `defineProcess<Args, Messages>` types its arguments and its inbox, and with handlers
 * `defineProcess<Args, Messages, State>` its state. Throws INVALID for what is neither a function nor handlers.
 */
export function defineProcess<
  Args extends readonly unknown[] = unknown[],
  M extends Messages = Messages,
  Result = unknown,
>(body: Body<Args, M, Result>): Definition<Args, M, Result>;
export function defineProcess<Args extends readonly unknown[], State>(
  handlers: Handlers<Args, Messages, State>,
): Definition<Args, Messages, unknown>;
export function defineProcess<Args extends readonly unknown[], M extends Messages, State>(
  handlers: Handlers<Args, M, State>,
): Definition<Args, M, unknown>;
export function defineProcess(what: unknown): Definition<any, any, any> {
  if (typeof what === 'object' && what !== null) return new Definition(noBody, new HandlerTable(what));
  return define(what as AnyBody, 'defineProcess');
}

function noBody(): void {}

/** A function entry: a short-lived process that returns one value. Throws INVALID where the body is not a function. */
export function defineFunction<
  Args extends readonly unknown[] = unknown[],
  Result = unknown,
  M extends Messages = Messages,
>(body: Body<Args, M, Result>): Definition<Args, M, Result> {
  return define(body, 'defineFunction');
}

function define<Args extends readonly unknown[], M extends Messages, Result>(
  body: Body<Args, M, Result>,
  name: string,
): Definition<Args, M, Result> {
  if (typeof body !== 'function') {
    throw new TroupeError(
      `${name} takes the body, a generator or async function (self, ...args)${name === 'defineProcess' ? ', or handlers' : ''}, not a ${typeof body}`,
      {
        kind: 'INVALID',
        retryable: false,
      },
    );
  }
  return new Definition(body as AnyBody);
}
