/** Upgrade (semantics section 6): the process goes on as another program, in any language. */
import { notText, upgradeFailed } from '../catalogue.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { Linked } from '../hosts/linked.ts';
import type { Payload } from '../machine.ts';
import type { Process } from '../scheduler/process.ts';
import { dropCommands } from './commands.ts';
import { endProcess } from './exit.ts';
import { refuseUpgrade } from './guard.ts';

/**
 * Same PID, names, monitors, links, options, context and unread messages; the capabilities are those that the host
 * grants the new entry. If it fails for any reason, until the new program first waits, the process ends with "upgrade: ...".
 */
export function upgradeProcess(process: Process): void {
  const extras = process.extras!;
  const { id, args } = extras.upgrade!;
  extras.upgrade = undefined;
  const { scheduler, host, entry } = process.linked;
  try {
    if (id !== null && typeof id !== 'string') throw notText('the entry to upgrade to', id);
    if (args instanceof TroupeError) throw args;
    const linked = scheduler.deployed.link(id ?? entry.id, host, entry.namespace);
    if (linked instanceof TroupeError) throw linked;
    const refused = refuseUpgrade(process, linked.entry.id);
    if (refused !== undefined) throw refused;
    goOn(process, linked, args);
  } catch (thrown) {
    endProcess(process, { error: upgradeFailed(toTroupeError(thrown)) });
    return;
  }
  scheduler.enqueue(process);
}

/**
 * The same from outside, between two steps: it goes on as the present revision of its entry. One that has not begun keeps
 * its own arguments.
 */
export function replaceProcess(process: Process, args: readonly Payload[]): void {
  const { scheduler, host, entry } = process.linked;
  const hasBegun = process.args === undefined;
  try {
    const linked = scheduler.deployed.link(entry.id, host, entry.namespace);
    if (linked instanceof TroupeError) throw linked;
    if (hasBegun) goOn(process, linked, args);
    else {
      linked.program;
      process.linked = linked;
    }
  } catch (thrown) {
    endProcess(process, { error: upgradeFailed(toTroupeError(thrown)) });
    return;
  }
  scheduler.wake(process);
}

/** It is the new program from here on; throws, and is what it was, where that cannot be loaded. */
function goOn(process: Process, linked: Linked, args: readonly Payload[]): void {
  linked.program;
  const { rare } = process;
  if (rare.image !== undefined) process.linked.program.discard?.(rare.image);
  rare.image = undefined;
  process.machine?.close();
  process.machine = undefined;
  rare.method = undefined;
  rare.upgraded = true;
  process.linked = linked;
  process.args = args;
  forgetCode(process);
}

/** The error with which a process ends: that of its upgrade, where what it goes on as has not come as far as to wait. */
export function ofUpgrade(process: Process, error: TroupeError): TroupeError {
  return process.extras?.upgraded ? upgradeFailed(error) : error;
}

/** What belongs to the old code is gone: subscriptions, timers, commands; unread messages stay, in order. */
function forgetCode(process: Process): void {
  dropCommands(process);
  const extras = process.extras!;
  extras.hears = false;
  extras.answers?.clear();
  process.mergeTopics();
}
