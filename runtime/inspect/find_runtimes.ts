/** The runtimes that can be inspected: those whose sockets are in the folder for them and that answer. */
import { connect } from 'node:net';
import { TroupeError } from '../errors.ts';
import { InspectClient } from './client.ts';
import {
  addressOf,
  deploymentKey,
  isSafeFolder,
  listSockets,
  removeSocket,
  type SocketFile,
  socketFolders,
} from './socket_folder.ts';

export interface Found {
  /** Connected, the oldest first. */
  readonly clients: readonly InspectClient[];
  /** Those that live and do not answer. */
  readonly failures: readonly { readonly pid: number; readonly error: TroupeError }[];
}

/**
 * Removes sockets that were left behind. Throws PERMISSION_DENIED where somebody else could have put sockets there.
 *
 * @param root folder of the deployment, absolute, without links; undefined: any
 */
export async function findRuntimes(root: string | undefined): Promise<Found> {
  const key = root === undefined ? undefined : deploymentKey(root);
  const files = socketFolders().flatMap(folder => (isSafeFolder(folder) ? listSockets(folder, key) : []));
  await removeAbandoned(files);
  const clients: InspectClient[] = [];
  const failures: { pid: number; error: TroupeError }[] = [];
  await Promise.all(
    files.map(async ({ path, pid }) => {
      try {
        clients.push(await InspectClient.connect(addressOf(path)));
      } catch (thrown) {
        if (isAbsence(thrown)) return;
        if (!(thrown instanceof TroupeError)) throw thrown;
        failures.push({ pid, error: thrown });
      }
    }),
  );
  clients.sort((a, b) => a.hello.since - b.hello.since || a.hello.pid - b.hello.pid);
  return { clients, failures: failures.sort((a, b) => a.pid - b.pid) };
}

/**
 * Remove sockets of programs that were killed. One refuses also between its making and its first `listen`, and one whose
 * program cannot be seen from here may be that of a container: so both must be so, nobody there and nobody listening.
 */
export async function removeAbandoned(files: readonly SocketFile[]): Promise<void> {
  await Promise.all(
    files.map(async ({ path, pid }) => {
      if (!isAlive(pid) && (await isRefused(path))) removeSocket(path);
    }),
  );
}

function isRefused(path: string): Promise<boolean> {
  return new Promise(resolve => {
    try {
      const socket = connect(addressOf(path), () => {
        socket.destroy();
        resolve(false);
      });
      socket.on('error', error => resolve(isAbsence(error)));
    } catch {
      // It was removed by another one who looked.
      resolve(false);
    }
  });
}

/** Whether an error says that nobody listens. */
function isAbsence(thrown: unknown): boolean {
  const code = thrown instanceof TroupeError ? thrown.details?.code : (thrown as NodeJS.ErrnoException).code;
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

/** Whether there is an operating system's process with this number. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
