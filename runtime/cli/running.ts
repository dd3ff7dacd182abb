/** For commands that go to a deployment that runs: which runtime is meant, and the way there. */
import type { InspectClient } from '../inspect/client.ts';
import { findRuntimes, type Found } from '../inspect/find_runtimes.ts';
import { realRoot } from '../inspect/socket_folder.ts';
import { TroupeError } from '../errors.ts';
import { reporting } from './report.ts';

export interface RunningOptions {
  /** Folder of the deployment. */
  readonly directory: string;
  readonly json: boolean;
  /** Number of the operating system's process, where several run the deployment. */
  readonly runtime: number | undefined;
}

/** Run a command's body with a connection to the runtime that is meant. */
export function withRuntime(
  options: RunningOptions,
  body: (client: InspectClient) => Promise<number>,
): Promise<number> {
  const run = async (): Promise<number> => {
    const root = realRoot(options.directory);
    const found = await findRuntimes(root);
    try {
      return await body(await choose(root, found, options.runtime));
    } finally {
      for (const client of found.clients) client.close();
    }
  };
  return reporting(options, run, 'nothing was changed');
}

async function choose(root: string, found: Found, wanted: number | undefined): Promise<InspectClient> {
  const { clients, failures } = found;
  if (wanted !== undefined) {
    const client = clients.find(({ hello }) => hello.pid === wanted);
    if (client !== undefined) return client;
    const failure = failures.find(({ pid }) => pid === wanted);
    if (failure !== undefined) throw failure.error;
    const others = clients.length === 0 ? '' : `; it is run by ${clients.map(shown).join(', ')}`;
    throw new TroupeError(`no process ${wanted} runs ${root}${others}`, { kind: 'NOT_FOUND', retryable: false });
  }
  if (clients.length === 1 && failures.length === 0) return clients[0];
  if (clients.length === 0 && failures.length === 1) throw failures[0].error;
  if (clients.length + failures.length > 1) {
    const silent = failures.map(({ pid, error }) => `${pid} (${error.message})`);
    const all = [...clients.map(shown), ...silent].join(', ');
    throw new TroupeError(`several processes run ${root}: ${all}; say which with --runtime <number>`, {
      kind: 'CONFLICT',
      retryable: false,
      details: { runtimes: [...clients.map(({ hello }) => hello.pid), ...failures.map(({ pid }) => pid)] },
    });
  }
  throw new TroupeError(`nothing that can be inspected runs ${root}${await othersThatRun()}`, {
    kind: 'NOT_FOUND',
    retryable: false,
  });
}

/** Where else something runs: mostly it is the folder that is wrong. */
async function othersThatRun(): Promise<string> {
  const { clients } = await findRuntimes(undefined);
  for (const client of clients) client.close();
  const roots = [...new Set(clients.map(({ hello }) => hello.root))];
  if (roots.length === 0) return '; start it with "troupe run"';
  return `; what runs is ${roots.join(', ')}: name one with -C`;
}

function shown({ hello }: InspectClient): string {
  return `${hello.pid} (since ${new Date(hello.since * 1_000).toISOString()})`;
}
