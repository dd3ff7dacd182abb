/** A service that waits for what it requires. */
import type { TroupeError } from '../errors.ts';
import { requiredDown } from './service_errors.ts';

/**
 * What a service is to those that require it. `met`: it runs, or has done what it had to do. `coming`: it is on its way.
 * `down`: it does not run now. `lost`: it will not run by itself.
 */
export type Standing = 'met' | 'coming' | 'down' | 'lost';

/** A service that is waited for. */
export interface Required {
  readonly id: string;
  readonly standing: Standing;
  /** Why it does not run, as a text that follows "which". */
  readonly plight: string;
}

export class Wait {
  /** How the worst of those that are waited for stands. */
  obstacle: Standing = 'coming';
  /** Their ids. */
  ids: readonly string[] = [];
  /** What that means for whoever waits; undefined: nothing, all are on their way. */
  error: TroupeError | undefined = undefined;
  #said: Standing | undefined = undefined;

  /** These do not run; the worst of them stands so. Answers whether that was not said yet since the wait began. */
  meet(missing: readonly Required[], standing: Standing): boolean {
    this.ids = missing.map(({ id }) => id);
    this.obstacle = standing;
    this.error = undefined;
    if (standing === 'coming') return false;
    const { id, plight } = missing.find(required => required.standing === standing)!;
    this.error = requiredDown(id, plight, standing === 'lost');
    const isNews = this.#said !== standing;
    this.#said = standing;
    return isNews;
  }
}
