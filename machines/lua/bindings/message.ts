/** Messages of the inbox, and the payloads in them (semantics section 4). */
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { ObjectClass } from '../objects.ts';
import { Kind, MessageValue } from '../values/kinds.ts';

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
  ];
}
