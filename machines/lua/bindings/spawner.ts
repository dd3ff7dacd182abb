/**
 * The spawner: an immutable builder of spawns (semantics section 2). What was asked for so far is in the object.
 */
import { parseDuration } from '../../../runtime/duration.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload, SpawnRequest } from '../../../runtime/machine.ts';
import { didYouMean } from '../../../runtime/registry/suggest.ts';
import { type Actor, contextOfActor, contextOfScope, isReservedKey } from '../../../runtime/security/identity.ts';
import { invalid, mustBeTable, optionalText, payloadArgument, payloadArguments, textArgument } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { ObjectClass } from '../objects.ts';
import { Wakes } from '../path.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { Type } from '../vm/layout.ts';
import { beginCall } from './funcs.ts';
import { durationAt } from './moments.ts';
import { isKind } from './object_kind.ts';
import { packedArgument, pushPacked } from './packed.ts';

type Record = { readonly [key: string]: Payload };

/** What a spawner holds. */
interface Settings {
  readonly [key: string]: Payload;
  readonly context?: Record;
  /** Of `with_actor` and `with_scope`: see `IdentifiedRequest`. */
  readonly identity?: Record;
  readonly timeout?: number;
  readonly method?: string;
  readonly name?: string;
  readonly messages?: readonly { readonly topic: string; readonly payloads: readonly Payload[] }[];
}

/** Spawn: the PID, or nil and the error. */
export function launch(engine: Engine, L: number, request: SpawnRequest | TroupeError): number {
  if (request instanceof TroupeError) return pushFailure(engine, L, request);
  const pid = engine.process.out.spawn(request);
  if (typeof pid !== 'string') return pushFailure(engine, L, pid);
  engine.vm.text.push(L, pid);
  return 1;
}

/** Spawn and wait for the end: the value, or nil and the error. */
export function execute(engine: Engine, L: number, request: SpawnRequest | TroupeError): number {
  if (request instanceof TroupeError) return pushFailure(engine, L, request);
  const { process } = engine;
  process.mustBeAbleToWait(L);
  const tag = process.nextTag();
  process.out.exec(tag, request);
  return waitForAnswer(engine, L, tag);
}

/** Let the running path wait for the answer to `tag`. */
export function waitForAnswer(engine: Engine, L: number, tag: number): number {
  const { path } = engine.process;
  path.tag = tag;
  path.wakes = Wakes.Command;
  return engine.process.wait(L);
}

type Change = (engine: Engine, L: number, index: number, settings: Settings) => Settings | TroupeError;

const OPTIONS = ['timeout', 'method'] as const;

function withContext(settings: Settings, values: Record): Settings {
  return { ...settings, context: { ...settings.context, ...values } };
}

function withIdentity(settings: Settings, values: Record): Settings {
  return { ...settings, identity: { ...settings.identity, ...values } };
}

/** Milliseconds of the field `timeout` of the table at `index`, whose value as a payload is `value`. */
function readTimeout(engine: Engine, L: number, index: number, value: Payload): number | undefined {
  const { vm } = engine;
  const top = vm.count(L);
  vm.api.lua_getfield(L, index, vm.text.name('timeout'));
  // As a payload a duration is a number like any other, and here that would be one of milliseconds.
  const isDuration = vm.api.lua_type(L, -1) === Type.Userdata && isKind(engine, L, top + 1, Kind.Duration);
  const number = isDuration ? Number(durationAt(engine, L, top + 1)) / 1e6 : value;
  vm.api.lua_settop(L, top);
  const milliseconds = typeof number === 'string' ? parseDuration(number) : number;
  return typeof milliseconds === 'number' && milliseconds > 0 ? milliseconds : undefined;
}

