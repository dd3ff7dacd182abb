import type { ImportTable } from '../../../runtime/machine.ts';
import type { HostCalls, Running } from '../instance/guest.ts';
import { descriptorCalls, waitingDescriptorCalls } from './descriptor_calls.ts';
import { waitingDirectoryCalls } from './directory_calls.ts';
import { wasiGrants } from './grants.ts';
import { linkCalls, waitingPathCalls } from './path_calls.ts';
import { waitingPollCalls } from './poll_calls.ts';
import { programCalls, schedCalls } from './program_calls.ts';
import { socketCalls } from './socket_calls.ts';
import { positionCalls, waitingTransferCalls } from './transfer_calls.ts';
import { WasiProcess } from './wasi_process.ts';

const QUICK = { ...programCalls, ...descriptorCalls, ...positionCalls, ...linkCalls, ...socketCalls };
const WAITING = {
  ...schedCalls,
  ...waitingDescriptorCalls,
  ...waitingTransferCalls,
  ...waitingPathCalls,
  ...waitingDirectoryCalls,
  ...waitingPollCalls,
};

/** `wasi_snapshot_preview1` over what the entry names and its host grants: whatever else is called answers an error. */
export function wasiCalls(running: Running, imports: ImportTable): HostCalls {
  const grants = wasiGrants(imports);
  const current = (): WasiProcess => {
    const { guest } = running;
    return (guest.wasi ??= new WasiProcess(guest, grants, guest.wasiRecord));
  };
  const calls: HostCalls = {};
  for (const [name, body] of Object.entries(QUICK)) {
    calls[name] = (...args) => current().perform(body, args);
  }
  for (const [name, body] of Object.entries(WAITING)) {
    calls[name] = (...args) => current().performWaiting(name, body, args);
  }
  return calls;
}
