/**
 * The connections of one grant. Nobody else's requests go over them, so what one host may reach is never reached over
 * what was opened for another.
 *
 * Where private addresses are not allowed, each address is looked at when a connection is made to it, by what makes the
 * connection: whatever a name stands for before or after means nothing. And once more when it is there.
 */
import { connect as connectPlain, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { type buildConnector, Client, type Dispatcher, errors } from 'undici';
import { isPublicAddress } from './http_client_address.ts';
import type { Resolve } from './http_client_resolve.ts';

// Its errors assign their messages, which fails where the prototype of all errors is frozen: they need one of their own.
Object.defineProperty(errors.UndiciError.prototype, 'message', { value: '', writable: true, configurable: true });

/** Connections of a grant that wait for another request. */
const MOST_IDLE = 16;
/** Milliseconds that one waits, unless its server says something else. */
const IDLE = 4_000;
const LONGEST_IDLE = 60_000;
/** Bytes of an answer's headers. */
const HEADER_BYTES = 64 * 1024;

/** A name stands for an address that is not public, or a connection led to one. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_NOT_PUBLIC';
  constructor() {
    super('the address is not public');
  }
}

export class Connections {
  readonly #resolve: Resolve;
  readonly #anyAddress: boolean;
  /** Those that wait, the one that was used last at the end. */
  readonly #idle: Connection[] = [];

  constructor(resolve: Resolve, anyAddress: boolean) {
    this.#resolve = resolve;
    this.#anyAddress = anyAddress;
  }

  /** One that waits, or a new one, which connects with its first request. It is the caller's until `giveBack`, or `destroy`. */
  take(origin: string): Connection {
    const at = this.#idle.findLastIndex(connection => connection.origin === origin);
    if (at >= 0) return this.#idle.splice(at, 1)[0];
    return new Connection(
      origin,
      connection => this.#forget(connection),
      options => this.#connect(options),
      this.#anyAddress,
    );
  }

  /** The last answer was read to its end. */
  giveBack(connection: Connection): void {
    this.#idle.push(connection);
    if (this.#idle.length > MOST_IDLE) this.#idle.shift()!.destroy();
  }

  /** Its server has closed it, or it has waited too long. */
  #forget(connection: Connection): void {
    const at = this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    connection.destroy();
  }

  #connect({ protocol, hostname, port: written }: buildConnector.Options): Socket {
    const port = written === '' ? (protocol === 'https:' ? 443 : 80) : Number(written);
    const lookup = this.#lookup;
    if (protocol !== 'https:') return connectPlain({ host: hostname, port, lookup });
    return connectSecurely({
      host: hostname,
      port,
      lookup,
      servername: isIP(hostname) === 0 ? hostname : undefined,
      ALPNProtocols: ['http/1.1'],
      // The environment can switch this off for all of Node, and a deployment would not know.
      rejectUnauthorized: true,
    });
  }

  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname).then(
      addresses => {
        if (addresses.length === 0) {
          callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0);
          return;
        }
        // One that is not public among others is no accident.
        if (!this.#anyAddress && !addresses.every(({ address }) => isPublicAddress(address))) {
          callback(new AddressRefused(), '', 0);
        } else if (options.all) callback(null, [...addresses]);
        else callback(null, addresses[0].address, addresses[0].family);
      },
      (thrown: NodeJS.ErrnoException) => callback(thrown, '', 0),
    );
  };
}

/** One connection, for one request at a time. */
export class Connection {
  readonly origin: string;
  readonly #client: Client;
  #socket: Socket | undefined;

  constructor(
    origin: string,
    onDisconnect: (connection: Connection) => void,
    connect: (options: buildConnector.Options) => Socket,
    anyAddress: boolean,
  ) {
    this.origin = origin;
    this.#client = new Client(origin, {
      connect: (options, callback) => this.#open(connect(options), options.protocol, anyAddress, callback),
      pipelining: 1,
      keepAliveTimeout: IDLE,
      keepAliveMaxTimeout: LONGEST_IDLE,
      maxHeaderSize: HEADER_BYTES,
      // One timeout is over the whole request, on the clock of the runtime.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
    });
    this.#client.on('disconnect', () => onDisconnect(this));
  }

  /** `handlers.onError` or `handlers.onComplete` is the last that is called. */
  send(request: Dispatcher.DispatchOptions, handlers: Dispatcher.DispatchHandlers): void {
    this.#client.dispatch(request, handlers);
  }

  /** A request that is under way fails with `error`, also one for which the connection is only being made. */
  destroy(error: Error = new Error('the connection is not needed any more')): void {
    this.#client.destroy(error).catch(() => undefined);
    this.#socket?.destroy();
  }

  #open(socket: Socket, protocol: string, anyAddress: boolean, callback: buildConnector.Callback): void {
    this.#socket = socket;
    let settled = false;
    const settle = (error: Error | null): void => {
      if (settled) return;
      settled = true;
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    socket.setNoDelay(true);
    socket.on('error', settle);
    // Where it is destroyed without an error.
    socket.on('close', () => settle(new Error('the connection was closed')));
    socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      if (anyAddress || isPublicAddress(socket.remoteAddress ?? '')) settle(null);
      else socket.destroy(new AddressRefused());
    });
  }
}
