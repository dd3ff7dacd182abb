import { StepStatus } from '../../../runtime/machine.ts';
import { RecordKind, Sources } from '../abi/codes.ts';
import type { FunctionSignature } from '../binary/inspect.ts';

/** Exports that make a module an event-style program. */
export const HANDLER_EXPORTS = ['on_message', 'on_event', 'on_answer'] as const;

/** Which handlers a module exports, and so what it takes. */
export class Handlers {
  /** Bits of `Sources`. */
  readonly sources: number;
  /** What a step reports when there is nothing to handle. */
  readonly status: StepStatus;
  /** Whether there is an `on_start`, and whether it is given the arguments. */
  readonly start: 'none' | 'plain' | 'with arguments';

  constructor(exports: { readonly [name: string]: FunctionSignature }) {
    const messages = Object.hasOwn(exports, 'on_message');
    this.sources =
      (messages ? Sources.INBOX | Sources.TOPICS : 0) |
      (Object.hasOwn(exports, 'on_event') ? Sources.EVENTS : 0) |
      (Object.hasOwn(exports, 'on_answer') ? Sources.ANSWERS : 0);
    this.status = messages ? StepStatus.Idle : StepStatus.Blocked;
    const start = Object.hasOwn(exports, 'on_start') ? exports.on_start : undefined;
    this.start = start === undefined ? 'none' : start.params.length === 0 ? 'plain' : 'with arguments';
  }
}

/** The export that takes a record of this kind. */
export function handlerOf(kind: RecordKind): string {
  switch (kind) {
    case RecordKind.EVENT:
      return 'on_event';
    case RecordKind.ANSWER:
    case RecordKind.FAILURE:
      return 'on_answer';
    default:
      return 'on_message';
  }
}
