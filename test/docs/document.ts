/** A document of the project and what is in it to be checked: files of a deployment, commands, tables. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { troupe } from '../cli/troupe.ts';
import { type Files, writeDeployment } from '../deploy.ts';

/** From `dist*\/test/docs`, where compiled tests are. */
const PROJECT = new URL('../../../', import.meta.url);

export function readProject(path: string): string {
  return readFileSync(new URL(path, PROJECT), 'utf8');
}

/** A command line that a document shows, and what it says that is printed. */
export interface Shown {
  readonly args: readonly string[];
  readonly printed: string;
}

/** Cells of a row, without the outer bars. */
export type Row = readonly string[];

export class Document {
  readonly text: string;
  /** Fenced blocks with a name: the files of the document's deployment. */
  readonly files: Files;
  readonly commands: readonly Shown[];

  /** Fails where a block has no name and is no terminal session: nothing would check it. */
  constructor(path: string) {
    this.text = readProject(path);
    const files: { [name: string]: string } = {};
    const commands: Shown[] = [];
    for (const [, language, name, content] of this.text.matchAll(/^```(\S+)(?: (\S+))?\n([\s\S]*?)^```$/gm)) {
      if (name !== undefined) {
        assert.not.ok(name in files, `${path}: two blocks are named ${name}`);
        files[name] = content;
      } else {
        assert.is(language, 'console', `${path}: a block of ${language} has no file name:\n${content}`);
        commands.push(...session(content));
      }
    }
    this.files = files;
    this.commands = commands;
  }

  /** The text below a heading, up to the next one of the same or a higher level. */
  section(heading: string): string {
    const level = /^#+/.exec(heading)![0].length;
    const at = `\n${this.text}`.indexOf(`\n${heading}\n`);
    assert.ok(at >= 0, `there is no heading "${heading}"`);
    const rest = this.text.slice(at + heading.length + 1);
    const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
    return end < 0 ? rest : rest.slice(0, end);
  }

  /** Write the deployment, check it, and run every command that is shown with it. */
  async run(workers: number): Promise<void> {
    const root = writeDeployment(this.files);
    const checked = await troupe('check', '-C', root);
    assert.is(checked.stderr, '');
    assert.is(checked.code, 0);
    for (const { args, printed } of this.commands) {
      const [command, ...rest] = args;
      const threads = command === 'exec' ? ['--workers', String(workers)] : [];
      const done = await troupe(command, '-C', root, ...threads, ...rest);
      assert.equal(
        asShown(done.stdout.trim() === '' ? done.stderr.trim() : done.stdout.trim()),
        asShown(printed),
        args.join(' '),
      );
    }
  }
}

/** Results are JSON, and the keys of a Lua table have no order; whatever is not JSON is compared as text. */
function asShown(printed: string): unknown {
  try {
    return JSON.parse(printed);
  } catch {
    return printed;
  }
}

/** `$ npx troupe exec app:main 1 '{"a": 2}'`, and the lines up to the next prompt. */
function session(content: string): Shown[] {
  return content
    .split(/^\$ npx troupe /m)
    .slice(1)
    .map(part => {
      const [line, ...printed] = part.split('\n');
      const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
      return { args, printed: printed.join('\n').trim() };
    });
}

/** Rows of all tables in a text, without heads and rulers. `\|` in a cell is a bar. */
export function rows(text: string): Row[] {
  const found: Row[] = [];
  const lines = text.split('\n');
  lines.forEach((line, i) => {
    const isHead = /^\|[-| ]+\|$/.test(lines[i + 1] ?? '');
    if (!line.startsWith('|') || isHead || /^\|[-| ]+\|$/.test(line)) return;
    found.push(
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim().replaceAll('\\|', '|')),
    );
  });
  return found;
}

/** The code spans of a text: what stands between single backquotes. */
export function spans(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span);
}

/** Same members, whatever their order; the difference is shown where not. */
export function sameNames(found: Iterable<string>, expected: Iterable<string>, what: string): void {
  assert.equal([...new Set(found)].sort(), [...new Set(expected)].sort(), what);
}
