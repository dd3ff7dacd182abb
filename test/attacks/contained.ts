/** Programs that attack: the same text on a host that contains it, and for the control on one that is trusted. */
import type { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import * as assert from 'uvu/assert';
import { errorOf, run, type World, type WorldOptions } from '../typescript/world.ts';

/** What every program here has: what came of something that may be refused. */
export const HEAD = `import { Bytes, defineFunction, defineProcess, frozen, TroupeError } from 'troupe/sdk';
const tried = (act: () => unknown): unknown => {
  try { return act(); } catch (error) { return 'refused: ' + String((error as any)?.message); }
};
`;

/** The body of a generator, as a whole program. */
export function programOf(body: string): string {
  return `${HEAD}export default defineProcess(function* (self: any, ...args: any[]): any {\n${body}\n});\n`;
}

export const TRUSTED: WorldOptions = { host: 'trusted: true' };

function worldOf(body: string, others: { readonly [name: string]: string }): World {
  const bodies = { main: body, ...others };
  return Object.fromEntries(Object.entries(bodies).map(([name, text]) => [name, programOf(text)]));
}

/** What the body returns on a host that is not trusted. `others`: further bodies, by the names of their entries. */
export function contained(
  body: string,
  others: { readonly [name: string]: string } = {},
  options: WorldOptions = {},
): Promise<any> {
  // The test library cannot show an error that has details.
  return run(worldOf(body, others), 'main', [], options).catch(error =>
    assert.unreachable(error.stack),
  ) as Promise<Payload>;
}

/** The same where it is trusted. */
export function trusted(body: string, others: { readonly [name: string]: string } = {}): Promise<any> {
  return contained(body, others, TRUSTED);
}

/** The error with which the body ends its process. */
export function failure(body: string, others: { readonly [name: string]: string } = {}): Promise<TroupeError> {
  return errorOf(run(worldOf(body, others), 'main'));
}
