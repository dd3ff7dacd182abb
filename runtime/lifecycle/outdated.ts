/** OUTDATED: the code of a process has changed, and it has said that it wants to know (semantics section 3). */
import { type ProcessEvent, ProcessEventKind } from '../machine.ts';
import type { Process } from '../scheduler/process.ts';
import { pushEvent } from './stop.ts';

/** Whether it is told. `sources`: ids of entries. One event is pending at most; it names all that has changed. */
export function tellOutdated(process: Process, from: string, at: number, sources: readonly string[]): boolean {
  if (process.extras?.upgradable !== true) return false;
  const pending = pendingIn(process);
  if (pending === undefined) {
    pushEvent(process, { kind: ProcessEventKind.OUTDATED, from, at, sources: [...sources] });
    return true;
  }
  for (const source of sources) if (!pending.includes(source)) pending.push(source);
  return true;
}

/** What the pending event names; nobody else has seen it yet. */
function pendingIn({ extras }: Process): string[] | undefined {
  const events = extras!.events;
  for (let i = 0; i < (events?.size ?? 0); i++) {
    const event: ProcessEvent = events!.at(i)!;
    if (event.kind === ProcessEventKind.OUTDATED) return event.sources as string[];
  }
  return undefined;
}
