/**
 * The classes of what programs hold, frozen: a program that changed a prototype would change it for every process of
 * its worker.
 */
import { Message } from '../../runtime/message.ts';
import { Bytes } from '../../runtime/payload/bytes.ts';
import { Channel, Incoming, Sending, Timer } from './channel.ts';
import { Command, Receive, Running } from './command.ts';
import { Definition } from './define.ts';
import { GuestError } from './guest_error.ts';
import { SelfOfHandlers } from './handler_self.ts';
import { Done } from './handlers.ts';
import { Names } from './names.ts';
import { Actor, Policy, Scope } from './security.ts';
import { Self } from './self.ts';
import { Spawner } from './spawner.ts';

for (const shared of [
  Actor,
  Bytes,
  Channel,
  Command,
  Definition,
  Done,
  GuestError,
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
]) {
  Object.freeze(shared);
  Object.freeze(shared.prototype);
}
