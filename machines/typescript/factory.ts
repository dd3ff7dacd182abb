/**
 * From an ES module to the body of a function that evaluates it: imports become calls, the export becomes the result.
 * Lines stay where they are, so the source map of the module is that of the function.
 */
import type { Node } from './syntax.ts';

/** What a module exports, and which of its top-level values are shared where it is evaluated only once. */
export interface Evaluated {
  readonly exports: { readonly [name: string]: unknown };
  readonly shared: readonly unknown[];
}

/** Gives the module behind a name that the bundle still imports; throws for what it does not provide. */
export type HostModules = (name: string) => object;

/** Name of the function by which a bundle gets at the modules that the host provides. Programs can call it, too. */
export const HOST_MODULE = '__troupe_module';

interface Export {
  readonly node: Node;
  /** What it plainly is, where that cannot be right: `a function`. */
  readonly plain: string | undefined;
}

/** Exported name -> what the module exports under it. esbuild gathers all exports in one list at the end. */
export function exportsOf(program: Node): Map<string, Export> {
  const values = new Map<string, Node>();
  for (const statement of program.body as Node[]) {
    if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      values.set(statement.id.name, statement);
    } else if (statement.type === 'VariableDeclaration') {
      for (const { id, init } of statement.declarations)
        if (id.type === 'Identifier' && init !== null) values.set(id.name, init);
    }
  }
  const exports = new Map<string, Export>();
  for (const { exported, local } of exportSpecifiers(program)) {
    const node = values.get(local.name);
    exports.set(exported.name ?? exported.value, { node: node ?? local, plain: node && plainly(node) });
  }
  return exports;
}

function plainly(node: Node): string | undefined {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return 'a bare function';
    case 'ClassDeclaration':
    case 'ClassExpression':
      return 'a class';
    case 'ObjectExpression':
      return 'a plain object';
    case 'ArrayExpression':
      return 'an array';
    case 'Literal':
    case 'TemplateLiteral':
      return 'a constant';
    default:
      return undefined;
  }
}

function exportSpecifiers(program: Node): Node[] {
  return (program.body as Node[]).flatMap(statement =>
    statement.type === 'ExportNamedDeclaration' ? statement.specifiers : [],
  );
}

/** `shared`: top-level names that are frozen where the module is evaluated once for all. */
export function asFactory(text: string, program: Node, shared: readonly string[]): string {
  let body = '"use strict";';
  let at = 0;
  for (const statement of program.body as Node[]) {
    if (statement.type !== 'ImportDeclaration' && statement.type !== 'ExportNamedDeclaration') continue;
    const replaced = text.slice(statement.start, statement.end);
    const instead = statement.type === 'ImportDeclaration' ? asCall(statement) : '';
    body += text.slice(at, statement.start) + instead + '\n'.repeat(replaced.split('\n').length - 1);
    at = statement.end;
  }
  body += text.slice(at);
  const exported = exportSpecifiers(program).map(
    ({ exported, local }) => `${JSON.stringify(exported.name ?? exported.value)}: ${local.name}`,
  );
  return `${body}\n;return { exports: { ${exported.join(', ')} }, shared: [${shared.join(', ')}] };\n`;
}

function asCall(statement: Node): string {
  const call = `${HOST_MODULE}(${JSON.stringify(statement.source.value)})`;
  const names: string[] = [];
  const whole: string[] = [];
  for (const specifier of statement.specifiers as Node[]) {
    const local: string = specifier.local.name;
    if (specifier.type === 'ImportNamespaceSpecifier') whole.push(`const ${local} = ${call};`);
    else if (specifier.type === 'ImportDefaultSpecifier') names.push(`default: ${local}`);
    else names.push(`${JSON.stringify(specifier.imported.name ?? specifier.imported.value)}: ${local}`);
  }
  if (names.length > 0) whole.push(`const { ${names.join(', ')} } = ${call};`);
  // An import for its effects alone.
  if (statement.specifiers.length === 0) whole.push(`${call};`);
  return whole.join(' ');
}
