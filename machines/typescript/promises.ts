/**
 * Whether a program can go on between its steps by itself. What waits on a promise is nowhere to be found: a process of
 * such a program stays where it is, because what its promises still do would be lost with its old place.
 */
import { type Node, walk } from './syntax.ts';

/** What makes a promise, by the name of a variable, a property or an import. */
const MAKERS = new Set(['Promise', 'fromAsync', 'toPromise', 'waitFor']);

export function usesPromises(program: Node): boolean {
  let found = false;
  walk(program, node => {
    if (node.async === true || node.await === true || node.type === 'AwaitExpression') found = true;
    else if (node.type === 'Identifier' && MAKERS.has(node.name)) found = true;
    else if (node.type === 'Literal' && MAKERS.has(node.value)) found = true;
  });
  return found;
}
