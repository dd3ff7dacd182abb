/**
 * Objects that hold one value of the payload space and never change: spawners, actors, loggers. It is in the object as
 * MessagePack, so it is a copy of its own and independent of the tables it came from.
 */
import type { Payload } from '../../../runtime/machine.ts';
import { packPayload, unpackPayload } from '../../../runtime/payload/messagepack.ts';
import type { Engine } from '../engine.ts';
import type { Kind } from '../values/kinds.ts';
import { STRING_BYTES, VALUE_TAG } from '../vm/layout.ts';

/** Push an object of this kind that holds `value`. */
export function pushPacked(engine: Engine, L: number, kind: Kind, value: Payload): number {
  engine.objects.pushObject(L, kind);
  engine.vm.text.pushBytes(L, packPayload(value));
  engine.vm.api.lua_setiuservalue(L, -2, 1);
  return 1;
}

/** What the object at stack index `index`, which must be of this kind, holds. */
export function packedArgument(engine: Engine, L: number, index: number, kind: Kind): Payload {
  return packedAt(engine, engine.objects.argument(L, index, kind));
}

/** What the object whose memory is at `data` holds. */
export function packedAt(engine: Engine, data: number): Payload {
  const { vm, reader } = engine;
  const at = reader.objectValue(data, 1);
  const string = vm.memory.i32[at >>> 2];
  const start = (string + STRING_BYTES) >>> 0;
  const length = vm.text.length(string, vm.memory.u8[(at + VALUE_TAG) >>> 0]);
  return unpackPayload(vm.memory.u8.slice(start, start + length));
}
