/** `funcs`: calls of other entries, waited for or not (semantics section 5). */
import { TroupeError } from '../../../runtime/errors.ts';
import type { Answer, SpawnRequest } from '../../../runtime/machine.ts';
import { CHANNEL_CAPACITY } from '../channel_memory.ts';
import { closeChannel, offerTo } from '../channels.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { ObjectClass } from '../objects.ts';
import { Path, Stage, Wakes } from '../path.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import { REGISTRY } from '../vm/layout.ts';
import { callRequest, execute, pushSpawner } from './spawner.ts';

/** Words of a future: its state and the tag of its command. */
const FUTURE_STATE = 4;
const FUTURE_TAG = 8;
const FutureState = { Pending: 0, Done: 1, Failed: 2, Canceled: 3 } as const;
/** Values of a future, from 1. */
const FutureValue = { Result: 1, Error: 2, Channel: 3 } as const;

export function funcsModule(engine: Engine): HostModule {
  return {
    name: 'funcs',
    functions: {
      new: L => pushSpawner(engine, L, {}),
      call: L => execute(engine, L, callRequest(engine, L, 1, {})),
      async: L => beginCall(engine, L, callRequest(engine, L, 1, {})),
    },
    hidden: { settle: L => settle(engine, L) },
  };
}

/**
 * Begin a call and push its future. A path of its own waits for the answer; it has not begun to run, so it costs a
 * small stack and no more.
 */
export function beginCall(engine: Engine, L: number, request: SpawnRequest | TroupeError): number {
  if (request instanceof TroupeError) return pushFailure(engine, L, request);
  const { vm, process, objects } = engine;
  const { api } = vm;
  const thread = api.lua_newthread(L);
  api.lua_rawsetp(L, REGISTRY, thread);
  const future = objects.pushObject(L, Kind.Future);
  const channel = objects.pushObject(L, Kind.Channel);
  vm.memory.i32[(channel + CHANNEL_CAPACITY) >>> 2] = 1;
  api.lua_setiuservalue(L, -2, FutureValue.Channel);
  api.lua_pushcclosure(thread, vm.functions['funcs.settle'], 0);
  api.lua_pushvalue(L, -1);
  api.lua_xmove(L, thread, 1);

  const tag = process.nextTag();
  vm.memory.i32[(future + FUTURE_TAG) >>> 2] = tag;
  const path = new Path(thread, Stage.Body, 1);
  path.tag = tag;
  path.wakes = Wakes.Command;
  process.waits.add(path);
  process.out.exec(tag, request);
  return 1;
}

/** In the future's own path: store the answer and tell who waits for it. */
function settle(engine: Engine, L: number): number {
  const { vm, writer, process, objects, reader } = engine;
  const { api } = vm;
  const answer = process.path.item as Answer;
  process.path.item = undefined;
  const future = objects.argument(L, 1, Kind.Future);
  const failed = answer.error !== undefined;
  vm.memory.i32[(future + FUTURE_STATE) >>> 2] = failed ? FutureState.Failed : FutureState.Done;
  if (answer.error !== undefined) writer.pushError(L, answer.error);
  else writer.push(L, answer.value);
  api.lua_setiuservalue(L, 1, failed ? FutureValue.Error : FutureValue.Result);
  api.lua_getiuservalue(L, 1, FutureValue.Channel);
  api.lua_getiuservalue(L, 1, FutureValue.Result);
  const channel = reader.data(reader.objectValue(future, FutureValue.Channel));
  offerTo(process, L, channel, 2);
  closeChannel(process, channel);
  return 0;
}

export function futureClass(engine: Engine): ObjectClass {
  const self = (L: number) => engine.objects.argument(L, 1, Kind.Future);
  const state = (L: number) => engine.vm.memory.i32[(self(L) + FUTURE_STATE) >>> 2];
  const pushBoolean = (L: number, value: boolean): number => {
    engine.vm.api.lua_pushboolean(L, value ? 1 : 0);
    return 1;
  };
  const pushValue = (L: number, value: number): number => {
    engine.vm.api.lua_getiuservalue(L, 1, value);
    return 1;
  };
  const channel = (L: number): number => {
    self(L);
    return pushValue(L, FutureValue.Channel);
  };
  return {
    kind: Kind.Future,
    methods: {
      name: 'future methods',
      functions: {
        response: channel,
        channel,
        is_complete: L => pushBoolean(L, state(L) !== FutureState.Pending),
        is_canceled: L => pushBoolean(L, state(L) === FutureState.Canceled),
        result: L => {
          self(L);
          return pushValue(L, FutureValue.Result) + pushValue(L, FutureValue.Error);
        },
        error: L => {
          const failed = state(L) === FutureState.Failed || state(L) === FutureState.Canceled;
          return pushValue(L, FutureValue.Error) + pushBoolean(L, failed);
        },
        cancel: L => {
          if (state(L) !== FutureState.Pending) return pushBoolean(L, false);
          const { process, reader, vm, writer } = engine;
          const future = self(L);
          const tag = vm.memory.i32[(future + FUTURE_TAG) >>> 2];
          process.out.abandon(tag);
          const path = process.waits.command(tag);
          if (path !== undefined) {
            process.waits.remove(path);
            process.drop(path);
          }
          vm.memory.i32[(future + FUTURE_STATE) >>> 2] = FutureState.Canceled;
          writer.pushError(L, new TroupeError('the call was canceled', { kind: 'CANCELED', retryable: false }));
          vm.api.lua_setiuservalue(L, 1, FutureValue.Error);
          closeChannel(process, reader.data(reader.objectValue(future, FutureValue.Channel)));
          return pushBoolean(L, true);
        },
      },
    },
  };
}
