/**
 * What a program would do between its steps: whatever runs on promises runs when V8 pleases, where no scheduler shares it
 * out and no watchdog can cut it off. Trusted hosts run it all the same.
 */
import { type Place, showPlace } from '../../runtime/registry/entry.ts';
import type { Mapper } from './source_map.ts';
import { isReference, type Node, walk } from './syntax.ts';

/** Something in a program that only trusted hosts run. */
export interface TrustedOnly {
  readonly place: string;
  /** As the predicate of a sentence about the file: `has async functions`. */
  readonly what: string;
  readonly instead: string;
}

const FUNCTION: Pick<TrustedOnly, 'what' | 'instead'> = {
  what: 'has an async function',
  instead: 'write a generator, which waits with `yield*`',
};
const PROMISE: Pick<TrustedOnly, 'what' | 'instead'> = {
  what: 'uses Promise',
  instead: 'wait with `yield*` in a generator',
};

/** The first place of each file; `fallback` names the file where the map knows no better. */
export function findAsynchronous(program: Node, mapper: Mapper, fallback: Place): TrustedOnly[] {
  const found = new Map<string, TrustedOnly>();
  const note = ({ loc }: Node, why: Pick<TrustedOnly, 'what' | 'instead'>): void => {
    const place = mapper.original(loc.start.line, loc.start.column + 1) ?? fallback;
    if (!found.has(place.file)) found.set(place.file, { place: showPlace(place), ...why });
  };
  const ownPromise = declares(program, 'Promise');
  walk(program, (node, parent) => {
    // The function of a method begins behind its name.
    if (node.async === true) note(isMethod(parent) ? parent! : node, FUNCTION);
    else if (node.name === 'Promise' && isReference(node, parent) && !ownPromise && parent!.operator !== 'typeof') {
      note(node, PROMISE);
    }
  });
  return [...found.values()];
}

function isMethod(node: Node | undefined): boolean {
  return node?.type === 'MethodDefinition' || node?.method === true;
}

/** Whether anything in the program is called so by the program itself. */
function declares(program: Node, name: string): boolean {
  let found = false;
  walk(program, (node, parent) => {
    if (node.type !== 'Identifier' || node.name !== name || parent === undefined) return;
    found ||=
      (parent.type === 'VariableDeclarator' && parent.id === node) ||
      (/^(Function|Class)/.test(parent.type) && (parent.id === node || parent.params?.includes(node)));
  });
  return found;
}
