/**
 * Whether a module has state of its own. Module state is private to each process, so a module is evaluated once for
 * each of them, which costs microseconds; one that is proved here to have none is evaluated once for all.
 *
 * The proof is a list of what may stand at the top level: functions, classes without static state, primitive constants,
 * flat literals that are only read, and what the SDK and XState make of these. Anything else, and any name that is
 * assigned to or whose properties are, means "has state". What is then shared is frozen, so that a write which no
 * syntax tree shows fails instead of being seen by others.
 */
import { isReference, type Node, rootOf, walk } from './syntax.ts';

/** What a top-level name stands for. */
type Meaning = 'function' | 'primitive' | 'record' | 'made' | 'provided';

/** Methods of arrays that change nothing. */
const READING_METHODS = new Set([
  'at',
  'concat',
  'entries',
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'flatMap',
  'forEach',
  'hasOwnProperty',
  'includes',
  'indexOf',
  'join',
  'keys',
  'lastIndexOf',
  'map',
  'reduce',
  'reduceRight',
  'slice',
  'some',
  'values',
]);

/** Constructors that a class may extend; they have no state that a program could change. */
const BASE_CLASSES = new Set(['Array', 'Error', 'Map', 'RangeError', 'Set', 'SyntaxError', 'TypeError']);

/** What XState provides that is not a description but something that runs. */
const RUNNING = new Set(['createActor', 'createEmptyActor', 'interpret']);

/**
 * The top-level names of a module without state, in order; undefined where it has some. `provided`: modules of the
 * host whose functions only describe things.
 */
export function withoutState(program: Node, provided: ReadonlySet<string>): string[] | undefined {
  const changed = changedNames(program);
  const names = new Map<string, Meaning>();
  // Functions are there before the first statement.
  for (const statement of program.body as Node[]) {
    if (statement.type === 'FunctionDeclaration') names.set(statement.id.name, 'function');
  }
  for (const statement of program.body as Node[]) {
    if (!declares(statement, names, provided)) return undefined;
  }
  for (const name of names.keys()) if (changed.has(name)) return undefined;
  if (recordsEscape(program, names)) return undefined;
  return [...names.keys()].filter(name => names.get(name) !== 'provided' && names.get(name) !== 'primitive');
}

/** Names that are assigned to, or a property of which is, anywhere: shadowing only makes this say "state" too often. */
function changedNames(program: Node): Set<string> {
  const changed = new Set<string>();
  const target = (node: Node): void => {
    switch (node.type) {
      case 'ArrayPattern':
        for (const element of node.elements) if (element !== null) target(element);
        break;
      case 'ObjectPattern':
        for (const property of node.properties) target(property.type === 'RestElement' ? property : property.value);
        break;
      case 'AssignmentPattern':
        target(node.left);
        break;
      case 'RestElement':
        target(node.argument);
        break;
      default: {
        const name = rootOf(node);
        if (name !== undefined) changed.add(name);
      }
    }
  };
  walk(program, node => {
    if (node.type === 'AssignmentExpression') target(node.left);
    else if (node.type === 'UpdateExpression' || (node.type === 'UnaryExpression' && node.operator === 'delete')) {
      target(node.argument);
    } else if (
      (node.type === 'ForInStatement' || node.type === 'ForOfStatement') &&
      node.left.type !== 'VariableDeclaration'
    ) {
      target(node.left);
    }
  });
  return changed;
}

/** Note what a statement declares; false where it does more than declare. */
function declares(statement: Node, names: Map<string, Meaning>, provided: ReadonlySet<string>): boolean {
  switch (statement.type) {
    case 'EmptyStatement':
      return true;
    case 'ImportDeclaration':
      if (!provided.has(statement.source.value)) return false;
      for (const specifier of statement.specifiers) {
        if (!RUNNING.has(specifier.imported?.name)) names.set(specifier.local.name, 'provided');
      }
      return true;
    case 'ExportNamedDeclaration':
      return statement.declaration === null;
    case 'FunctionDeclaration':
      return true;
    case 'ClassDeclaration':
      if (!isStatelessClass(statement, names)) return false;
      names.set(statement.id.name, 'function');
      return true;
    case 'VariableDeclaration':
      for (const { id, init } of statement.declarations as Node[]) {
        if (id.type !== 'Identifier' || init === null) return false;
        const meaning = meaningOf(init, names);
        // A name that is declared twice is a variable.
        if (meaning === undefined || names.has(id.name)) return false;
        names.set(id.name, meaning);
      }
      return true;
    default:
      return false;
  }
}

function meaningOf(node: Node, names: ReadonlyMap<string, Meaning>): Meaning | undefined {
  switch (node.type) {
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return 'function';
    case 'ClassExpression':
      return isStatelessClass(node, names) ? 'function' : undefined;
    case 'Identifier':
      return names.get(node.name) === 'record' ? undefined : names.get(node.name);
    case 'ObjectExpression':
    case 'ArrayExpression':
      return isFlat(node, names) ? 'record' : undefined;
    case 'CallExpression':
      return isMade(node, names) ? 'made' : undefined;
    default:
      return isPrimitive(node, names) ? 'primitive' : undefined;
  }
}

