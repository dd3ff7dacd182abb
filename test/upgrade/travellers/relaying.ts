/** Relays in TypeScript go on as the next of their route at once, and say at the end where they have been. */
import type { HandlerSelf, Self } from 'troupe/sdk';

export interface Route {
  readonly route: readonly string[];
  readonly been: readonly string[];
}

/** What it has been so far; where there is a next one it becomes that. */
export function relay(self: Self | HandlerSelf, { route, been }: Route): readonly string[] {
  const [next, ...rest] = route;
  const now = [...been, `${self.pid} ${self.id}`];
  if (next !== undefined) self.upgrade(next, { route: rest, been: now });
  return now;
}
