/**
 * Semantics section 3 (links, monitors, ends) once more, as plainly as possible: what every EXIT and LINK_DOWN must be,
 * for tests that play random actions on real processes.
 */
import fc from 'fast-check';

export type Action =
  | { do: 'link' | 'unlink' | 'monitor' | 'unmonitor'; a: number; b: number }
  | { do: 'trap'; a: number; on: boolean }
  | { do: 'end'; a: number; how: 'value' | 'error' | 'terminate' };

/** Random actions of `count` processes, given by index. */
export function actions(count: number, maxLength: number): fc.Arbitrary<Action[]> {
  const index = fc.nat(count - 1);
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('link', 'monitor'), a: index, b: index }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('unlink', 'unmonitor'), a: index, b: index }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('trap' as const), a: index, on: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        a: index,
        how: fc.constantFrom('value', 'error', 'terminate'),
      }),
    },
  ) as fc.Arbitrary<Action>;
  return fc.array(action, { maxLength });
}

export class LinkModel {
  readonly alive: Set<number>;
  readonly links = new Set<string>();
  readonly monitors = new Set<string>();
  readonly traps = new Set<number>();
  /** `receiver kind from`, as a multiset. */
  readonly events: string[] = [];

  constructor(count: number) {
    this.alive = new Set(Array.from({ length: count }, (_, i) => i));
  }

  apply(action: Action): void {
    if (!this.alive.has(action.a)) return;
    if (action.do === 'trap') {
      if (action.on) this.traps.add(action.a);
      else this.traps.delete(action.a);
    } else if (action.do === 'end') {
      this.end(action.a, action.how !== 'value');
    } else {
      const { a, b } = action;
      const pair = [a, b].sort().join('-');
      const possible = a !== b && this.alive.has(b);
      if (action.do === 'link' && possible) this.links.add(pair);
      if (action.do === 'unlink') this.links.delete(pair);
      if (action.do === 'monitor' && possible) this.monitors.add(`${a}>${b}`);
      if (action.do === 'unmonitor') this.monitors.delete(`${a}>${b}`);
    }
  }

  end(victim: number, abnormal: boolean): void {
    const ends: [number, boolean][] = [[victim, abnormal]];
    for (let next = ends.shift(); next !== undefined; next = ends.shift()) {
      const [dead, bad] = next;
      if (!this.alive.delete(dead)) continue;
      for (const monitor of [...this.monitors]) {
        const [watcher, watched] = monitor.split('>').map(Number);
        if (watched === dead && this.alive.has(watcher)) this.events.push(`${watcher} pid.exit ${dead}`);
        if (watched === dead || watcher === dead) this.monitors.delete(monitor);
      }
      for (const link of [...this.links]) {
        const [x, y] = link.split('-').map(Number);
        if (x !== dead && y !== dead) continue;
        this.links.delete(link);
        const other = x === dead ? y : x;
        if (!bad || !this.alive.has(other)) continue;
        if (this.traps.has(other)) this.events.push(`${other} pid.link.down ${dead}`);
        else ends.push([other, true]);
      }
    }
  }
}
