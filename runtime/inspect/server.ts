/** The socket of a running deployment. Whoever can open it is its owner, and may do everything: no policies are asked. */
import { createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../clock.ts';
import { TroupeError } from '../errors.ts';
import { Connection } from './connection.ts';
import { removeAbandoned } from './find_runtimes.ts';
import { type Hello, PROTOCOL } from './protocol.ts';
import type { Request } from './request_schema.ts';
import {
  closeToOthers,
  deploymentKey,
  listSockets,
  newAddress,
  openSocketFolder,
  removeSocket,
  socketFolder,
  socketPath,
} from './socket_folder.ts';

/** Clients at once. One more takes the place of the one that has said nothing for the longest time. */
const MOST_CLIENTS = 16;
/** Runtimes of one deployment in one process of the operating system. */
const MOST_RUNTIMES = 1_000;

export interface InspectServerOptions {
  /** Folder of the deployment: absolute, without links. */
  readonly root: string;
  answer(request: Request): Promise<unknown>;
}

export class InspectServer {
  readonly path: string;
  readonly #server: Server;
  readonly #options: InspectServerOptions;
  readonly #hello: Hello;
  readonly #clients = new Set<Connection>();
  /** Also where the program ends without stopping its runtime. */
  readonly #atExit = (): void => void removeSocket(this.path);

  private constructor(path: string, server: Server, options: InspectServerOptions) {
    this.path = path;
    this.#server = server;
    this.#options = options;
    this.#hello = { protocol: PROTOCOL, root: options.root, pid: process.pid, since: systemClock.unix() / 1_000 };
    server.on('connection', socket => this.#connected(socket));
    process.on('exit', this.#atExit);
  }

  /** Rejects with PERMISSION_DENIED where others could get at the socket, UNAVAILABLE where the system makes none. */
  static async open(options: InspectServerOptions): Promise<InspectServer> {
    const folder = socketFolder();
    openSocketFolder(folder);
    const key = deploymentKey(options.root);
    await removeAbandoned(listSockets(folder, key));
    for (let count = 1; count <= MOST_RUNTIMES; count++) {
      const path = socketPath(folder, key, process.pid, count);
      // Clients may close their side and still read what is answered.
      const server = createServer({ allowHalfOpen: true });
      try {
        await listen(server, path);
      } catch (thrown) {
        const { code, message } = thrown as NodeJS.ErrnoException;
        // Another runtime of this program, or one of an earlier program that had the same number.
        if (code === 'EADDRINUSE' || code === 'EEXIST') continue;
        throw new TroupeError(`cannot open the socket ${path}: ${message}`, { kind: 'UNAVAILABLE', retryable: false });
      }
      server.unref();
      return new InspectServer(path, server, options);
    }
    throw new TroupeError(
      `there are ${MOST_RUNTIMES} sockets of this program in ${folder}; remove those that are left over`,
      {
        kind: 'UNAVAILABLE',
        retryable: false,
      },
    );
  }

  close(): void {
    process.off('exit', this.#atExit);
    for (const client of [...this.#clients]) client.close();
    this.#server.close();
    removeSocket(this.path);
  }

  #connected(socket: Socket): void {
    // It is the processes that keep the program alive.
    socket.unref();
    if (this.#clients.size >= MOST_CLIENTS) this.#dropSilent();
    const client = new Connection({
      socket,
      hello: this.#hello,
      answer: this.#options.answer,
      onClose: () => this.#clients.delete(client),
    });
    this.#clients.add(client);
  }

  #dropSilent(): void {
    let silent: Connection | undefined;
    for (const client of this.#clients) if (silent === undefined || client.heardAt < silent.heardAt) silent = client;
    silent?.close();
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(newAddress(path), () => {
      server.off('error', reject);
      // Accepting may fail for want of file descriptors; the next one may come in again.
      server.on('error', () => undefined);
      closeToOthers(path);
      resolve();
    });
  });
}
