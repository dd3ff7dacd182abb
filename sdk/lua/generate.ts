/**
 * Editor stubs for the operations of capabilities, from the definitions by which they are bound.
 *
 *     npm run build && node dist/sdk/lua/generate.js
 *
 * A stub has two parts. What stands above the mark is written by hand and stays: the class, members that only Lua has
 * (`time.after`), and operations that Lua binds in a way of its own. Below it is one function for each other operation.
 * Its names, its summary and which arguments may be left out come from the definition; types of arguments, and any other
 * annotation, are kept as somebody wrote them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CapabilityDefinition, OperationDefinition } from '../../runtime/capabilities/capability.ts';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { shownParameter } from '../../runtime/capabilities/parameters.ts';

export const MARK =
  '-- Operations of the capability, by generate.ts: only types and results may be edited below this line.';

/** What nobody has described yet. */
const RESULT = ['---@return any value', '---@return troupe.Error? err'];

/** The stub of a capability; `present`: the one that there is, if any. A stub that is up to date comes back unchanged. */
export function stubOf(definition: CapabilityDefinition, present: string | undefined): string {
  const { name, operations } = definition;
  const byHand = present === undefined ? head(definition) : present.slice(0, markIn(present, name));
  const written = present === undefined ? new Map<string, Annotations>() : annotations(present, name);
  const functions = Object.entries(operations)
    .filter(([member]) => !byHand.includes(`\nfunction ${name}.${member}(`))
    .map(([member, operation]) => operationStub(`${name}.${member}`, operation, written.get(member)));
  return [`${byHand}${MARK}\n`, ...functions, `return ${name}\n`].join('\n');
}

/** What stands above a function beside its description. */
interface Annotations {
  /** Type and remark of each `---@param`, by name. */
  readonly params: ReadonlyMap<string, string>;
  /** All others, as they are. */
  readonly others: readonly string[];
}

function head({ name, summary }: CapabilityDefinition): string {
  return `---@meta ${name}\n\n---${summary}\n---@class troupe.${name}\nlocal ${name} = {}\n\n`;
}

function markIn(stub: string, name: string): number {
  const at = stub.indexOf(MARK);
  if (at < 0) throw new Error(`${name}.lua has no line that begins the generated part: ${MARK}`);
  return at;
}

function annotations(stub: string, name: string): Map<string, Annotations> {
  const found = new Map<string, Annotations>();
  const functions = new RegExp(`((?:^---.*\\n)*)^function ${name}\\.(\\w+)\\(`, 'gm');
  for (const [, comment, member] of stub.slice(markIn(stub, name)).matchAll(functions)) {
    const params = new Map<string, string>();
    const others: string[] = [];
    for (const line of comment.split('\n')) {
      const param = /^---@param (\w+|\.\.\.)\?? (.+)$/.exec(line);
      if (param !== null) params.set(param[1], param[2]);
      else if (line.startsWith('---@')) others.push(line);
    }
    found.set(member, { params, others });
  }
  return found;
}

function operationStub(name: string, operation: OperationDefinition, written: Annotations | undefined): string {
  const shown = operation.args.map(shownParameter);
  const names = shown.map(arg => arg.replace('?', ''));
  return [
    `---${operation.summary}`,
    ...(operation.mode === 'sync' ? [] : ['---', '---Waits: this path stops, the others of the process go on.']),
    ...shown.map((arg, i) => `---@param ${arg} ${written?.params.get(names[i]) ?? 'any'}`),
    ...(written?.others ?? RESULT),
    `function ${name}(${names.join(', ')}) end\n`,
  ].join('\n');
}

/** From `dist*\/sdk/lua`, where this file is once it is compiled. */
export const STUBS = new URL('../../../sdk/lua/', import.meta.url);

/** The text of `sdk/lua/<name>.lua`; undefined where there is none. */
export function readStub(name: string): string | undefined {
  const file = new URL(`${name}.lua`, STUBS);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const definition of capabilityDefinitions.values()) {
    const present = readStub(definition.name);
    const stub = stubOf(definition, present);
    if (stub === present) continue;
    writeFileSync(new URL(`${definition.name}.lua`, STUBS), stub);
    process.stdout.write(`${present === undefined ? 'new' : 'changed'}: ${definition.name}.lua\n`);
  }
}
