/** The standard libraries: coroutines, the functions whose loops a program can make endless, and `lua_gc`. */
import { Op } from '../../../../wasm/binary/opcodes.ts';
import type { Program } from '../program.ts';
import { check, refusal } from '../refusal.ts';

const C_FUNCTION = 'i:i';

export interface Libraries {
  /** `coroutine.resume`, and what `coroutine.wrap` makes. */
  readonly luaB_coresume: number;
  readonly luaB_auxwrap: number;
  /** Calls `lua_resume` for both, at `resumption`. */
  readonly auxresume: number;
  readonly resumption: number;
  /** The pseudo-index by which `luaB_auxwrap` finds its coroutine. */
  readonly firstUpvalue: number;
  readonly luaL_error: number;
  readonly lua_gc: number;
  /** `match` of lstrlib.c, which calls itself. */
  readonly match: number;
  /** All functions that take part in matching a pattern, `match` among them. */
  readonly patterns: ReadonlySet<number>;
  /**
   * What a program can keep busy for as long as it likes without using memory: the functions of `table`, which trust
   * `__len` and take any range, and `string.rep`, which repeats the empty string.
   */
  readonly tables: ReadonlySet<number>;
  readonly repetition: number;
  /** Address of "pattern too complex". */
  readonly tooComplex: number;
}

export function findLibraries(program: Program): Libraries {
  const { match, luaL_error, tooComplex } = findMatch(program);
  return {
    ...findCoroutines(program),
    luaL_error,
    lua_gc: findGc(program),
    match,
    patterns: findPatterns(program, match),
    tables: privateClosure(program, [...libraryFunctions(program, 'concat', 'insert').values()]),
    repetition: functionNamed(libraryFunctions(program, 'byte', 'char'), 'rep'),
    tooComplex,
  };
}

/** The functions of the library whose list of registrations begins with these two names. */
function libraryFunctions(program: Program, first: string, second: string): Map<string, number> {
  const functions = new Map<string, number>();
  for (const { name, slot } of program.module.image.registrations(first, second)) {
    if (slot !== 0) functions.set(name, program.slot(slot, C_FUNCTION, `the library function "${name}"`));
  }
  return functions;
}

function functionNamed(functions: ReadonlyMap<string, number>, name: string): number {
  const fn = functions.get(name);
  if (fn === undefined) throw refusal(`there is no library function "${name}"`);
  return fn;
}

/**
 * `roots` and all that only they call, directly or through each other: functions that are exported, or in the table, or
 * called from elsewhere, belong to everybody.
 */
function privateClosure(program: Program, roots: readonly number[]): Set<number> {
  const { module } = program;
  const shared = new Set([...module.exports.values(), ...module.slots.values()]);
  const closure = new Set(roots);
  // A set visits what is added while it is walked.
  for (const fn of closure) {
    for (const callee of program.callees(fn)) {
      if (callee >= module.module.importedFunctions && !shared.has(callee)) closure.add(callee);
    }
  }
  for (let shrunk = true; shrunk; ) {
    shrunk = false;
    for (const fn of closure) {
      if (roots.includes(fn) || program.callers(fn).every(caller => closure.has(caller))) continue;
      closure.delete(fn);
      shrunk = true;
    }
  }
  return closure;
}

function findMatch(program: Program): Pick<Libraries, 'match' | 'luaL_error' | 'tooComplex'> {
  const tooComplex = program.module.image.addressOf('pattern too complex');
  const users = program.usersOfConstant(tooComplex);
  check(users.length === 1, `${users.length} functions know the text "pattern too complex"`);
  const match = users[0];
  check(program.callees(match).has(match), 'match of lstrlib.c does not call itself');
  const { error } = program
    .code(match)
    .only('luaL_error(ms->L, "pattern too complex")', `const.${tooComplex} const.0 call.{error}`).captures;
  program.expect(error, 'iii:i', 'luaL_error');
  return { match, luaL_error: error, tooComplex };
}

function findPatterns(program: Program, match: number): Set<number> {
  const { module } = program;
  const string = libraryFunctions(program, 'byte', 'char');
  const gmatch = functionNamed(string, 'gmatch');
  // lua_pushcclosure(L, gmatch_aux, 3): the one function in the table that gmatch knows and that matches.
  const iterators = module.instructions(gmatch).flatMap(({ op, value }) => {
    const fn = op === Op.I32Const ? module.slots.get(value) : undefined;
    return fn !== undefined && module.signature(fn) === C_FUNCTION && program.callees(fn).has(match) ? [fn] : [];
  });
  check(iterators.length === 1, `string.gmatch makes ${iterators.length} kinds of iterators`);
  const roots = ['find', 'match', 'gsub'].map(name => functionNamed(string, name));
  return privateClosure(program, [...roots, gmatch, iterators[0], match]);
}

type Coroutines = Pick<Libraries, 'luaB_coresume' | 'luaB_auxwrap' | 'auxresume' | 'resumption' | 'firstUpvalue'>;

function findCoroutines(program: Program): Coroutines {
  const { module } = program;
  const lua_resume = module.exported('lua_resume');
  const lua_resetthread = module.exported('lua_resetthread');
  const coroutine = libraryFunctions(program, 'create', 'resume');
  const luaB_coresume = functionNamed(coroutine, 'resume');
  const resumers = program.callers(lua_resume);
  check(resumers.length === 1, `${resumers.length} functions call lua_resume`);
  const auxresume = resumers[0];
  const users = program.callers(auxresume);
  check(users.length === 2 && users.includes(luaB_coresume), 'auxresume has other callers than expected');
  const luaB_auxwrap = users.find(fn => fn !== luaB_coresume)!;
  check(program.callees(luaB_auxwrap).has(lua_resetthread), 'the function of coroutine.wrap does not close coroutines');
  check([...module.slots.values()].includes(luaB_auxwrap), 'the function of coroutine.wrap is not in the table');
  const resumed = program
    .code(auxresume)
    .only('lua_resume in auxresume', `get.1 get.0 get.2 get.* const.* add call.${lua_resume}`);
  const { upvalue } = program
    .code(luaB_auxwrap)
    .start('getco in auxwrap', `get.0 get.0 const.{upvalue} call.${module.exported('lua_tothread')} tee.1`).captures;
  return { luaB_coresume, luaB_auxwrap, auxresume, resumption: resumed.end - 1, firstUpvalue: upvalue };
}

/** `lua_gc(L, what, ...)` is what `collectgarbage` calls for everything that it can do. */
function findGc(program: Program): number {
  const collectgarbage = functionNamed(libraryFunctions(program, 'assert', 'collectgarbage'), 'collectgarbage');
  const exported = new Set(program.module.exports.values());
  const candidates = [...program.callees(collectgarbage)].filter(
    fn => program.module.signature(fn) === 'iii:i' && !exported.has(fn),
  );
  check(candidates.length === 1, `collectgarbage calls ${candidates.length} functions that could be lua_gc`);
  return candidates[0];
}
