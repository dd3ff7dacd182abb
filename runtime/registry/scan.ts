/** Which files of a folder may hold entries, and their text. */
import { isUtf8 } from 'node:buffer';
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { ProblemList } from './problem.ts';

export interface YamlFile {
  /** Relative to the deployment's root, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules', 'dist']);

/** Whether nothing is looked for in a folder of this name. */
export function isSkippedFolder(name: string): boolean {
  return name.startsWith('.') || SKIPPED_FOLDERS.has(name);
}

/**
 * Every `*.yaml` under `root` (an absolute, real path), in the order of their names. Left out: `node_modules`, `dist`,
 * files and folders whose name begins with a dot. Links to folders are not followed; links to files are.
 */
export function readYamlFiles(root: string, problems: ProblemList): YamlFile[] {
  const names: string[] = [];
  collectNames(root, '', names, problems);
  return names
    .sort()
    .map(name => readText(root, name, problems))
    .filter(file => file !== undefined);
}

function collectNames(root: string, folder: string, names: string[], problems: ProblemList): void {
  let items: Dirent[];
  try {
    items = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const place = { file: folder === '' ? '.' : folder, line: 1, column: 1 };
    problems.add(place, `this folder cannot be read (${reason}); check its permissions`, 'UNAVAILABLE');
    return;
  }
  for (const item of items) {
    if (item.name.startsWith('.')) continue;
    const path = folder === '' ? item.name : `${folder}/${item.name}`;
    if (item.isDirectory()) {
      if (!isSkippedFolder(item.name)) collectNames(root, path, names, problems);
    } else if (item.name.endsWith('.yaml') && (item.isFile() || item.isSymbolicLink())) {
      names.push(path);
    }
  }
}

/** The text of one file, or undefined where it is no text or must not be read; the reason is added to `problems`. */
export function readText(root: string, file: string, problems: ProblemList): YamlFile | undefined {
  const place = { file, line: 1, column: 1 };
  let bytes: Buffer;
  try {
    const real = realpathSync.native(join(root, file));
    if (!isInside(root, real)) {
      problems.add(
        place,
        'this is a link to a file outside the deployment; copy the file into the folder',
        'PERMISSION_DENIED',
      );
      return undefined;
    }
    // A link may lead to a folder that happens to be called something.yaml.
    if (!statSync(real).isFile()) return undefined;
    bytes = readFileSync(real);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    problems.add(
      place,
      `this file cannot be read (${reason}); check that it exists and its permissions`,
      'UNAVAILABLE',
    );
    return undefined;
  }
  if (!isUtf8(bytes)) {
    problems.add(
      { file, ...firstBadByte(bytes) },
      'this file is not UTF-8 text from here on; save it with the encoding UTF-8',
    );
    return undefined;
  }
  return { file, text: new TextDecoder().decode(bytes) };
}

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** No character of UTF-8 has a line feed inside, so each line can be judged alone. */
function firstBadByte(bytes: Buffer): { line: number; column: number } {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed;
    const part = bytes.subarray(start, end);
    if (!isUtf8(part)) return { line, column: part.toString('utf8').indexOf('\ufffd') + 1 };
    start = end + 1;
  }
  return { line: 1, column: 1 };
}
