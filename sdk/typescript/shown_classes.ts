/** All classes of what programs hold, closed when the SDK is loaded. */
import { Message } from '../../runtime/message.ts';
import { Bytes } from '../../runtime/payload/bytes.ts';
import { Channel, Incoming, Sending, Timer } from './channel.ts';
import { closeClass, freezeClass, type ShownClass } from './closed.ts';
import { Command, Receive, Running } from './command.ts';
import { Definition } from './define.ts';
import { GuestError } from './guest_error.ts';
import { SelfOfHandlers } from './handler_self.ts';
import { Done } from './handlers.ts';
import { Names } from './names.ts';
import { Actor, Policy, Scope } from './security.ts';
import { Self } from './self.ts';
import { Spawner } from './spawner.ts';

/** Those that programs make instances of themselves. */
const OPEN: readonly ShownClass[] = [Bytes, GuestError];

const CLOSED: readonly ShownClass[] = [
  Actor,
  Channel,
  Command,
  Definition,
  Done,
  Incoming,
  Message,
  Names,
  Policy,
  Receive,
  Running,
  Scope,
  Self,
  SelfOfHandlers,
  Sending,
  Spawner,
  Timer,
];

export const shownClasses: readonly ShownClass[] = [...OPEN, ...CLOSED];

for (const shown of OPEN) freezeClass(shown);
for (const shown of CLOSED) closeClass(shown);
