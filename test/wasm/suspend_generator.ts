/**
 * Random programs in the text format, made from a list of decisions so that fast-check can shrink them. They always end:
 * every loop iteration and every recursion takes from the global `$work`, and goes on only while something is left.
 */

type Type = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

interface Signature {
  readonly name: string;
  readonly params: readonly Type[];
  readonly results: readonly Type[];
}

interface Label {
  readonly name: string;
  /** What a branch to it takes. */
  readonly takes: readonly Type[];
  readonly loop: boolean;
}

const NUMBERS: readonly Type[] = ['i32', 'i64', 'f32', 'f64'];

const IMPORTS: readonly Signature[] = [
  { name: 'wait', params: ['i32'], results: ['i32'] },
  { name: 'wait_l', params: ['i64', 'f64'], results: ['i64'] },
  { name: 'wait_d', params: ['f32'], results: ['f64'] },
  { name: 'wait_2', params: ['i32', 'i64'], results: ['i32', 'i64'] },
  { name: 'wait_v', params: [], results: [] },
  { name: 'note', params: ['i32'], results: ['i32'] },
  { name: 'note_v', params: ['i64', 'f32'], results: [] },
];

const BINARY: { readonly [type in Type]: readonly string[] } = {
  i32: ['i32.add', 'i32.sub', 'i32.mul', 'i32.xor', 'i32.shl', 'i32.rotl', 'i32.div_s', 'i32.rem_u'],
  i64: ['i64.add', 'i64.sub', 'i64.mul', 'i64.or', 'i64.shr_u'],
  f32: ['f32.add', 'f32.mul', 'f32.min'],
  f64: ['f64.add', 'f64.sub', 'f64.max'],
  v128: ['i32x4.add', 'i64x2.sub', 'v128.xor', 'i8x16.swizzle'],
};

/** Conversions to a type, with the type they take. */
const CONVERT: { readonly [type in Type]: readonly (readonly [string, Type])[] } = {
  i32: [
    ['i32.wrap_i64', 'i64'],
    ['i32.trunc_sat_f64_s', 'f64'],
    ['i64.eqz', 'i64'],
    ['i32x4.extract_lane 1', 'v128'],
    ['i32.extend8_s', 'i32'],
  ],
  i64: [
    ['i64.extend_i32_s', 'i32'],
    ['i64.trunc_sat_f32_u', 'f32'],
    ['i64x2.extract_lane 0', 'v128'],
  ],
  f32: [
    ['f32.convert_i32_s', 'i32'],
    ['f32.demote_f64', 'f64'],
    ['f32.neg', 'f32'],
  ],
  f64: [
    ['f64.convert_i64_u', 'i64'],
    ['f64.promote_f32', 'f32'],
    ['f64.convert_i32_u', 'i32'],
  ],
  v128: [
    ['i32x4.splat', 'i32'],
    ['i64x2.splat', 'i64'],
    ['f64x2.splat', 'f64'],
    ['v128.not', 'v128'],
  ],
};

const TABLE_SIZE = 8;

export class ProgramGenerator {
  readonly #decisions: Uint8Array;
  #at = 0;
  #out: string[] = [];
  #labels: Label[] = [];
  #locals: Type[] = [];
  #functions: Signature[] = [];
  #current = 0;
  #names = 0;

  constructor(decisions: Uint8Array) {
    this.#decisions = decisions;
  }

  /** The module's text. Its export `main` takes an i32 and gives an i32 and an i64. */
  generate(): string {
    const count = 2 + this.#choose(4);
    this.#functions = [{ name: 'main', params: ['i32'], results: ['i32', 'i64'] }];
    for (let i = 1; i < count; i++) {
      this.#functions.push({ name: `f${i}`, params: this.#types(3), results: this.#types(2) });
    }
    const bodies = this.#functions.map((signature, index) => this.#function(signature, index));
    return `(module
${IMPORTS.map(s => `  (import "env" "${s.name}" (func $${s.name}${declare(s)}))`).join('\n')}
  (memory (export "memory") 1 4)
  (table ${TABLE_SIZE} funcref)
  (elem (i32.const 0) ${this.#tableEntries()
    .map(name => `$${name}`)
    .join(' ')})
  (global $work (export "work") (mut i32) (i32.const 60))
  (global $g_i32 (export "g_i32") (mut i32) (i32.const 5))
  (global $g_i64 (export "g_i64") (mut i64) (i64.const -7))
  (global $g_f32 (export "g_f32") (mut f32) (f32.const 1.5))
  (global $g_f64 (export "g_f64") (mut f64) (f64.const -0.25))
${bodies.join('\n')}
  (data (i32.const 16) "abcdefghijklmnop")
)`;
  }

