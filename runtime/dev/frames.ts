import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Source } from '../registry/entry.ts';
import type { Deployment } from '../registry/load.ts';
import { isInside } from '../registry/scan.ts';
import { codeFrame } from './code_frame.ts';

/** Bytes; nobody writes such sources by hand. */
const LARGEST = 4 * 1024 * 1024;

type Colors = Parameters<typeof codeFrame>[2];

/** The lines around a place in a file of a deployment as it is now; empty where there is no such file. */
export function frameOfFile(root: string, place: Place, colors?: Colors): string {
  const path = join(root, place.file);
  try {
    const { size } = statSync(path);
    if (!isInside(root, path) || size > LARGEST) return '';
    return codeFrame(readFileSync(path, 'utf8'), place, colors);
  } catch {
    return '';
  }
}

/** The lines around a place in a source as it was when the deployment was read, which is what runs. */
export function frameOfSource({ root, entries }: Deployment, place: Place, colors?: Colors): string {
  const source = sourceOf(entries, place.file);
  if (source === undefined) return frameOfFile(root, place, colors);
  return codeFrame(new TextDecoder().decode(source.bytes), place, colors);
}

function sourceOf(entries: Deployment['entries'], name: string): Source | undefined {
  for (const { source } of entries.values()) if (source?.name === name) return source;
  return undefined;
}
