/**
 * Terminal, store, events and registry of the main thread, for a worker thread, over a MessagePort. The main thread answers
 * (`serveServices`), the worker asks (`remoteServices`).
 */
import type { MessagePort } from 'node:worker_threads';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { Event, Events, Subscription } from '../event_bus.ts';
import type { ColorDepth } from '../hosts/color_depth.ts';
import type { RawMode, Terminal, TerminalSize } from '../hosts/terminal.ts';
import type { RegistryService } from '../live/registry_service.ts';
import type { LogSink } from '../logger.ts';
import { packExact, unpackExact } from '../payload/messagepack.ts';
import type { Payload } from '../payload/payload.ts';
import type { Store, StoreLimits } from '../store.ts';
import { resolveHost } from './http_client_resolve.ts';
import type { Services } from './services.ts';

/** What a worker must know before it asks; structured-cloneable. */
export interface ServicesSnapshot {
  readonly root: string;
  readonly terminal: TerminalSnapshot;
  readonly environment: { readonly [name: string]: string | undefined };
}

type TerminalSnapshot = Pick<
  Terminal,
  'args' | 'columns' | 'rows' | 'isTty' | 'errorsAreTty' | 'inputIsTty' | 'colors'
>;

type TerminalMethod = 'write' | 'writeError' | 'readLine' | 'readPiece' | 'setRaw';
type StoreMethod = 'get' | 'has' | 'set' | 'delete' | 'list';
type Method = TerminalMethod | StoreMethod | keyof Events | keyof RegistryService;

interface Question {
  readonly tag: number;
  readonly method: Method;
  /** MessagePack of the list of arguments. */
  readonly args: Uint8Array;
}

interface Reply {
  readonly tag: number;
  /** MessagePack of the value, or of the error. */
  readonly value: Uint8Array;
  readonly failed: boolean;
}

export function snapshotServices(services: Services): ServicesSnapshot {
  const { args, columns, rows, isTty, errorsAreTty, inputIsTty, colors } = services.terminal;
  return {
    root: services.root,
    terminal: { args, columns, rows, isTty, errorsAreTty, inputIsTty, colors },
    environment: { ...services.environment },
  };
}

/**
 * Main thread: answer what comes over `port` until it closes, and tell of new sizes of the terminal. The port does not keep
 * the thread alive.
 */
export function serveServices(port: MessagePort, services: Services): void {
  port.on(
    'close',
    services.terminal.onResize(size => port.postMessage(size satisfies TerminalSize)),
  );
  port.on('message', (question: Question) => {
    answer(services, question.method, unpackExact(question.args) as Payload[]).then(
      value => port.postMessage({ tag: question.tag, value: packExact(value), failed: false } satisfies Reply),
      thrown =>
        port.postMessage({
          tag: question.tag,
          value: packExact(toTroupeError(thrown)),
          failed: true,
        } satisfies Reply),
    );
  });
  port.unref();
}

async function answer(services: Services, method: Method, args: readonly Payload[]): Promise<Payload> {
  const { terminal, store, events, registry } = services;
  switch (method) {
    case 'write':
      await terminal.write(args[0] as string | Uint8Array);
      return null;
    case 'writeError':
      await terminal.writeError(args[0] as string | Uint8Array);
      return null;
    case 'readLine':
      return await terminal.readLine();
    case 'readPiece':
      return await terminal.readPiece();
    case 'setRaw':
      await terminal.setRaw((args[0] ?? undefined) as RawMode | undefined);
      return null;
    case 'get':
      return await store.get(args[0] as string, args[1] as string);
    case 'has':
      return await store.has(args[0] as string, args[1] as string);
    case 'set':
      await store.set(args[0] as string, args[1] as string, args[2], args[3] as StoreLimits, args[4] as number);
      return null;
    case 'delete':
      return await store.delete(args[0] as string, args[1] as string);
    case 'list':
      return await store.list(args[0] as string, args[1] as string);
    case 'publish':
      return await events.publish(args[0] as unknown as Event);
    case 'subscribe':
      return await events.subscribe(args[0] as unknown as Subscription, args[1] as number);
    case 'unsubscribe':
      return await events.unsubscribe(args[0] as string, args[1] as number);
    case 'applyChanges':
      return await registry.applyChanges(args[0]);
    case 'undoChanges':
      return await registry.undoChanges(args[0]);
    case 'pastVersions':
      return await registry.pastVersions();
    case 'presentVersion':
      return await registry.presentVersion();
  }
}

/**
 * Worker thread: services whose terminal, store, events and registry ask over `port`. The port keeps the thread alive only while an
 * answer is awaited.
 */
export function remoteServices(port: MessagePort, snapshot: ServicesSnapshot, log: LogSink): Services {
  const asker = new Asker(port);
  return {
    root: snapshot.root,
    environment: snapshot.environment,
    log,
    resolve: resolveHost,
    terminal: new RemoteTerminal(asker, snapshot.terminal),
    store: new RemoteStore(asker),
    events: new RemoteEvents(asker),
    registry: new RemoteRegistry(asker),
  };
}

