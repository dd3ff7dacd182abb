/**
 * Expressions of policies (`security.policy.expr`), in CEL: the common expression language, which has no way to loop
 * for ever and sees nothing but what it is given.
 *
 *     actor.id == meta.owner || (action.startsWith('doc.') && 'editor' in actor.meta.roles)
 *
 * Variables: `actor` {id, meta}, `action`, `resource`, `meta`. Whole numbers are integers whatever language they come
 * from, and integers go together with fractions.
 */
import {
  type ASTNode,
  Environment,
  type EvaluationError,
  type ParseError,
  type ParseResult,
} from '@marcbachmann/cel-js';
import { TroupeError } from '../errors.ts';
import { didYouMean } from '../registry/suggest.ts';
import type { Question } from './decision.ts';
import { addMetering, faultOfMeter, FIND, SEARCH, startMeter } from './expression_meter.ts';
import { type Cost, costOf, meteredText, operandsOf } from './expression_text.ts';
import { valuesOf } from './expression_values.ts';
import { faultOfPattern } from './pattern.ts';

const LONGEST = 2000;
const VARIABLES = ['actor', 'action', 'resource', 'meta'] as const;
/**
 * Of what the library can. It has more, of which some takes time that grows faster than what it is given, and some
 * depends on the machine.
 */
const FUNCTIONS: readonly string[] = [
  ...['has', 'all', 'exists', 'exists_one', 'map', 'filter', 'bind'],
  ...['size', 'contains', 'startsWith', 'endsWith', 'matches'],
  ...['lowerAscii', 'upperAscii', 'trim', 'substring', 'split', 'join'],
  ...['string', 'int', 'uint', 'double', 'bool', 'dyn', 'type'],
];
/** What a policy may be asked about that does not change from one message of a process to the next. */
const CONSTANT_META: ReadonlySet<string> = new Set(['host', 'sender_host']);

/** What is wrong with an expression, and at which of its characters. */
export interface Fault {
  readonly message: string;
  readonly offset: number;
}

export interface Expression {
  /** Whether it reads more of `meta` than `meta.host` and `meta.sender_host`. */
  readonly readsMeta: boolean;
  /** Throws a TroupeError where the question cannot be judged. */
  judge(question: Question): boolean;
}

/** What a deployment may write. */
const checking = environment({ maxAstNodes: 300, maxDepth: 24, maxListElements: 200, maxMapEntries: 200 });
/** The same and what `meteredText` adds, which takes more room. */
const running = environment({ maxAstNodes: 3000, maxDepth: 3000 });
addMetering(running);

function environment(limits: { readonly [limit: string]: number }): Environment {
  const made = new Environment({ homogeneousAggregateLiterals: false, limits: { maxCallArguments: 8, ...limits } })
    .registerVariable('actor', { schema: { id: 'string', meta: 'map<string, dyn>' } })
    .registerVariable('action', 'string')
    .registerVariable('resource', 'string')
    .registerVariable('meta', 'map<string, dyn>');
  const operators: { readonly [op: string]: (a: number, b: number) => number } = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  };
  for (const [op, compute] of Object.entries(operators)) {
    const mixed = (a: bigint | number, b: bigint | number) => compute(Number(a), Number(b));
    made.registerOperator(`int ${op} double: double`, mixed).registerOperator(`double ${op} int: double`, mixed);
  }
  // The other way round follows from it.
  made.registerOperator('int == double', (a: bigint, b: number) => Number.isInteger(b) && a === BigInt(b));
  return made;
}

/** Why a policy cannot have this expression; undefined: it can. */
export function faultOfExpression(text: string): Fault | undefined {
  if (text.length > LONGEST) {
    return { message: `an expression has ${LONGEST} characters at most; make several policies of it`, offset: LONGEST };
  }
  const { parsed, fault } = parse(text);
  if (parsed === undefined) return fault;
  const unknown = firstFault(parsed.ast, faultOfCall);
  if (unknown !== undefined) return unknown;
  const { valid, type, error } = parsed.check();
  if (!valid) return faultOfError(error);
  if (type !== 'bool' && type !== 'dyn') {
    return { message: `an expression must be true or false, and this one gives ${type}`, offset: 0 };
  }
  return firstFault(parsed.ast, faultOfSearch);
}

/** Throws INVALID for a text of which `faultOfExpression` finds something wrong. */
export function compileExpression(text: string): Expression {
  const fault = faultOfExpression(text);
  if (fault !== undefined) throw new TroupeError(fault.message, { kind: 'INVALID', retryable: false });
  const { ast } = checking.parse(text);
  const program = running.parse(meteredText(ast));
  // Now, and not when somebody asks: what the check keeps in the program is then whole.
  program.check();
  return new Compiled(program, costOf(ast), readsMeta(ast));
}

class Compiled implements Expression {
  readonly readsMeta: boolean;
  private readonly program: ParseResult;
  private readonly cost: Cost;

