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
 * that needs to wait for nothing may be a plain one.
 */
import { isGeneratorFunction } from 'node:util/types';
import { TroupeError } from '../../runtime/errors.ts';
import type { Pending } from './command.ts';
import type { Messages } from './messages.ts';
import type { Self } from './self.ts';

/** What a process runs. What it returns is the result of the process. */
export type Body<Args extends readonly unknown[], M extends Messages, Result> = (
  self: Self<M>,
  ...args: Args
) => Generator<Pending, Result, any> | Promise<Result> | Result;

type AnyBody = (self: Self<any>, ...args: any[]) => unknown;

/** The body of a definition, and whether it is a generator function. */
export let bodyOf: (definition: Definition<any, any, any>) => AnyBody;
export let isGenerator: (definition: Definition<any, any, any>) => boolean;

/** Made by `defineProcess` and `defineFunction`. Its type parameters are for the compiler alone. */
export class Definition<Args extends readonly unknown[], M extends Messages, Result> {
  readonly #body: AnyBody;
  readonly #generator: boolean;
  declare readonly args?: Args;
  declare readonly messages?: M;
  declare readonly result?: Result;

  static {
    bodyOf = definition => definition.#body;
    isGenerator = definition => definition.#generator;
  }

  constructor(body: AnyBody) {
    this.#body = body;
    this.#generator = isGeneratorFunction(body);
    Object.freeze(this);
  }
}

/**
 * A process: `defineProcess<Args, Messages>` types its arguments and its inbox. Throws INVALID where the body is not a
 * function.
 */
export function defineProcess<
  Args extends readonly unknown[] = unknown[],
  M extends Messages = Messages,
  Result = unknown,
>(body: Body<Args, M, Result>): Definition<Args, M, Result> {
  return define(body, 'defineProcess');
}

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
      `${name} takes the body, a generator or async function (self, ...args), not a ${typeof body}`,
      {
        kind: 'INVALID',
        retryable: false,
      },
    );
  }
  return new Definition(body as AnyBody);
}
