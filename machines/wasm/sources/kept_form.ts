import { limitMemory, limitTables } from '../binary/limit.ts';
import type { Module } from '../binary/module.ts';
import { type Form, FORM_VERSION, type Runnable, runnableForm } from '../form.ts';
import type { Preemption } from '../suspend/preemption.ts';
import { readCached, sha256, writeCached } from './cache.ts';

/** Of one table: more than any program has functions. */
const MOST_TABLE_ENTRIES = 200_000;

/** What a module becomes on a host. */
export interface FormRequest {
  readonly preempt: Preemption;
  /** The most that its memory may have, in pages of 64 KiB; undefined where it stays as it is. */
  readonly pages: number | undefined;
}

/**
 * `runnableForm` of a module, kept in `folder` by its content: even the smallest module is read several times faster than
 * made. Throws what that throws, and `limitMemory`.
 *
 * @param source its bytes, decoded where somebody has needed that before
 */
export function keptForm(folder: string | undefined, source: Uint8Array | Module, request: FormRequest): Runnable {
  const bytes = source instanceof Uint8Array ? source : source.bytes;
  const { preempt, pages } = request;
  const key = `form-${sha256(JSON.stringify([FORM_VERSION, preempt, pages ?? null, sha256(bytes)]))}`;
  const kept = readCached(folder, key);
  if (kept !== undefined) return { form: kept.note as Form, bytes: kept.output };
  const made = make(source, request);
  writeCached(folder, key, made.form, made.bytes);
  return made;
}

function make(source: Uint8Array | Module, { preempt, pages }: FormRequest): Runnable {
  const bounded = limitTables(pages === undefined ? source : limitMemory(source, pages), MOST_TABLE_ENTRIES);
  return runnableForm(bounded, preempt);
}
