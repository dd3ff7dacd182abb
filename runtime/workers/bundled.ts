/** Which module a place of the bundle comes from (`sdk/embed/bundle.ts` makes it, with source maps that say so). */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

const BUNDLE = new URL('../../bundle/', import.meta.url).href;
/** By URL of the script. They are read when the first frame is looked at: hardly any runtime ever does. */
const maps = new Map<string, SourceMap | undefined>();

/** Line and column 1-based. The URL itself for scripts that are one module, or that have no map. */
export function sourceUrl({ url, line, column }: { url: string; line: number; column: number }): string {
  if (!url.startsWith(BUNDLE)) return url;
  if (!maps.has(url)) maps.set(url, readMap(url));
  const entry = maps.get(url)?.findEntry(line - 1, column - 1);
  return entry !== undefined && 'originalSource' in entry ? new URL(entry.originalSource, url).href : url;
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8')));
  } catch {
    return undefined;
  }
}
