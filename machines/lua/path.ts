/** One concurrent path of a process: the main one, or one that `coroutine.spawn` started. */
import type { Answer, Message, ProcessEvent } from '../../runtime/machine.ts';

/** What the path runs next when it is resumed from its beginning. */
export const Stage = {
  /** The main path: the chunk, which returns the method or a table of methods. */
  Chunk: 0,
  /** The main path: choosing the method and pushing its arguments. */
  Enter: 1,
  /** The entry method, or the function of a spawned path. */
  Body: 2,
} as const;
export type Stage = (typeof Stage)[keyof typeof Stage];

/** What a path that waited is told when it goes on. */
export const Outcome = {
  /** Nothing to say (`time.sleep`). */
  Done: 0,
  /** A value lies on top of the waiting coroutine's stack: received from a channel of the process. */
  Value: 1,
  /** `item` is a message or a process event. */
  Item: 2,
  /** The channel was closed and is empty. */
  Closed: 3,
  /** The value was taken. */
  Sent: 4,
  /** The channel was closed before the value was taken. */
  SendClosed: 5,
  /** `item` is the answer to a command. */
  Answer: 6,
  /** It cannot wait here after all: a coroutine outside of the waiting one cannot yield. */
  CannotWait: 7,
  /** Others had their turn: try again. */
  Again: 8,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** What could wake a waiting path; a process none of whose paths has any of these is stuck. */
export const Wakes = { None: 0, Message: 1, Event: 2, Command: 4 } as const;

export class Path {
  /** Its coroutine. */
  readonly thread: number;
  stage: Stage;
  /** Values on the stack for the next resume from the beginning. */
  count: number;
  /** Whether it has begun and is to be resumed where it yielded. */
  suspended = false;
  /** The coroutine that waits: the path's own or one inside it. 0 where none waits. */
  waiter = 0;
  /** `Wakes`, together. */
  wakes = 0;
  /** When it began to wait, counted in waits of the process. */
  since = 0;
  outcome: Outcome = Outcome.Done;
  item: Message | ProcessEvent | Answer | undefined = undefined;
  /** The command it waits for; 0 where there is none. */
  tag = 0;
  /** Channels it waits on, by the address of their memory, in the order to try them. */
  readonly channels: number[] = [];
  /** Which of `channels` it wants to send to; undefined where to none. */
  sends: boolean[] | undefined = undefined;
  /** Whether it waits in `channel.select`: then case i is at stack index 2 + i. */
  selecting = false;
  /** Which of `channels` woke it, and that channel. */
  chosen = 0;
  channel = 0;

  constructor(thread: number, stage: Stage, count: number) {
    this.thread = thread;
    this.stage = stage;
    this.count = count;
  }
}
