/** Messages of the inbox, and the payloads in them (semantics section 4). */
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { ObjectClass } from '../objects.ts';
import { HELD_NUMBER, Kind, MessageValue } from '../values/kinds.ts';

export function payloadModule(engine: Engine): HostModule {
  return {
    name: 'payload',
    functions: {
      new: L => {
        engine.vm.api.lua_settop(L, 1);
        return pushPayload(engine, L, 1);
      },
    },
  };
}

/** Push a payload object that holds the value at stack index `index`. */
function pushPayload(engine: Engine, L: number, index: number): number {
  engine.objects.pushObject(L, Kind.Payload);
  engine.vm.api.lua_pushvalue(L, index);
  engine.vm.api.lua_setiuservalue(L, -2, 1);
  return 1;
}

/** The value of the held payload at stack index 1, copied in by the first who asks. */
function pushHeld(engine: Engine, L: number): number {
  const { vm, objects, process, writer } = engine;
  const at = (objects.argument(L, 1, Kind.HeldPayload) + HELD_NUMBER) >>> 2;
  const number = vm.memory.i32[at];
  if (number === 0) {
    vm.api.lua_getiuservalue(L, 1, 1);
    return 1;
  }
  vm.api.lua_settop(L, 1);
  writer.push(L, process.held!.get(number));
  vm.api.lua_pushvalue(L, -1);
  vm.api.lua_setiuservalue(L, 1, 1);
  vm.memory.i32[at] = 0;
  process.held!.release(number);
  return 1;
}

export function messageClasses(engine: Engine): ObjectClass[] {
  const value = (kind: Kind, index: number) => (L: number) => {
    engine.objects.argument(L, 1, kind);
    engine.vm.api.lua_getiuservalue(L, 1, index);
    return 1;
  };
  return [
    {
      kind: Kind.Message,
      methods: {
        name: 'message methods',
        functions: {
          topic: value(Kind.Message, MessageValue.Topic),
          from: value(Kind.Message, MessageValue.From),
          payload: L => {
            engine.objects.argument(L, 1, Kind.Message);
            engine.vm.api.lua_settop(L, 1);
            engine.vm.api.lua_getiuservalue(L, 1, MessageValue.Data);
            return pushPayload(engine, L, 2);
          },
        },
      },
    },
    {
      kind: Kind.Payload,
      methods: { name: 'payload methods', functions: { data: value(Kind.Payload, 1) } },
    },
    {
      kind: Kind.HeldMessage,
      methods: {
        name: 'held message methods',
        functions: {
          topic: value(Kind.HeldMessage, MessageValue.Topic),
          from: value(Kind.HeldMessage, MessageValue.From),
          payload: value(Kind.HeldMessage, MessageValue.Data),
        },
      },
    },
    {
      kind: Kind.HeldPayload,
      methods: { name: 'held payload methods', functions: { data: L => pushHeld(engine, L) } },
      metamethods: {
        __gc: L => {
          const { vm, process } = engine;
          const number = vm.memory.i32[(engine.objects.argument(L, 1, Kind.HeldPayload) + HELD_NUMBER) >>> 2];
          process.held?.release(number);
          return 0;
        },
      },
    },
  ];
}