class Asker {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, { resolve(value: Payload): void; reject(error: unknown): void }>();
  #tag = 0;
  /** Told of each new size of the terminal. */
  onSize: ((size: TerminalSize) => void) | undefined = undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (told: Reply | TerminalSize) => {
      if ('tag' in told) this.#settle(told);
      else this.onSize?.(told);
    });
    port.on('close', () => this.#abandon());
    port.unref();
  }

  ask(method: Method, args: readonly Payload[]): Promise<Payload> {
    return new Promise((resolve, reject) => {
      const tag = this.#tag++;
      this.#waiting.set(tag, { resolve, reject });
      if (this.#waiting.size === 1) this.#port.ref();
      this.#port.postMessage({ tag, method, args: packExact(args) } satisfies Question);
    });
  }

  #settle(reply: Reply): void {
    const waiter = this.#waiting.get(reply.tag);
    if (waiter === undefined) return;
    this.#waiting.delete(reply.tag);
    if (this.#waiting.size === 0) this.#port.unref();
    const value = unpackExact(reply.value);
    if (reply.failed) waiter.reject(value);
    else waiter.resolve(value);
  }

  #abandon(): void {
    const error = new TroupeError('the runtime is stopping', { kind: 'UNAVAILABLE' });
    for (const waiter of this.#waiting.values()) waiter.reject(error);
    this.#waiting.clear();
  }
}

class RemoteTerminal implements Terminal {
  readonly args: readonly string[];
  readonly isTty: boolean;
  readonly errorsAreTty: boolean;
  readonly inputIsTty: boolean;
  readonly colors: ColorDepth;
  readonly #asker: Asker;
  readonly #resized = new Set<(size: TerminalSize) => void>();
  #size: TerminalSize;

  constructor(asker: Asker, snapshot: TerminalSnapshot) {
    this.#asker = asker;
    this.args = snapshot.args;
    this.isTty = snapshot.isTty;
    this.errorsAreTty = snapshot.errorsAreTty;
    this.inputIsTty = snapshot.inputIsTty;
    this.colors = snapshot.colors;
    this.#size = snapshot;
    asker.onSize = size => {
      this.#size = size;
      for (const listener of this.#resized) listener(size);
    };
  }

  get columns(): number {
    return this.#size.columns;
  }

  get rows(): number {
    return this.#size.rows;
  }

  async write(text: string | Uint8Array): Promise<void> {
    await this.#asker.ask('write', [text]);
  }

  async writeError(text: string | Uint8Array): Promise<void> {
    await this.#asker.ask('writeError', [text]);
  }

  async readLine(): Promise<string | undefined> {
    const line = await this.#asker.ask('readLine', []);
    return typeof line === 'string' ? line : undefined;
  }

  async readPiece(): Promise<Uint8Array | undefined> {
    const piece = await this.#asker.ask('readPiece', []);
    return piece instanceof Uint8Array ? piece : undefined;
  }

  async setRaw(mode: RawMode | undefined): Promise<void> {
    await this.#asker.ask('setRaw', [mode === undefined ? null : { ...mode }]);
  }

  onResize(listener: (size: TerminalSize) => void): () => void {
    this.#resized.add(listener);
    return () => this.#resized.delete(listener);
  }
}

class RemoteStore implements Store {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  get(namespace: string, key: string): Promise<Payload> {
    return this.#asker.ask('get', [namespace, key]);
  }

  async has(namespace: string, key: string): Promise<boolean> {
    return (await this.#asker.ask('has', [namespace, key])) === true;
  }

  async set(namespace: string, key: string, value: Payload, limits: StoreLimits, milliseconds = 0): Promise<void> {
    await this.#asker.ask('set', [namespace, key, value, limits, milliseconds]);
  }

  async delete(namespace: string, key: string): Promise<boolean> {
    return (await this.#asker.ask('delete', [namespace, key])) === true;
  }

  async list(namespace: string, prefix: string): Promise<string[]> {
    return (await this.#asker.ask('list', [namespace, prefix])) as string[];
  }
}

class RemoteEvents implements Events {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  async publish(event: Event): Promise<number> {
    return (await this.#asker.ask('publish', [{ ...event }])) as number;
  }

  async subscribe(subscription: Subscription, most: number): Promise<number> {
    return (await this.#asker.ask('subscribe', [{ ...subscription }, most])) as number;
  }

  async unsubscribe(pid: string, id: number): Promise<boolean> {
    return (await this.#asker.ask('unsubscribe', [pid, id])) === true;
  }
}

class RemoteRegistry implements RegistryService {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  applyChanges(request: Payload): Promise<Payload> {
    return this.#asker.ask('applyChanges', [request]);
  }

  undoChanges(request: Payload): Promise<Payload> {
    return this.#asker.ask('undoChanges', [request]);
  }

  pastVersions(): Promise<Payload> {
    return this.#asker.ask('pastVersions', []);
  }

  presentVersion(): Promise<Payload> {
    return this.#asker.ask('presentVersion', []);
  }
}
