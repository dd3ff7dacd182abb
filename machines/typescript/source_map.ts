/** From places in the bundle that runs to places in the files that were written. */
import { SourceMap } from 'node:module';
import type { Place } from '../../runtime/registry/entry.ts';

export class Mapper {
  readonly #json: string;
  #map: SourceMap | undefined;

  /** `json`: a source map, version 3. It is decoded when the first place is asked for. */
  constructor(json: string) {
    this.#json = json;
  }

  /** Line and column of the bundle, 1-based; undefined for what no file stands behind. */
  original(line: number, column: number): Place | undefined {
    this.#map ??= new SourceMap(JSON.parse(this.#json));
    const entry = this.#map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined;
    // esbuild marks names that look like URLs.
    const file = entry.originalSource.replace(/^\.\//, '');
    return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }
}
