/** `process`: who one is, whom one talks to, what one watches (semantics sections 1 to 6). */
import { ProcessEventKind, type SpawnRequest } from '../../../runtime/machine.ts';
import { invalid, optionalText, payloadArguments, switches, textArgument, typeOf } from '../arguments.ts';
import { CHANNEL_CLOSED, CHANNEL_DETAIL, CHANNEL_TYPE, ChannelType } from '../channel_memory.ts';
import { closeChannel } from '../channels.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import { OWN_ID, OWN_PID } from '../objects.ts';
import { pushDone, pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { REGISTRY, Type } from '../vm/layout.ts';
import { execute, launch, newSpawner } from './spawner.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import { didYouMean } from '../../../runtime/registry/suggest.ts';

/** How far a name is known. With one node all of them are the same. */
const NAME_SCOPES: { readonly [constant: string]: string } = {
  LOCAL: 'local',
  EVENTUAL: 'eventual',
  CONSISTENT: 'consistent',
  STRONG: 'strong',
};

export function processModule(engine: Engine): HostModule {
  const text = (L: number, index: number) => textArgument(engine, L, index);
  const done = (L: number, error: TroupeError | undefined) => pushDone(engine, L, error);

  const functions: { [name: string]: HostFunction } = {
    pid: L => engine.objects.pushKept(L, engine.process.out.pid, OWN_PID),
    id: L => engine.objects.pushKept(L, engine.process.out.id, OWN_ID),
    send: L => {
      const dest = text(L, 1);
      const topic = text(L, 2);
      const { vm, reader, process } = engine;
      const count = vm.count(L) - 2;
      let error: TroupeError | undefined;
      if (count === 1) {
        try {
          error = process.out.send(dest, topic, reader.read(vm.argument(L, 3)), 1, reader.size);
        } catch (thrown) {
          if (!(thrown instanceof TroupeError)) throw thrown;
          error = thrown;
        }
      } else {
        const payloads = payloadArguments(engine, L, 3, 'payload');
        error =
          payloads instanceof TroupeError ? payloads : process.out.send(dest, topic, payloads, count, reader.size);
      }
      return done(L, error);
    },

    spawn: L => launch(engine, L, spawnRequest(L, {})),
    spawn_monitored: L => launch(engine, L, spawnRequest(L, { monitor: true })),
    spawn_linked: L => launch(engine, L, spawnRequest(L, { link: true })),
    spawn_linked_monitored: L => launch(engine, L, spawnRequest(L, { monitor: true, link: true })),
    exec: L => execute(engine, L, spawnRequest(L, {})),
    with_context: L => newSpawner(engine, L, 'with_context'),
    with_options: L => newSpawner(engine, L, 'with_options'),

    monitor: L => done(L, engine.process.out.monitor(text(L, 1))),
    unmonitor: L => done(L, engine.process.out.unmonitor(text(L, 1))),
    link: L => done(L, engine.process.out.link(text(L, 1))),
    unlink: L => done(L, engine.process.out.unlink(text(L, 1))),
    cancel: L => done(L, engine.process.out.cancel(text(L, 1), optionalText(engine, L, 2))),
    terminate: L => done(L, engine.process.out.terminate(text(L, 1))),

    inbox: L => {
      const { process } = engine;
      if (process.inbox === 0) process.inbox = newChannel(L, ChannelType.Inbox);
      else engine.vm.api.lua_rawgetp(L, REGISTRY, process.inbox);
      return 1;
    },
    events: L => {
      const { process } = engine;
      // It may be at something else when it is asked to end, and look afterwards.
      process.events.hear();
      if (process.signals === 0) process.signals = newChannel(L, ChannelType.Events);
      else engine.vm.api.lua_rawgetp(L, REGISTRY, process.signals);
      return 1;
    },
    listen,
    unlisten: L => {
      const channel = engine.objects.argument(L, 1, Kind.Channel);
      const { i32 } = engine.vm.memory;
      if (i32[(channel + CHANNEL_TYPE) >>> 2] !== ChannelType.Topic) {
        engine.vm.badArgument(L, 1, 'not a channel of process.listen');
      }
      unlisten(engine, channel);
      return done(L, undefined);
    },

    set_options: L => {
      engine.process.out.setOptions(switches(engine, L, 1, ['trap_links', 'upgradable']));
      return done(L, undefined);
    },
    get_options: L => {
      engine.writer.push(L, { ...engine.process.out.options() });
      return 1;
    },
    upgrade: L => {
      const id = optionalText(engine, L, 1) ?? null;
      return engine.process.upgrade(L, id, payloadArguments(engine, L, 2, 'argument'));
    },
  };

  /** `(id, host, ...)`. */
  function spawnRequest(L: number, how: Partial<SpawnRequest>): SpawnRequest | TroupeError {
    const id = text(L, 1);
    const host = optionalText(engine, L, 2);
    const args = payloadArguments(engine, L, 3, 'argument');
    return args instanceof TroupeError ? args : { ...how, id, host, args };
  }

  /** Push a channel from outside, and keep it as long as the process lives. */
  function newChannel(L: number, type: ChannelType): number {
    const { vm, objects } = engine;
    const channel = objects.pushObject(L, Kind.Channel);
    vm.memory.i32[(channel + CHANNEL_TYPE) >>> 2] = type;
    vm.api.lua_pushvalue(L, -1);
    vm.api.lua_rawsetp(L, REGISTRY, channel);
    return channel;
  }

  function listen(L: number): number {
    const topic = text(L, 1);
    const { vm, process } = engine;
    const { api } = vm;
    if (topic.startsWith('@')) {
      return pushFailure(
        engine,
        L,
        invalid(`topic "${topic}" is reserved: topics that begin with "@" are not for programs`),
      );
    }
    let whole = false;
    if (typeOf(engine, L, 2) > Type.Nil) {
      whole = switches(engine, L, 2, ['message']).message ?? false;
    }
    process.topics ??= new Map();
    process.topicOf ??= new Map();
    const known = process.topics.get(topic);
    if (known !== undefined) {
      if (vm.memory.i32[(known + CHANNEL_CLOSED) >>> 2] === 0) {
        api.lua_rawgetp(L, REGISTRY, known);
        return 1;
      }
      // What was left for the closed channel goes to the new one.
      process.topicOf.delete(known);
      api.lua_pushnil(L);
      api.lua_rawsetp(L, REGISTRY, known);
    }
    const refused = process.events.listen(topic);
    process.chargeWork();
    if (refused !== undefined) return pushFailure(engine, L, refused);
    const channel = newChannel(L, ChannelType.Topic);
    vm.memory.i32[(channel + CHANNEL_DETAIL) >>> 2] = whole ? 1 : 0;
    process.topics.set(topic, channel);
    process.topicOf.set(channel, topic);
    return 1;
  }

  const registry: HostModule = {
    name: 'process.registry',
    constants: NAME_SCOPES,
    functions: {
      register: L => {
        const name = text(L, 1);
        const pid = optionalText(engine, L, 2);
        return done(L, faultOfScope(engine, L, 3) ?? engine.process.out.register(name, pid));
      },
      lookup: L => {
        const found = engine.process.out.lookup(text(L, 1));
        if (typeof found !== 'string') return pushFailure(engine, L, found);
        engine.vm.text.push(L, found);
        return 1;
      },
      unregister: L => {
        const fault = faultOfScope(engine, L, 2);
        if (fault !== undefined) return pushFailure(engine, L, fault);
        const held = engine.process.out.unregister(text(L, 1));
        if (typeof held !== 'boolean') return pushFailure(engine, L, held);
        engine.vm.api.lua_pushboolean(L, held ? 1 : 0);
        return 1;
      },
    },
  };
  const event: HostModule = { name: 'process.event', constants: { ...ProcessEventKind } };
  return { name: 'process', functions, modules: { registry, event } };
}

/** Why the argument is no scope of a name; undefined where it is one, or none was given. */
function faultOfScope(engine: Engine, L: number, index: number): TroupeError | undefined {
  const scope = optionalText(engine, L, index);
  const known = Object.values(NAME_SCOPES);
  if (scope === undefined || known.includes(scope)) return undefined;
  return invalid(`there is no scope "${scope}"${didYouMean(scope, known, `; there are: ${known.join(', ')}`)}`);
}

/** Later messages on the topic fall to the inbox; what came before can still be received. */
export function unlisten(engine: Engine, channel: number): void {
  const topic = engine.process.topicOf?.get(channel);
  if (topic !== undefined) engine.process.events.unlisten(topic);
  closeChannel(engine.process, channel);
}
