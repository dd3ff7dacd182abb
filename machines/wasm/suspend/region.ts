import { Op } from '../binary/opcodes.ts';
import { Flag } from './flat_code.ts';
import type { FunctionPlan } from './plan.ts';

export const RegionEventKind = {
  /** The landing of a call. */
  Call: 0,
  /** The landing before a target loop. */
  Loop: 1,
  /** The end of the then arm of a flattened if. */
  Else: 2,
  /** The end of a flattened block or if. */
  End: 3,
} as const;

/** A place where a label of the region ends. */
export interface RegionEvent {
  readonly kind: number;
  /** The call, loop or structure. */
  readonly at: number;
  label: number;
}

/** The events of the instructions `[from, to)` in their order; what is inside of target loops is their own region's. */
export function findEvents(plan: FunctionPlan, from: number, to: number): RegionEvent[] {
  const { op, flags, match } = plan.code;
  const events: RegionEvent[] = [];
  for (let at = from; at < to; at++) {
    const landing = plan.landing[at];
    if (landing >= 0)
      events.push({ kind: op[at] === Op.Loop ? RegionEventKind.Loop : RegionEventKind.Call, at: landing, label: 0 });
    switch (op[at]) {
      case Op.Loop:
        at = match[at];
        break;
      case Op.Block:
      case Op.If:
        if (!(flags[at] & Flag.Contains)) at = match[at];
        break;
      case Op.Else:
        events.push({ kind: RegionEventKind.Else, at: match[at], label: 0 });
        break;
      case Op.End:
        events.push({ kind: RegionEventKind.End, at: match[at], label: 0 });
        break;
    }
  }
  return events;
}
