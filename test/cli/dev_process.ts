/** `troupe dev` as users start it, and what it says, one thing after the other. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import * as assert from 'uvu/assert';
import type { DevEvent } from '../../runtime/dev/event.ts';
import { type Started, start } from './troupe.ts';

type Named<E extends DevEvent['event']> = Extract<DevEvent, { event: E }>;

export class DevProcess {
  readonly root: string;
  readonly started: Started;
  /** All that it has said so far. */
  readonly told: DevEvent[] = [];
  #seen = 0;
  #look: () => void = () => undefined;

  constructor(root: string, ...args: string[]) {
    this.root = root;
    this.started = start(['dev', '--json', '-C', root, ...args]);
    createInterface({ input: this.started.child.stdout! }).on('line', line => {
      // A command may say something in between.
      if (!line.startsWith('{"at":')) return;
      this.told.push(JSON.parse(line));
      this.#look();
    });
  }

  write(path: string, text: string | Uint8Array): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** The next thing that it says; fails where it ends before. */
  async next(): Promise<DevEvent> {
    while (this.told.length <= this.#seen) {
      const said = new Promise<undefined>(resolve => {
        this.#look = () => resolve(undefined);
      });
      const ended = await Promise.race([said, this.started.finished]);
      if (ended !== undefined && this.told.length <= this.#seen) assert.unreachable(`it ended: ${ended.stderr}`);
    }
    return this.told[this.#seen++];
  }

  /** The same, which must be this. */
  async expect<E extends DevEvent['event']>(event: E): Promise<Named<E>> {
    const next = await this.next();
    assert.is(next.event, event, JSON.stringify(next));
    return next as Named<E>;
  }

  /** Ctrl-C. */
  async stop(): Promise<number | null> {
    this.started.child.kill('SIGINT');
    return (await this.started.finished).code;
  }
}