  constructor(program: ParseResult, cost: Cost, readsMeta: boolean) {
    this.program = program;
    this.cost = cost;
    this.readsMeta = readsMeta;
  }

  judge(question: Question): boolean {
    const { variables, size } = valuesOf(question);
    let result: unknown;
    let thrown: unknown;
    try {
      startMeter(size, this.cost.operators, this.cost.passes);
      result = this.program(variables);
    } catch (error) {
      thrown = error;
    }
    const fault = faultOfMeter();
    if (fault !== undefined) throw fault;
    if (thrown !== undefined) throw whatFailed(thrown);
    if (typeof result !== 'boolean') throw cannotBeJudged('it is neither true nor false');
    return result;
  }
}

function parse(text: string): { parsed?: ParseResult; fault?: Fault } {
  try {
    return { parsed: checking.parse(text) };
  } catch (error) {
    return { fault: faultOfError(error) };
  }
}

function firstFault(node: ASTNode, find: (node: ASTNode) => Fault | undefined): Fault | undefined {
  const fault = find(node);
  if (fault !== undefined) return fault;
  for (const operand of operandsOf(node)) {
    const inner = firstFault(operand, find);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function faultOfCall(node: ASTNode): Fault | undefined {
  if (node.op !== 'call' && node.op !== 'rcall') return undefined;
  const name = node.args[0];
  if (!FUNCTIONS.includes(name)) {
    const hint = didYouMean(name, FUNCTIONS, `; there are ${FUNCTIONS.join(', ')}`);
    const offset = node.op === 'call' ? node.start : node.input.indexOf(name, node.args[1].end);
    return { message: `there is no function "${name}"${hint}`, offset };
  }
  if (node.op === 'call' || name !== 'split') return undefined;
  const separator = node.args[2].find(({ op }) => op !== 'value');
  return separator && { message: 'what split takes stands in the expression, as "," does', offset: separator.start };
}

/** A pattern that stands in the expression is checked with it. */
function faultOfSearch(node: ASTNode): Fault | undefined {
  if (node.op !== 'rcall' || node.args[0] !== 'matches') return undefined;
  const pattern = node.args[2][0];
  const fault = pattern.op === 'value' ? faultOfPattern(pattern.args) : undefined;
  if (fault === undefined) return undefined;
  return { message: `matches expects a regular expression${fault}`, offset: pattern.start };
}

/** What the library says of a text, in words of ours where they can say what to do. */
function faultOfError(error: unknown): Fault {
  if (!(error instanceof Error)) return { message: String(error), offset: 0 };
  const { code, summary, range } = error as ParseError;
  const offset = range?.start ?? 0;
  if (code === 'unknown_variable') {
    const name = summary.replace(/^.*: /, '');
    const hint = didYouMean(name, VARIABLES, `; there are ${VARIABLES.join(', ')}`);
    return { message: `there is no variable "${name}"${hint}`, offset };
  }
  if (code === 'no_such_key')
    return { message: `actor has id and meta, and no ${summary.replace(/^.*: /, '')}`, offset };
  if (code === 'unexpected_token' && summary.endsWith('EOF'))
    return { message: 'the expression ends too early', offset };
  return { message: inPlainWords(summary ?? error.message), offset };
}

function whatFailed(thrown: unknown): TroupeError {
  if (thrown instanceof TroupeError) return thrown;
  const { code, summary } = thrown as EvaluationError;
  if (code === 'no_such_key') {
    const key = summary.replace(/^.*: /, '');
    return cannotBeJudged(`there is no "${key}" in it; has(...) asks whether there is`);
  }
  return cannotBeJudged(inPlainWords(summary ?? (thrown as Error).message));
}

function cannotBeJudged(why: string): TroupeError {
  return new TroupeError(why, { kind: 'INVALID', retryable: false });
}

/** Without the names that stand for something else in the text that runs. */
function inPlainWords(summary: string): string {
  const text = summary
    .replaceAll('$actor', 'actor')
    .replaceAll(`.${SEARCH}(`, '.matches(')
    .replaceAll(`.${FIND}(`, '.contains(')
    .replace(/dyn<(\w+)>/g, '$1');
  return text[0].toLowerCase() + text.slice(1);
}

function readsMeta(node: ASTNode): boolean {
  if (node.op === 'id') return node.args === 'meta';
  if (isConstant(node)) return false;
  return operandsOf(node).some(readsMeta);
}

/** `meta.host`, `meta["host"]`. */
function isConstant(node: ASTNode): boolean {
  if (node.op === '.') return isMeta(node.args[0]) && CONSTANT_META.has(node.args[1]);
  if (node.op !== '[]' || !isMeta(node.args[0])) return false;
  const index = node.args[1];
  return index.op === 'value' && typeof index.args === 'string' && CONSTANT_META.has(index.args);
}

function isMeta(node: ASTNode): boolean {
  return node.op === 'id' && node.args === 'meta';
}
