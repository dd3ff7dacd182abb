/**
 * The spawner: an immutable builder of spawns (semantics section 2). What was asked for so far is in the object as
 * MessagePack, so it is a copy of its own and independent of the tables it came from.
 */
import { parseDuration } from '../../../runtime/duration.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload, SpawnRequest } from '../../../runtime/machine.ts';
import { packPayload, unpackPayload } from '../../../runtime/payload/messagepack.ts';
import { invalid, mustBeTable, optionalText, payloadArgument, payloadArguments, textArgument } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { ObjectClass } from '../objects.ts';
import { Wakes } from '../path.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { STRING_BYTES, VALUE_TAG } from '../vm/layout.ts';
import { beginCall } from './funcs.ts';

type Record = { readonly [key: string]: Payload };

/** What a spawner holds. */
interface Settings {
  readonly [key: string]: Payload;
  readonly context?: Record;
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

/** By method; arguments are at `index` and after it. */
const CHANGES: { readonly [name: string]: Change } = {
  with_context: (engine, L, index, settings) => {
    mustBeTable(engine, L, index);
    const values = asRecord(payloadArgument(engine, L, index, 'context'));
    return values instanceof TroupeError ? values : { ...settings, context: { ...settings.context, ...values } };
  },
  with_options: (engine, L, index, settings) => {
    mustBeTable(engine, L, index);
    const options = asRecord(payloadArgument(engine, L, index, 'options'));
    if (options instanceof TroupeError) return options;
    let changed = settings;
    for (const [key, value] of Object.entries(options)) {
      if (key === 'timeout') {
        const timeout = typeof value === 'string' ? parseDuration(value) : value;
        if (typeof timeout !== 'number' || !(timeout > 0)) {
          return invalid('option timeout must be a number of milliseconds above 0 or a text such as "5s"');
        }
        changed = { ...changed, timeout };
      } else if (key === 'method') {
        if (typeof value !== 'string') return invalid('option method must be a text');
        changed = { ...changed, method: value };
      } else return invalid(`unknown option "${key}"; there are timeout and method`);
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

/** Push a spawner that has been asked for nothing yet. */
export function pushSpawner(engine: Engine, L: number, settings: Settings | TroupeError): number {
  if (settings instanceof TroupeError) return engine.vm.badArgument(L, 1, settings.message);
  engine.objects.pushObject(L, Kind.Spawner);
  engine.vm.text.pushBytes(L, packPayload(settings));
  engine.vm.api.lua_setiuservalue(L, -2, 1);
  return 1;
}

export function spawnerClass(engine: Engine): ObjectClass {
  const settings = (L: number): Settings => {
    const { vm, reader, objects } = engine;
    const at = reader.objectValue(objects.argument(L, 1, Kind.Spawner), 1);
    const string = vm.memory.u32[at >>> 2];
    const start = string + STRING_BYTES;
    const length = vm.text.length(string, vm.memory.u8[at + VALUE_TAG]);
    return unpackPayload(vm.memory.u8.slice(start, start + length)) as Settings;
  };
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
    L => pushSpawner(engine, L, change(engine, L, 2, settings(L))),
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
  return args instanceof TroupeError ? args : { ...settings, id, args };
}

function asRecord(value: Payload | TroupeError): Record | TroupeError {
  if (value instanceof TroupeError) return value;
  if (Array.isArray(value)) return value.length === 0 ? {} : invalid('the table must have names as keys');
  return value as Record;
}
