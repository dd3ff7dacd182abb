/**
 * The library for processes written in TypeScript: `import { defineProcess } from 'troupe/sdk'`.
 *
 *     import { defineProcess, EventKind } from 'troupe/sdk';
 *
 *     export default defineProcess(function* (self, greeting: string) {
 *       for (;;) {
 *         const message = yield* self.receive();
 *         self.send(message.from, 'reply', `${greeting}, ${message.payload}`);
 *       }
 *     });
 */

import './shown_classes.ts';

export type { ErrorDetails, ErrorKind, ErrorOptions } from '../../runtime/errors.ts';
export { ProcessEventKind as EventKind } from '../../runtime/machine.ts';
export { Bytes, type BytesSource } from '../../runtime/payload/bytes.ts';
export type { Payload } from '../../runtime/payload/payload.ts';
export type { AnyCapability, Capabilities, Crypto, Ctx, Env, Fs, Hash, Io, Json } from './capabilities.ts';
export type { Logger, Random, Registry, RegistryEntry, Store, Text, Time, Uuid } from './capabilities.ts';
export type { Key, TerminalSize } from './capabilities.ts';
export type { EntryDefinition, RegistryChanged, RegistryOptions, RegistryVersion } from './capabilities.ts';
export type { Events, PublishedEvent, UuidVariant } from './capabilities.ts';
export type { ChildOptions, SupervisedChild, SupervisorOptions, Supervisors } from './capabilities.ts';
export type { HttpAnswer, HttpClient, HttpMethodName, HttpOptions } from './capabilities.ts';
export type { Channel, Incoming, ReceiveOptions, Sending, Timer } from './channel.ts';
export type { Command, Pending, Running } from './command.ts';
export { type Body, type Definition, defineFunction, defineProcess } from './define.ts';
export { type Duration, HOUR, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, SECOND } from './duration.ts';
export { type Frozen, frozen } from './frozen_value.ts';
export { GuestError as TroupeError } from './guest_error.ts';
export type { HandlerSelf } from './handler_self.ts';
export type { Answered, Done, Handlers, Next } from './handlers.ts';
export type { Exit, Mail, MailOf, Messages, Pid, ProcessEvent } from './messages.ts';
export type { Names } from './names.ts';
export type { Actor, Decision, Effect, Policy, Scope, Security } from './security.ts';
export type { Cases, Selected, SelectOptions } from './select.ts';
export type { ListenOptions, ProcessOptions, Self } from './self.ts';
export type { Spawner, SpawnerOptions } from './spawner.ts';
