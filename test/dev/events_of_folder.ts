/** What a FolderWatch tells, as something that can be awaited. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import { FolderWatch } from '../../runtime/dev/folder_watch.ts';
import { isSkippedFolder } from '../../runtime/registry/scan.ts';

export class WatchedFolder {
  readonly root: string;
  readonly watch: FolderWatch;
  /** Everything told so far: paths relative to the root (folders end with a slash), `gone`, `back`. */
  readonly told: string[] = [];
  #looks: (() => void)[] = [];
  #settled = 0;

  constructor(root: string) {
    this.root = root;
    const note = (what: string): void => {
      this.told.push(what);
      for (const look of [...this.#looks]) look();
    };
    const listener = {
      changed: (path: string, folder: boolean) => note(`${path.slice(root.length + 1)}${folder ? '/' : ''}`),
      gone: () => note('gone'),
      back: () => note('back'),
      failed: (error: Error) => note(`failed: ${error.message}`),
    };
    this.watch = new FolderWatch(root, isSkippedFolder, listener, systemClock);
  }

  /** Resolves once this has been told since the last call of `forget`. */
  heard(what: string): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (!this.told.includes(what)) return;
        this.#looks = this.#looks.filter(one => one !== look);
        resolve();
      };
      this.#looks.push(look);
      look();
    });
  }

  /** Resolves once all that has happened was told: the system keeps the order. */
  async settled(): Promise<void> {
    const name = `settled-${++this.#settled}`;
    writeFileSync(join(this.root, name), '');
    await this.heard(name);
  }

  forget(): void {
    this.told.length = 0;
  }
}
