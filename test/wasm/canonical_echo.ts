/**
 * Guests that give back what they are given, written as a compiler would by the text of the canonical ABI, apart from
 * the host's own code for it: parameters are stored into memory field by field, and the address is returned.
 */
import type { WitType } from '../../machines/wasm/functions/wit_type.ts';

type Core = 'i32' | 'i64' | 'f32' | 'f64';

interface Shape {
  readonly size: number;
  readonly align: number;
  readonly flat: readonly Core[];
}

/** Where the functions write what they return. */
const AREA = 16;

const PRIMITIVES: { readonly [name: string]: [number, Core, string] } = {
  bool: [1, 'i32', 'i32.store8'],
  s8: [1, 'i32', 'i32.store8'],
  u8: [1, 'i32', 'i32.store8'],
  s16: [2, 'i32', 'i32.store16'],
  u16: [2, 'i32', 'i32.store16'],
  s32: [4, 'i32', 'i32.store'],
  u32: [4, 'i32', 'i32.store'],
  char: [4, 'i32', 'i32.store'],
  s64: [8, 'i64', 'i64.store'],
  u64: [8, 'i64', 'i64.store'],
  f32: [4, 'f32', 'f32.store'],
  f64: [8, 'f64', 'f64.store'],
};

/** What a type is for the canonical ABI once records are tuples, and options, results and enums are variants. */
type Plain =
  | { readonly is: 'number'; readonly name: string }
  | { readonly is: 'pair' }
  | { readonly is: 'tuple'; readonly parts: readonly Plain[] }
  | { readonly is: 'variant'; readonly cases: readonly (Plain | undefined)[] };

function plain(type: WitType): Plain {
  if (type === 'string') return { is: 'pair' };
  if (typeof type === 'string') return { is: 'number', name: type };
  switch (type.kind) {
    case 'list':
      return { is: 'pair' };
    case 'record':
      return { is: 'tuple', parts: type.fields.map(field => plain(field.type)) };
    case 'tuple':
      return { is: 'tuple', parts: type.types.map(plain) };
    case 'option':
      return { is: 'variant', cases: [undefined, plain(type.some)] };
    case 'result':
      return { is: 'variant', cases: [type.ok && plain(type.ok), type.err && plain(type.err)] };
    case 'variant':
      return { is: 'variant', cases: type.cases.map(one => one.type && plain(one.type)) };
    case 'enum':
      return { is: 'variant', cases: type.cases.map(() => undefined) };
    default: {
      const count = type.flags.length;
      return { is: 'number', name: count <= 8 ? 'u8' : count <= 16 ? 'u16' : 'u32' };
    }
  }
}

function up(at: number, align: number): number {
  return (at + align - 1) & -align;
}

function tagOf(cases: number): string {
  return cases <= 256 ? 'u8' : 'u16';
}

function shapeOf(type: Plain): Shape {
  switch (type.is) {
    case 'pair':
      return { size: 8, align: 4, flat: ['i32', 'i32'] };
    case 'number': {
      const [size, core] = PRIMITIVES[type.name];
      return { size, align: size, flat: [core] };
    }
    case 'tuple': {
      const parts = type.parts.map(shapeOf);
      const align = Math.max(...parts.map(part => part.align));
      const end = parts.reduce((at, part) => up(at, part.align) + part.size, 0);
      return { size: up(end, align), align, flat: parts.flatMap(part => part.flat) };
    }
    default: {
      const carried = type.cases.flatMap(one => (one === undefined ? [] : [shapeOf(one)]));
      const tag = PRIMITIVES[tagOf(type.cases.length)][0];
      const payloadAlign = Math.max(1, ...carried.map(one => one.align));
      const align = Math.max(tag, payloadAlign);
      const end = up(tag, payloadAlign) + Math.max(0, ...carried.map(one => one.size));
      const flat: Core[] = [];
      for (const one of carried) {
        one.flat.forEach((core, i) => {
          const other = flat[i] ?? core;
          const narrow = new Set(['i32', 'f32']);
          flat[i] = other === core ? core : narrow.has(other) && narrow.has(core) ? 'i32' : 'i64';
        });
      }
      return { size: up(end, align), align, flat: ['i32', ...flat] };
    }
  }
}

/** The flat value that came as `from`, as what the case has there. */
function narrowed(value: string, from: Core, to: Core): string {
  if (from === to) return value;
  if (from === 'i32') return `(f32.reinterpret_i32 ${value})`;
  if (to === 'i32') return `(i32.wrap_i64 ${value})`;
  return to === 'f64' ? `(f64.reinterpret_i64 ${value})` : `(f32.reinterpret_i32 (i32.wrap_i64 ${value}))`;
}

/** Code that stores the flat values at address `at`. */
function store(type: Plain, values: readonly string[], at: number): string {
  switch (type.is) {
    case 'pair':
      return `(i32.store (i32.const ${at}) ${values[0]}) (i32.store (i32.const ${at + 4}) ${values[1]})`;
    case 'number':
      return `(${PRIMITIVES[type.name][2]} (i32.const ${at}) ${values[0]})`;
    case 'tuple': {
      let used = 0;
      let end = at;
      const code = type.parts.map(part => {
        const { size, align, flat } = shapeOf(part);
        const start = at + up(end - at, align);
        end = start + size;
        used += flat.length;
        return store(part, values.slice(used - flat.length, used), start);
      });
      return code.join(' ');
    }
    default: {
      const tag = PRIMITIVES[tagOf(type.cases.length)];
      const { flat } = shapeOf(type);
      const carried = type.cases.map(one => (one === undefined ? undefined : shapeOf(one)));
      const start = at + up(tag[0], Math.max(1, ...carried.map(one => one?.align ?? 1)));
      const code = type.cases.map((one, index) => {
        if (one === undefined) return '';
        const own = carried[index]!.flat.map((core, i) => narrowed(values[i + 1], flat[i + 1], core));
        return `(if (i32.eq ${values[0]} (i32.const ${index})) (then ${store(one, own, start)}))`;
      });
      return `(${tag[2]} (i32.const ${at}) ${values[0]}) ${code.join(' ')}`;
    }
  }
}

/** `(func (export name) ...)` that returns its one parameter of this type. */
export function echoFunction(name: string, type: WitType): string {
  const form = plain(type);
  const { flat } = shapeOf(form);
  const passed = flat.length > 16 ? ['i32'] : flat;
  const head = `(func (export "${name}") ${passed.map(core => `(param ${core})`).join(' ')}`;
  // One flat value is returned as it came; where parameters are in memory, their address is the result's.
  if (passed.length === 1) return `${head} (result ${passed[0]}) (local.get 0))`;
  const values = flat.map((_, index) => `(local.get ${index})`);
  return `${head} (result i32) ${store(form, values, AREA)} (i32.const ${AREA}))`;
}

/** A module of such functions, with an allocator that only goes on. */
export function echoModule(functions: readonly string[]): string {
  return `(module
    (memory (export "memory") 8)
    (global $next (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.sub (i32.add (global.get $next) (local.get $align)) (i32.const 1))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $new)))
      (local.get $at))
    ${functions.join('\n')})`;
}
