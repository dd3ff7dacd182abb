/**
 * The text that runs in place of an expression. It says the same, with three things put in: what a loop goes over is
 * paid for before the loop begins, what grows is looked at, and searches are those of `expression_meter.ts`.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { BOUNDED, FIND, JOINED, PAID, SEARCH } from './expression_meter.ts';

/** Calls that repeat an argument for each item of what they are called on. */
const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Calls whose work is measured where it is done, by what takes their place. */
const SEARCHES: ReadonlyMap<string, string> = new Map([
  ['matches', SEARCH],
  ['contains', FIND],
]);

/** What carrying out an expression once takes, its loops apart. */
export interface Cost {
  readonly operators: number;
  /** Of these, how many go through all of a list or a text. */
  readonly passes: number;
}

/** How tightly an operator holds its operands; 9: a value, a name, a call. */
const BINDING: { readonly [op in ASTNode['op']]?: number } = {
  '?:': 0,
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
  '!_': 7,
  '-_': 7,
};
const VALUE = 9;

export function meteredText(node: ASTNode): string {
  switch (node.op) {
    case 'value':
      return node.input.slice(node.start, node.end);
    case 'id':
      return node.args;
    case '.':
      return `${tight(node.args[0], VALUE)}.${node.args[1]}`;
    case '[]':
      return `${tight(node.args[0], VALUE)}[${meteredText(node.args[1])}]`;
    case 'call':
      return `${node.args[0]}(${listed(node.args[1])})`;
    case 'rcall':
      return calledOn(node.args);
    case 'list':
      return `[${listed(node.args)}]`;
    case 'map':
      return `{${node.args.map(([key, value]) => `${meteredText(key)}: ${meteredText(value)}`).join(', ')}}`;
    case '?:': {
      const [condition, yes, no] = node.args;
      return `${tight(condition, 1)} ? ${meteredText(yes)} : ${meteredText(no)}`;
    }
    case '!_':
    case '-_':
      return `${node.op[0]}${tight(node.args, VALUE)}`;
    case '.?':
    case '[?]':
      throw new Error(`optional values are not enabled, and yet there is ${node.op}`);
    default: {
      const [left, right] = node.args;
      const binding = bindingOf(node);
      const text = `${tight(left, binding)} ${node.op} ${tight(right, binding + 1)}`;
      return node.op === '+' ? `${BOUNDED}(${text})` : text;
    }
  }
}

function calledOn([name, receiver, args]: [string, ASTNode, ASTNode[]]): string {
  if (name === 'join') return `${JOINED}(${meteredText(receiver)}, ${args.length === 0 ? '""' : listed(args)})`;
  if (!isLoop(name, args)) return `${tight(receiver, VALUE)}.${SEARCHES.get(name) ?? name}(${listed(args)})`;
  const { operators, passes } = costOf(...args.slice(1));
  return `${PAID}(${meteredText(receiver)}, ${operators + 1}, ${passes}).${name}(${listed(args)})`;
}

function isLoop(name: string, args: readonly ASTNode[]): boolean {
  return LOOPS.has(name) && args.length > 1;
}

function listed(nodes: readonly ASTNode[]): string {
  return nodes.map(meteredText).join(', ');
}

function tight(node: ASTNode, binding: number): string {
  const text = meteredText(node);
  return bindingOf(node) < binding ? `(${text})` : text;
}

function bindingOf(node: ASTNode): number {
  return BINDING[node.op] ?? VALUE;
}

/** The operands of a node, in the order in which they are written. */
export function operandsOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

export function costOf(...nodes: readonly ASTNode[]): Cost {
  let operators = 0;
  let passes = 0;
  for (const node of nodes) {
    operators++;
    if (passesThrough(node)) passes++;
    // What a loop repeats pays for itself.
    const inner = node.op === 'rcall' && isLoop(node.args[0], node.args[2]) ? [node.args[1]] : operandsOf(node);
    const cost = costOf(...inner);
    operators += cost.operators;
    passes += cost.passes;
  }
  return { operators, passes };
}

/** Whether an operator may look at all of what it is given. */
function passesThrough(node: ASTNode): boolean {
  switch (node.op) {
    case 'in':
      return node.args[1].op !== 'list';
    case '==':
    case '!=':
      return !node.args.some(isSmall);
    case 'rcall':
      return !SEARCHES.has(node.args[0]) && !isLoop(node.args[0], node.args[2]) && !operandsOf(node).every(isSmall);
    case '+':
    case 'call':
      return !operandsOf(node).every(isSmall);
    default:
      return false;
  }
}

/** A literal, or a name that is not a map: what looks at all of it ends soon. */
function isSmall(node: ASTNode): boolean {
  if (node.op === 'value') return true;
  if (node.op === 'id') return node.args !== 'meta' && node.args !== 'actor';
  return node.op === '.' && node.args[1] === 'id' && node.args[0].op === 'id';
}
