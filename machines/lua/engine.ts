/**
 * What one worker thread needs to run Lua: the virtual machine with the host's functions linked into it, and the
 * translation of values both ways. Made when the thread's first Lua entry is prepared or loaded.
 */
import { channelClasses, channelModule } from './bindings/channel.ts';
import { cryptoModule } from './bindings/crypto.ts';
import { coroutineContinuations, coroutineModule, standardCoroutineFunctions } from './bindings/coroutine.ts';
import { coerceError, errorClass, errorsModule } from './bindings/errors.ts';
import { funcsModule, futureClass } from './bindings/funcs.ts';
import { ioModule } from './bindings/io.ts';
import { loggerClass, loggerModule } from './bindings/logger.ts';
import { messageClasses, payloadModule } from './bindings/message.ts';
import { osModule } from './bindings/os.ts';
import { processModule } from './bindings/process.ts';
import { requireFunctions } from './bindings/require.ts';
import { globalFunctions, sandboxFunctions, standardModules } from './bindings/sandbox.ts';
import { securityClasses, securityModule } from './bindings/security.ts';
import { sortContinuations, sortFunction } from './bindings/sort.ts';
import { spawnerClass } from './bindings/spawner.ts';
import { regexpClass, textModule } from './bindings/text.ts';
import { timeModule } from './bindings/time.ts';
import { timeClasses } from './bindings/time_objects.ts';
import { functionsOf, type HostModule, type LinkedModule, linkModules } from './host_module.ts';
import { raiseMisuse } from './misuse.ts';
import { type ObjectClass, Objects, OWN_ID, OWN_PID } from './objects.ts';
import type { LuaProcess } from './process.ts';
import type { LuaProgram } from './program.ts';
import { regionsOfThread } from './regions_of_thread.ts';
import { KINDS } from './values/kinds.ts';
import { PayloadReader } from './values/read.ts';
import { PayloadWriter } from './values/write.ts';
import type { HostFunction } from './vm/adapter.ts';
import { LuaVm } from './vm/vm.ts';

/** Tables that every program has as globals; what else there is comes by `require`. */
const GLOBAL_MODULES = [
  ...['string', 'table', 'math', 'utf8', 'coroutine', 'os'],
  ...['process', 'channel', 'errors', 'payload'],
];

/** Host functions that the transformed binary has itself (`vm/objects/assembly`). */
const NATIVES = {
  'message methods.topic': 'object_message_topic',
  'message methods.from': 'object_message_from',
  'message methods.payload': 'object_message_payload',
  'payload methods.data': 'object_payload_data',
};

export class Engine {
  readonly vm: LuaVm;
  readonly reader: PayloadReader;
  readonly writer: PayloadWriter;
  readonly objects: Objects;
  /** Every module by `LinkedModule.index`. */
  readonly modules: readonly LinkedModule[];
  /** The process that runs. Only host functions may ask, and they only run inside of one. */
  process!: LuaProcess;
  /** The program for which a state is being filled. */
  opening!: LuaProgram;
  readonly #byName: ReadonlyMap<string, LinkedModule>;
  readonly #standard = new Map<string, HostFunction>();

  /** `shared`: what `MachineType.share` made for the runtime; undefined on the main thread. */
  constructor(shared?: unknown) {
    const modules: HostModule[] = [
      processModule(this),
      channelModule(this),
      coroutineModule(this),
      errorsModule(this),
      payloadModule(this),
      osModule(this),
      timeModule(this),
      funcsModule(this),
      loggerModule(this),
      securityModule(this),
      textModule(this),
      cryptoModule(this),
      ioModule(this),
    ];
    const classes: ObjectClass[] = [
      ...channelClasses(this),
      errorClass(this),
      ...messageClasses(this),
      spawnerClass(this),
      futureClass(this),
      ...timeClasses(this),
      ...securityClasses(this),
      loggerClass(this),
      regexpClass(this),
    ];
    this.objects = new Objects(this);
    const functions: { [name: string]: HostFunction } = {
      ...functionsOf([...modules, ...classes.map(one => one.methods)]),
      ...prefixed('host', { ...sandboxFunctions(this), ...requireFunctions(this), sort: sortFunction(this) }),
      'lazy.index': this.objects.lazyIndex,
      'lazy.pairs': this.objects.lazyPairs,
      'state.open': L => this.opening.open(L),
      'path.enter': L => this.process.enterMethod(L),
    };
    for (const { kind, metamethods } of classes)
      Object.assign(functions, prefixed(KINDS[kind].name, metamethods ?? {}));
    this.vm = new LuaVm(
      {
        functions,
        continuations: {
          resumed: L => this.process.resumed(L),
          ...coroutineContinuations(this),
          ...sortContinuations,
        },
        natives: NATIVES,
        kept: { 'process.pid': OWN_PID, 'process.id': OWN_ID },
      },
      coerceError(this),
      () => regionsOfThread(shared),
    );
    this.vm.onMisuse = (L, index, message) => raiseMisuse(this, L, index, message);
    this.reader = new PayloadReader(this.vm.memory, this.vm.text);
    this.writer = new PayloadWriter(this.vm, this.objects);

    const withStandard = [
      ...standardModules(this),
      ...modules.map(module =>
        module.name === 'coroutine' ? { ...module, standard: standardCoroutineFunctions(this) } : module,
      ),
      ...classes.map(one => one.methods),
    ];
    this.#byName = linkModules(withStandard, name => this.vm.functions[name]);
    this.modules = [...this.#byName.values()];
    for (const { kind, methods, metamethods } of classes) {
      const places = Object.keys(metamethods ?? {}).map((name): [string, number] => [
        name,
        this.vm.functions[`${KINDS[kind].name}.${name}`],
      ]);
      this.objects.addClass(kind, this.#byName.get(methods.name)!, places);
    }
    this.objects.setGlobals(
      globalFunctions(this),
      GLOBAL_MODULES.map(name => this.#byName.get(name)!),
    );
  }

  /** A module by name, `time` for example; undefined where a capability of that name has no members of the host. */
  module(name: string): LinkedModule | undefined {
    return this.#byName.get(name);
  }

  /** One of Lua's own library functions, to be called from a host function with the arguments it was given. */
  standard(library: string, name: string): HostFunction {
    const key = `${library}.${name}`;
    let fn = this.#standard.get(key);
    if (fn === undefined) {
      const slot = this.vm.standard[library].functions.get(name)!;
      fn = this.vm.api.__indirect_function_table.get(slot) as HostFunction;
      this.#standard.set(key, fn);
    }
    return fn;
  }
}

function prefixed(
  prefix: string,
  functions: { readonly [name: string]: HostFunction },
): { [name: string]: HostFunction } {
  return Object.fromEntries(Object.entries(functions).map(([name, fn]) => [`${prefix}.${name}`, fn]));
}

let engine: Engine | undefined;

/** The engine of this thread. `regions`: what `MachineType.share` made for the runtime, in its workers. */
export function engineOfThread(regions?: unknown): Engine {
  return (engine ??= new Engine(regions));
}

/** What processes of earlier runtimes have left is given back, so that the threads of the next one can have it. */
export function giveBackRegions(): void {
  engine?.vm.slots?.giveBackRegions();
}
