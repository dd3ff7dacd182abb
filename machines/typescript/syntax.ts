/** The syntax tree of a bundle, and one walk through it. */
import { parse } from 'acorn';

/** Any node of ESTree; its fields are told apart by `type`. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
  readonly [field: string]: any;
}

/** Throws a SyntaxError; a bundle that esbuild made has none. */
export function parseModule(text: string): Node {
  return parse(text, { ecmaVersion: 2022, sourceType: 'module', locations: true }) as unknown as Node;
}

/** `parseModule`, and the comments. */
export function parseWithComments(text: string): { program: Node; comments: Node[] } {
  const comments: Node[] = [];
  const program = parse(text, {
    ecmaVersion: 2022,
    sourceType: 'module',
    locations: true,
    onComment: comments as never,
  });
  return { program: program as unknown as Node, comments };
}

/** Visit every node, parents first. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent);
  for (const field in node) {
    const value = node[field];
    if (typeof value !== 'object' || value === null || field === 'loc') continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit, node);
    } else if (isNode(value)) walk(value, visit, node);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** Whether an identifier stands for a variable, and is not the name of a property. */
export function isReference(node: Node, parent: Node | undefined): boolean {
  if (node.type !== 'Identifier' || parent === undefined) return false;
  switch (parent.type) {
    case 'MemberExpression':
      return parent.object === node || parent.computed === true;
    case 'Property':
      return parent.value === node || parent.computed === true;
    case 'PropertyDefinition':
    case 'MethodDefinition':
      return parent.value === node || (parent.computed === true && parent.key === node);
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return false;
    case 'ExportSpecifier':
      return parent.local === node;
    default:
      return true;
  }
}

/** The variable at the bottom of `a.b[c].d`, or undefined. */
export function rootOf(node: Node): string | undefined {
  let at = node;
  while (at.type === 'MemberExpression' || at.type === 'ChainExpression' || at.type === 'ParenthesizedExpression') {
    at = at.type === 'MemberExpression' ? at.object : at.expression;
  }
  return at.type === 'Identifier' ? at.name : undefined;
}