/** By method; arguments are at `index` and after it. */
const CHANGES: { readonly [name: string]: Change } = {
  with_context: (engine, L, index, settings) => {
    mustBeTable(engine, L, index);
    const values = asRecord(payloadArgument(engine, L, index, 'context'));
    if (values instanceof TroupeError) return values;
    const reserved = Object.keys(values).find(isReservedKey);
    if (reserved !== undefined) return invalid(`context key "${reserved}" is reserved: keys must not begin with "@"`);
    return withContext(settings, values);
  },
  with_actor: (engine, L, index, settings) =>
    withIdentity(settings, contextOfActor(packedArgument(engine, L, index, Kind.Actor) as unknown as Actor)),
  with_scope: (engine, L, index, settings) =>
    withIdentity(settings, contextOfScope(packedArgument(engine, L, index, Kind.Scope) as string[])),
  with_options: (engine, L, index, settings) => {
    mustBeTable(engine, L, index);
    const options = asRecord(payloadArgument(engine, L, index, 'options'));
    if (options instanceof TroupeError) return options;
    let changed = settings;
    for (const [key, value] of Object.entries(options)) {
      if (key === 'timeout') {
        const timeout = readTimeout(engine, L, index, value);
        if (timeout === undefined) {
          return invalid('option timeout must be a number of milliseconds above 0, a text such as "5s" or a duration');
        }
        changed = { ...changed, timeout };
      } else if (key === 'method') {
        if (typeof value !== 'string') return invalid('option method must be a text');
        changed = { ...changed, method: value };
      } else return invalid(`unknown option "${key}"${didYouMean(key, OPTIONS, '; there are timeout and method')}`);
    }
    return changed;
  },
  with_name: (engine, L, index, settings) => ({ ...settings, name: textArgument(engine, L, index) }),
  with_message: (engine, L, index, settings) => {
    const topic = textArgument(engine, L, index);
    const payloads = payloadArguments(engine, L, index + 1, 'payload');
    if (payloads instanceof TroupeError) return payloads;
    return { ...settings, messages: [...(settings.messages ?? []), { topic, payloads }] };
  },
};

/** A new spawner from `process.with_...(...)`. What is wrong with the arguments is raised. */
export function newSpawner(engine: Engine, L: number, change: string): number {
  return pushSpawner(engine, L, CHANGES[change](engine, L, 1, {}));
}

/** Push a spawner with these settings, or raise that argument `index` was wrong. */
export function pushSpawner(engine: Engine, L: number, settings: Settings | TroupeError, index = 1): number {
  if (settings instanceof TroupeError) return engine.vm.badArgument(L, index, settings.message);
  return pushPacked(engine, L, Kind.Spawner, settings);
}

export function spawnerClass(engine: Engine): ObjectClass {
  const settings = (L: number) => packedArgument(engine, L, 1, Kind.Spawner) as unknown as Settings;
  /** `spawner:spawn(id, host, ...)` */
  const request = (L: number, how: Partial<SpawnRequest>): SpawnRequest | TroupeError => {
    const asked = settings(L);
    const id = textArgument(engine, L, 2);
    const host = optionalText(engine, L, 3);
    const args = payloadArguments(engine, L, 4, 'argument');
    return args instanceof TroupeError ? args : { ...asked, ...how, id, host, args };
  };
  const changes = Object.entries(CHANGES).map(([name, change]): [string, HostFunction] => [
    name,
    L => pushSpawner(engine, L, change(engine, L, 2, settings(L)), 2),
  ]);
  return {
    kind: Kind.Spawner,
    methods: {
      name: 'spawner methods',
      functions: {
        ...Object.fromEntries(changes),
        spawn: L => launch(engine, L, request(L, {})),
        spawn_monitored: L => launch(engine, L, request(L, { monitor: true })),
        spawn_linked: L => launch(engine, L, request(L, { link: true })),
        spawn_linked_monitored: L => launch(engine, L, request(L, { monitor: true, link: true })),
        exec: L => execute(engine, L, request(L, {})),
        call: L => execute(engine, L, callRequest(engine, L, 2, settings(L))),
        async: L => beginCall(engine, L, callRequest(engine, L, 2, settings(L))),
      },
    },
  };
}

/** `(id, ...)` from `index` on: a call of a function, on whatever host it names. */
export function callRequest(engine: Engine, L: number, index: number, settings: Settings): SpawnRequest | TroupeError {
  const id = textArgument(engine, L, index);
  const args = payloadArguments(engine, L, index + 1, 'argument');
  return args instanceof TroupeError ? args : { ...settings, id, args, call: true };
}

function asRecord(value: Payload | TroupeError): Record | TroupeError {
  if (value instanceof TroupeError) return value;
  if (Array.isArray(value)) return value.length === 0 ? {} : invalid('the table must have names as keys');
  return value as Record;
}
