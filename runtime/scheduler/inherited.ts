import type { Payload } from '../payload/payload.ts';
import { isIdentified } from '../security/identity.ts';

/** What a child takes over from its spawner unless told otherwise (semantics section 2). Shared, never changed. */
export class Inherited {
  /** Frozen. Under reserved keys also for whom the process acts: see `runtime/security/identity.ts`. */
  readonly context: { readonly [key: string]: Payload };
  /** Whether there is an actor or a scope. */
  readonly identified: boolean;

  constructor(context: { readonly [key: string]: Payload }) {
    this.context = Object.freeze(context);
    this.identified = isIdentified(context);
  }
}

export const NOTHING_INHERITED = new Inherited({});

/** Of a context that came from elsewhere; most are empty. */
export function inheritedOf(context: { readonly [key: string]: Payload }): Inherited {
  for (const _ in context) return new Inherited(context);
  return NOTHING_INHERITED;
}