  #tableEntries(): string[] {
    const callable = [...this.#functions.slice(1), ...IMPORTS.slice(0, 4)];
    return Array.from({ length: TABLE_SIZE }, (_, i) => callable[i % callable.length].name);
  }

  /** A number in `[0, bound)`; 0, which is always the simplest choice, once the decisions are used up. */
  #choose(bound: number): number {
    return this.#at < this.#decisions.length ? this.#decisions[this.#at++] % bound : 0;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#choose(from.length)];
  }

  #types(most: number): Type[] {
    return Array.from({ length: this.#choose(most + 1) }, () => this.#pick(NUMBERS));
  }

  #emit(...lines: string[]): void {
    this.#out.push(...lines);
  }

  #function(signature: Signature, index: number): string {
    this.#current = index;
    this.#out = [];
    this.#labels = [];
    const extra: Type[] = ['i32', 'i64', 'f32', 'f64', 'v128', ...this.#types(3)];
    this.#locals = [...signature.params, ...extra];
    this.#takeWork();
    for (let n = 1 + this.#choose(5); n > 0; n--) this.#statement(3);
    this.#observeLocals();
    for (const type of signature.results) this.#expression(type, 3);
    const code = this.#out.map(line => `    ${line}`).join('\n');
    const name = index === 0 ? `$main (export "main")` : `$${signature.name}`;
    return `  (func ${name}${declare(signature)}\n    (local ${extra.join(' ')})\n${code})`;
  }

  /** Mix all locals into a global, so that no wrong value goes unseen. Not by their bits: NaNs may differ. */
  #observeLocals(): void {
    this.#emit('global.get $g_i64');
    for (const [index, type] of this.#locals.entries()) {
      this.#emit('i64.const 7', 'i64.rotl', `local.get ${index}`);
      if (type === 'i32') this.#emit('i64.extend_i32_s');
      else if (type === 'v128')
        this.#emit('i64x2.extract_lane 0', `local.get ${index}`, 'i64x2.extract_lane 1', 'i64.add');
      else if (type !== 'i64') this.#emit(`i64.trunc_sat_${type}_s`);
      this.#emit('i64.xor');
    }
    this.#emit('global.set $g_i64');
  }

  #takeWork(): void {
    this.#emit('(global.set $work (i32.sub (global.get $work) (i32.const 1)))');
  }

  #worthGoingOn(): string {
    return '(i32.gt_s (global.get $work) (i32.const 0))';
  }

  #local(type: Type): number {
    const fitting = this.#locals.flatMap((t, i) => (t === type ? [i] : []));
    return this.#pick(fitting);
  }

  #anyLocal(): number {
    return this.#choose(this.#locals.length);
  }

  #constant(type: Type): string {
    const value = this.#choose(256);
    if (type === 'v128') return `v128.const i32x4 ${value} 1 -2 ${value * 7}`;
    return type === 'f32' || type === 'f64' ? `${type}.const ${value / 8 - 4}` : `${type}.const ${value - 100}`;
  }

  /** Push one value. */
  #expression(type: Type, depth: number): void {
    if (depth === 0) {
      this.#leaf(type);
      return;
    }
    switch (this.#choose(13)) {
      case 0:
      case 1:
        this.#leaf(type);
        break;
      case 2:
      case 3:
        this.#expression(type, depth - 1);
        this.#expression(type, depth - 1);
        this.#emit(this.#pick(BINARY[type]));
        break;
      case 4: {
        const [op, from] = this.#pick(CONVERT[type]);
        this.#expression(from, depth - 1);
        this.#emit(op);
        break;
      }
      case 5:
        this.#block([], [type], depth - 1);
        break;
      case 6:
        this.#condition([], [type], depth - 1);
        break;
      case 7:
        this.#loop([], [type], depth - 1);
        break;
      case 8:
      case 9:
        this.#callFor(type, depth - 1);
        break;
      case 10:
        this.#expression(type, depth - 1);
        this.#expression(type, depth - 1);
        this.#expression('i32', depth - 1);
        this.#emit(type === 'v128' ? 'select (result v128)' : 'select');
        break;
      case 11:
        this.#expression(type, depth - 1);
        this.#emit(`local.tee ${this.#local(type)}`);
        break;
      default:
        this.#branchKeeping(type, depth - 1);
    }
  }

  #leaf(type: Type): void {
    switch (this.#choose(5)) {
      case 0:
        this.#emit(this.#constant(type));
        break;
      case 1:
        if (type === 'i32') {
          this.#emit('memory.size');
          break;
        }
        this.#emit(type === 'v128' ? this.#constant(type) : `global.get $g_${type}`);
        break;
      case 2:
        this.#emit(`i32.const ${this.#choose(64) * 8}`, type === 'v128' ? 'v128.load' : `${type}.load`);
        break;
      default:
        this.#emit(`local.get ${this.#local(type)}`);
    }
  }

  #statement(depth: number): void {
    switch (this.#choose(depth === 0 ? 6 : 14)) {
      case 0: {
        const local = this.#anyLocal();
        this.#expression(this.#locals[local], Math.max(1, depth));
        this.#emit(`local.set ${local}`);
        break;
      }
      case 1: {
        const type = this.#pick(NUMBERS);
        this.#expression(type, depth);
        this.#emit(`global.set $g_${type}`);
        break;
      }
      case 2:
        this.#callAndStore(depth);
        break;
      case 3: {
        const type = this.#pick<Type>(['i32', 'i64', 'f32', 'v128']);
        this.#expression('i32', depth);
        this.#emit('i32.const 1016', 'i32.and');
        this.#expression(type, depth);
        this.#emit(type === 'v128' ? 'v128.store' : `${type}.store`);
        break;
      }
      case 4:
        this.#emit(`i32.const ${this.#choose(3)}`, 'memory.grow', 'drop');
        break;
      case 5:
        this.#emit(`i32.const ${this.#choose(64) * 16}`, 'i32.const 64');
        this.#expression('i32', 1);
        this.#emit('i32.const 255', 'i32.and', this.#pick(['memory.fill', 'memory.copy']));
        break;
      case 6:
        this.#block([], [], depth - 1);
        break;
      case 7:
        this.#condition([], [], depth - 1);
        break;
      case 8:
      case 9:
        this.#loop([], [], depth - 1);
        break;
      case 10:
        this.#structureWithParams(depth - 1);
        break;
      case 11:
        this.#conditionalBranch(depth - 1);
        break;
      case 12:
        this.#branchTable(depth - 1);
        break;
      default:
        this.#deadEnd(depth - 1);
    }
  }

  #open(takes: readonly Type[], loop: boolean): string {
    const name = `$l${this.#names++}`;
    this.#labels.push({ name, takes, loop });
    return name;
  }

  #statements(most: number, depth: number): void {
    for (let n = this.#choose(most + 1); n > 0; n--) this.#statement(depth);
  }

  /** The inside of a structure: its parameters are on the stack, its results must be in the end. */
  #body(params: readonly Type[], results: readonly Type[], depth: number): void {
    // Sometimes the parameters stay on the stack beneath other work.
    const keep = params.length > 0 && same(params, results) && this.#choose(2) === 1;
    if (!keep) for (const type of [...params].reverse()) this.#emit(`local.set ${this.#local(type)}`);
    this.#statements(2, depth);
    if (!keep) for (const type of results) this.#expression(type, depth);
  }

  #block(params: readonly Type[], results: readonly Type[], depth: number): void {
    this.#emit(`block ${this.#open(results, false)}${blockType(params, results)}`);
    this.#body(params, results, depth);
    this.#emit('end');
    this.#labels.pop();
  }

  #condition(params: readonly Type[], results: readonly Type[], depth: number): void {
    this.#expression('i32', depth);
    this.#emit(`if ${this.#open(results, false)}${blockType(params, results)}`);
    this.#body(params, results, depth);
    if (!same(params, results) || this.#choose(2) === 1) {
      this.#emit('else');
      this.#body(params, results, depth);
    }
    this.#emit('end');
    this.#labels.pop();
  }

  #loop(params: readonly Type[], results: readonly Type[], depth: number): void {
    const name = this.#open(params, true);
    this.#emit(`loop ${name}${blockType(params, results)}`);
    this.#takeWork();
    this.#body(params, [], depth);
    for (const type of params) this.#expression(type, 1);
    this.#expression('i32', 1);
    // Half of the loops go on whatever the condition is, until the work is done.
    this.#emit(`i32.const ${this.#choose(2)}`, 'i32.or', this.#worthGoingOn(), 'i32.and', `br_if ${name}`);
    for (let i = 0; i < params.length; i++) this.#emit('drop');
    for (const type of results) this.#expression(type, depth);
    this.#emit('end');
    this.#labels.pop();
  }

  #structureWithParams(depth: number): void {
    const params = [...this.#types(2), this.#pick(NUMBERS)];
    const results = this.#choose(2) === 0 ? params : this.#types(2);
    for (const type of params) this.#expression(type, 1);
    const kind = this.#choose(3);
    if (kind === 0) this.#block(params, results, depth);
    else if (kind === 1) this.#condition(params, results, depth);
    else this.#loop(params, results, depth);
    for (const type of [...results].reverse()) this.#emit(`local.set ${this.#local(type)}`);
  }

  #arguments(signature: Signature, depth: number): void {
    for (const type of signature.params) this.#expression(type, Math.min(depth, 1));
  }

  /** Call something with any results; they go to locals. */
  #callAndStore(depth: number): void {
    const callee = this.#pick(this.#callable());
    this.#call(callee, depth);
    for (const type of [...callee.results].reverse()) this.#emit(`local.set ${this.#local(type)}`);
  }

  #callFor(type: Type, depth: number): void {
    const fitting = this.#callable().filter(callee => callee.results.length === 1 && callee.results[0] === type);
    if (fitting.length === 0) this.#leaf(type);
    else this.#call(this.#pick(fitting), depth);
  }

  #callable(): readonly Signature[] {
    return [...IMPORTS, ...this.#functions];
  }

  #call(callee: Signature, depth: number): void {
    const index = this.#functions.indexOf(callee);
    const bounded = index >= 0;
    if (bounded) {
      this.#emit(this.#worthGoingOn(), `if${blockType([], callee.results)}`);
      this.#labels.push({ name: '', takes: callee.results, loop: false });
    }
    this.#arguments(callee, depth);
    const inTable = this.#tableEntries().indexOf(callee.name);
    if (inTable >= 0 && this.#choose(3) === 0) {
      this.#emit(`i32.const ${inTable}`);
      if (this.#choose(2) === 1) this.#emit(`local.get ${this.#local('i32')}`, 'i32.const 0', 'i32.mul', 'i32.add');
      this.#emit(`call_indirect${declare(callee)}`);
    } else {
      this.#emit(`call $${callee.name}`);
    }
    if (bounded) {
      this.#labels.pop();
      if (callee.results.length > 0) this.#emit('else', ...callee.results.map(type => this.#constant(type)));
      this.#emit('end');
    }
  }

  #named(): Label[] {
    return this.#labels.filter(label => label.name !== '');
  }

  /** `br_if` to a label that takes one value of the type, which stays on the stack otherwise. */
  #branchKeeping(type: Type, depth: number): void {
    this.#expression(type, depth);
    const fitting = this.#named().filter(label => label.takes.length === 1 && label.takes[0] === type);
    if (fitting.length === 0) return;
    this.#branchIf(this.#pick(fitting), depth);
  }

  #branchIf(label: Label, depth: number): void {
    this.#expression('i32', Math.min(1, depth));
    if (label.loop) this.#emit(this.#worthGoingOn(), 'i32.and');
    this.#emit(`br_if ${label.name}`);
  }

  #conditionalBranch(depth: number): void {
    const labels = this.#named();
    if (labels.length === 0) {
      this.#emit('nop');
      return;
    }
    const label = this.#pick(labels);
    for (const type of label.takes) this.#expression(type, Math.min(1, depth));
    this.#branchIf(label, depth);
    for (let i = 0; i < label.takes.length; i++) this.#emit('drop');
  }

  #branchTable(depth: number): void {
    const labels = this.#named();
    if (labels.length === 0) {
      this.#emit('nop');
      return;
    }
    const first = this.#pick(labels);
    const fitting = labels.filter(label => same(label.takes, first.takes));
    const targets = Array.from({ length: 1 + this.#choose(3) }, () => this.#pick(fitting));
    this.#emit(this.#worthGoingOn(), 'if');
    this.#labels.push({ name: '', takes: [], loop: false });
    for (const type of first.takes) this.#expression(type, Math.min(1, depth));
    this.#expression('i32', Math.min(1, depth));
    this.#emit('i32.const 3', 'i32.and', `br_table ${targets.map(label => label.name).join(' ')}`, 'end');
    this.#labels.pop();
  }

  /** A block that leaves early and has unreachable code behind that. */
  #deadEnd(depth: number): void {
    const name = this.#open([], false);
    this.#emit(`block ${name}`);
    this.#statements(1, depth);
    const kind = this.#choose(3);
    if (kind === 1) {
      this.#expression('i32', Math.min(1, depth));
      this.#emit(`br_if ${name}`);
      for (const type of this.#functions[this.#current].results) this.#expression(type, 1);
      this.#emit('return');
    } else if (kind === 2) {
      this.#emit('i32.const 1', `br_if ${name}`, 'unreachable');
    } else {
      this.#emit(`br ${name}`);
    }
    this.#emit('block', 'i32.const 1', 'call $wait', 'drop', 'end', 'end');
    this.#labels.pop();
  }
}

function same(a: readonly Type[], b: readonly Type[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}

function declare(signature: { readonly params: readonly Type[]; readonly results: readonly Type[] }): string {
  const params = signature.params.length > 0 ? ` (param ${signature.params.join(' ')})` : '';
  const results = signature.results.length > 0 ? ` (result ${signature.results.join(' ')})` : '';
  return params + results;
}

function blockType(params: readonly Type[], results: readonly Type[]): string {
  return declare({ params, results });
}
