/** Upgrade (semantics section 6): the process goes on as another program, in any language. */
import { notText, upgradeFailed } from '../catalogue.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { Process } from '../scheduler/process.ts';
import { dropCommands } from './commands.ts';
import { endProcess } from './exit.ts';
import { refuseUpgrade } from './guard.ts';

/**
 * Same PID, names, monitors, links, options, context and unread messages; the capabilities are those that the host
 * grants the new entry. If it fails for any reason the process ends with "upgrade: ...".
 */
export function upgradeProcess(process: Process): void {
  const wanted = process.extras!.upgrade!;
  process.extras!.upgrade = undefined;
  const { scheduler, host, entry } = process.linked;
  try {
    if (wanted.id !== null && typeof wanted.id !== 'string') throw notText('the entry to upgrade to', wanted.id);
    const linked = scheduler.deployed.link(wanted.id ?? entry.id, host, entry.namespace);
    if (linked instanceof TroupeError) throw linked;
    const refused = refuseUpgrade(process, linked.entry.id);
    if (refused !== undefined) throw refused;
    linked.program;
    process.machine!.close();
    process.machine = undefined;
    process.extras!.method = undefined;
    process.linked = linked;
    process.args = wanted.args;
    forgetCode(process);
  } catch (thrown) {
    endProcess(process, { error: upgradeFailed(toTroupeError(thrown)) });
    return;
  }
  scheduler.enqueue(process);
}

/** What belongs to the old code is gone: subscriptions, timers, commands; unread messages stay, in order. */
function forgetCode(process: Process): void {
  const extras = process.extras!;
  dropCommands(process);
  extras.hears = false;
  extras.answers?.clear();
  const messages = process.takeRouted();
  if (messages.length === 0) return;
  for (let message = process.message(); message !== undefined; message = process.message()) messages.push(message);
  messages.sort((a, b) => a.order - b.order);
  for (const message of messages) process.append(message);
}
