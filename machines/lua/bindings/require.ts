/**
 * `require`: what the entry declared and nothing else. Capabilities come as tables with one function an operation,
 * libraries as what their chunk returns, once per process.
 */
import { TroupeError } from '../../../runtime/errors.ts';
import { payloadArguments, textArgument } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import { REQUIRED } from '../objects.ts';
import { pushFailure } from '../results.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { DEBUG_SOURCE, FIRST_UPVALUE, REGISTRY, REGISTRY_GLOBALS, Status, Type } from '../vm/layout.ts';
import { waitForAnswer } from './spawner.ts';

/** Globals that may be required as well. */
const ALWAYS = new Set([
  'process',
  'channel',
  'errors',
  'payload',
  'coroutine',
  'string',
  'table',
  'math',
  'utf8',
  'os',
]);

export function requireFunctions(engine: Engine): { [name: string]: HostFunction } {
  return { require: L => requireModule(engine, L), invoke: L => invoke(engine, L) };
}

function requireModule(engine: Engine, L: number): number {
  const { vm, process } = engine;
  const { api, text, adapter } = vm;
  const name = textArgument(engine, L, 1);
  const { program } = process;
  const unit = program.unit(callerSource(engine, L), process.loading);
  const library = unit.aliases.get(name);
  const key = library ?? name;

  api.lua_settop(L, 1);
  if (adapter.rawGetInteger(L, REGISTRY, REQUIRED) === Type.Nil) {
    api.lua_settop(L, 1);
    api.lua_createtable(L, 0, 1);
    api.lua_pushvalue(L, -1);
    adapter.rawSetInteger(L, REGISTRY, REQUIRED);
  }
  text.push(L, key);
  if (api.lua_rawget(L, 2) !== Type.Nil) return 1;
  api.lua_settop(L, 2);

  if (library !== undefined) loadLibrary(engine, L, library);
  else if (ALWAYS.has(name)) {
    adapter.rawGetInteger(L, REGISTRY, REGISTRY_GLOBALS);
    api.lua_getfield(L, -1, text.name(name));
  } else if (program.modules.has(name)) pushDeclared(engine, L, name);
  else vm.raise(L, program.explainMissing(name, unit));

  text.push(L, key);
  api.lua_pushvalue(L, -2);
  api.lua_rawset(L, 2);
  return 1;
}

/** Full name of the chunk that called the host function which runs; empty where it was a tail call. */
function callerSource(engine: Engine, L: number): string {
  const { api, text, out, memory } = engine.vm;
  if (api.lua_getstack(L, 1, out) === 0) return '';
  api.lua_getinfo(L, text.name('S'), out);
  return text.readName(memory.i32[(out + DEBUG_SOURCE) >>> 2], 4096).slice(1);
}

/** Push what the library's chunk returns; `true` where it returns nothing. */
function loadLibrary(engine: Engine, L: number, id: string): void {
  const { vm, process } = engine;
  const { loading } = process;
  if (loading.includes(id)) vm.raise(L, `libraries require each other in a circle: ${[...loading, id].join(' -> ')}`);
  const unit = process.program.library(id);
  if (vm.load(L, unit.bytecode, unit.chunkName, 'b') !== Status.Ok) vm.api.lua_error(L);
  loading.push(id);
  // Protected, so that `loading` is right again also after an error.
  const status = vm.api.lua_pcallk(L, 0, 1, 0, 0, 0);
  loading.pop();
  if (status !== Status.Ok) vm.api.lua_error(L);
  if (vm.api.lua_type(L, -1) === Type.Nil) {
    vm.api.lua_settop(L, -2);
    vm.api.lua_pushboolean(L, 1);
  }
}

function pushDeclared(engine: Engine, L: number, name: string): void {
  const { objects, vm } = engine;
  const module = engine.module(name);
  const capability = engine.process.program.modules.get(name);
  if (module !== undefined) objects.pushModule(L, module);
  else vm.api.lua_createtable(L, 0, 8);
  if (capability === undefined) return;
  for (const [operation, index] of engine.process.program.operationsOf(capability)) {
    // What the host has of its own takes the operation's place: `time.now` gives a time object.
    if (module?.members.has(operation)) continue;
    vm.adapter.pushInteger(L, index);
    vm.api.lua_pushcclosure(L, vm.functions['host.invoke'], 1);
    vm.api.lua_setfield(L, -2, vm.text.name(operation));
  }
}

/** A function of a capability: its upvalue says which. Answers at once, or lets the path wait for the answer. */
function invoke(engine: Engine, L: number): number {
  const { process, writer, vm } = engine;
  const operation = process.program.operations[vm.api.lua_tonumberx(L, FIRST_UPVALUE, 0)];
  const args = payloadArguments(engine, L, 1, 'argument');
  if (args instanceof TroupeError) return pushFailure(engine, L, args);
  if (operation.definition.mode !== 'sync') process.mustBeAbleToWait(L);
  const tag = operation.definition.mode === 'sync' ? 0 : process.nextTag();
  const result = process.out.invoke(tag, operation, args);
  process.chargeWork();
  if (result instanceof TroupeError) return pushFailure(engine, L, result);
  if (tag !== 0) return waitForAnswer(engine, L, tag);
  writer.push(L, result);
  return 1;
}
