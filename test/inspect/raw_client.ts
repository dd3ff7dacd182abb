/** A client that keeps to no rules. */
import { connect, type Socket } from 'node:net';

export class RawClient {
  readonly socket: Socket;
  readonly lines: string[] = [];
  readonly closed: Promise<void>;
  #rest = '';
  readonly #waiting: (() => void)[] = [];
  #isClosed = false;

  private constructor(path: string) {
    this.socket = connect({ path, allowHalfOpen: true });
    this.socket.setEncoding('utf8');
    this.socket.on('data', piece => {
      const parts = (this.#rest + piece).split('\n');
      this.#rest = parts.pop()!;
      this.lines.push(...parts);
      this.#tell();
    });
    this.socket.on('error', () => undefined);
    this.closed = new Promise(resolve => {
      const over = (): void => {
        this.#isClosed = true;
        this.#tell();
        resolve();
      };
      this.socket.on('close', over);
      this.socket.on('end', over);
    });
  }

  static async open(path: string): Promise<RawClient> {
    const client = new RawClient(path);
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', () => resolve());
      client.socket.once('error', reject);
    });
    return client;
  }

  static async greeted(path: string): Promise<RawClient> {
    const client = await RawClient.open(path);
    client.say({ hello: 1 });
    await client.line();
    return client;
  }

  say(value: unknown): void {
    this.socket.write(`${JSON.stringify(value)}\n`);
  }

  /** The next line, parsed; undefined: the runtime has hung up. */
  async line(): Promise<any> {
    while (this.lines.length === 0 && !this.#isClosed) await new Promise<void>(resolve => this.#waiting.push(resolve));
    const line = this.lines.shift();
    return line === undefined ? undefined : JSON.parse(line);
  }

  close(): void {
    this.socket.destroy();
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
