/** What a supervisor is asked by others, and how it is told. */
import type { Payload } from '../payload/payload.ts';
import type { ChildSpecification } from './specification.ts';

/** `child`: its key or its PID. */
export type Question =
  | { readonly verb: 'children' }
  | { readonly verb: 'count' }
  | { readonly verb: 'stop'; readonly reason: string }
  /** `child` undefined: one more of the template, with `input` behind the template's own. */
  | { readonly verb: 'start_child'; readonly child: ChildSpecification | undefined; readonly input: readonly Payload[] }
  | { readonly verb: 'terminate_child' | 'restart_child' | 'delete_child'; readonly child: string }
  /** The runtime's own, where the code of a child has changed: stop it and start it anew; its arguments. */
  | { readonly verb: 'renew_child' | 'input_of_child'; readonly child: string };

/** One that waits for its turn. */
export type Request = Exclude<Question, { readonly verb: 'stop' }> & {
  /** PID of the process that waits for the answer. */
  readonly from: string;
};