function isPrimitive(node: Node, names: ReadonlyMap<string, Meaning>): boolean {
  switch (node.type) {
    case 'Literal':
      return node.regex === undefined;
    case 'Identifier':
      return (
        node.name === 'undefined' ||
        node.name === 'Infinity' ||
        node.name === 'NaN' ||
        names.get(node.name) === 'primitive'
      );
    case 'TemplateLiteral':
      return node.expressions.every((part: Node) => isPrimitive(part, names));
    case 'UnaryExpression':
      return isPrimitive(node.argument, names);
    case 'BinaryExpression':
    case 'LogicalExpression':
      return isPrimitive(node.left, names) && isPrimitive(node.right, names);
    case 'ConditionalExpression':
      return isPrimitive(node.test, names) && isPrimitive(node.consequent, names) && isPrimitive(node.alternate, names);
    default:
      return false;
  }
}

/** An object or array literal of primitives. */
function isFlat(node: Node, names: ReadonlyMap<string, Meaning>): boolean {
  if (node.type === 'ArrayExpression') {
    return node.elements.every((element: Node | null) => element !== null && isPrimitive(element, names));
  }
  return node.properties.every(
    (property: Node) =>
      property.type === 'Property' &&
      property.kind === 'init' &&
      isPlainKey(property, names) &&
      isPrimitive(property.value, names),
  );
}

/** `{ __proto__: x }` sets a prototype, and a computed key runs code. */
function isPlainKey(property: Node, names: ReadonlyMap<string, Meaning>): boolean {
  if (property.computed) return isPrimitive(property.key, names);
  return property.key.name !== '__proto__' && property.key.value !== '__proto__';
}

/** A call of something that the host provides, or of a method of its result, with arguments that have no state. */
function isMade(node: Node, names: ReadonlyMap<string, Meaning>): boolean {
  const { callee } = node;
  const known =
    callee.type === 'Identifier'
      ? names.get(callee.name) === 'provided'
      : callee.type === 'MemberExpression' &&
        !callee.computed &&
        !RUNNING.has(callee.property.name) &&
        isMadeOrProvided(callee.object, names);
  return known && node.arguments.every((argument: Node) => isIngredient(argument, names));
}

function isMadeOrProvided(node: Node, names: ReadonlyMap<string, Meaning>): boolean {
  if (node.type === 'Identifier') return names.get(node.name) === 'made' || names.get(node.name) === 'provided';
  return node.type === 'CallExpression' && isMade(node, names);
}

/** What may stand in the arguments: literals of any depth, since nothing else holds them. */
function isIngredient(node: Node, names: ReadonlyMap<string, Meaning>): boolean {
  switch (node.type) {
    case 'ArrayExpression':
      return node.elements.every((element: Node | null) => element !== null && isIngredient(element, names));
    case 'ObjectExpression':
      return node.properties.every(
        (property: Node) =>
          property.type === 'Property' &&
          property.kind === 'init' &&
          isPlainKey(property, names) &&
          isIngredient(property.value, names),
      );
    case 'MemberExpression':
      return !node.computed && node.object.type === 'Identifier' && names.get(node.object.name) === 'provided';
    default:
      return meaningOf(node, names) !== undefined;
  }
}

function isStatelessClass(node: Node, names: ReadonlyMap<string, Meaning>): boolean {
  const base: Node | null = node.superClass;
  if (base !== null) {
    if (base.type !== 'Identifier') return false;
    const meaning = names.get(base.name);
    if (meaning !== 'function' && meaning !== 'provided' && !(meaning === undefined && BASE_CLASSES.has(base.name))) {
      return false;
    }
  }
  return node.body.body.every(
    (member: Node) =>
      member.type !== 'StaticBlock' &&
      !(member.type === 'PropertyDefinition' && member.static) &&
      (!member.computed || isPrimitive(member.key, names)),
  );
}

/** Whether a literal is used in any way but reading its properties. */
function recordsEscape(program: Node, names: ReadonlyMap<string, Meaning>): boolean {
  if (![...names.values()].includes('record')) return false;
  const parents = new Map<Node, Node>();
  const uses: Node[] = [];
  walk(program, (node, parent) => {
    if (parent !== undefined) parents.set(node, parent);
    if (names.get(node.name) === 'record' && isReference(node, parent)) uses.push(node);
  });
  return uses.some(use => {
    const parent = parents.get(use)!;
    switch (parent.type) {
      case 'VariableDeclarator':
        return parent.id !== use;
      case 'SpreadElement':
        return false;
      case 'ForOfStatement':
        return parent.right !== use;
      case 'BinaryExpression':
        return parent.operator !== 'in';
      case 'MemberExpression': {
        if (parent.object !== use) return true;
        const user = parents.get(parent)!;
        if (user.type !== 'CallExpression' || user.callee !== parent) return false;
        return parent.computed || !READING_METHODS.has(parent.property.name);
      }
      default:
        return true;
    }
  });
}
