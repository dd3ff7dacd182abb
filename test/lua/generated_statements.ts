/** Generated Lua statements: control flow, functions and tables; what has a library of its own is in `generated_scenes`. */
import type { Chance } from './generated_chance.ts';
import { Expressions } from './generated_expressions.ts';
import type { Place, Scope, Type } from './generated_scope.ts';
import { sceneTemplates } from './generated_scenes.ts';

const TYPES: readonly Type[] = ['integer', 'integer', 'float', 'text', 'boolean', 'list', 'record', 'callable'];

/** Expressions that fail, whatever they are part of. */
const MISTAKES = [
  ...[
    'nowhere.field',
    'nowhere()',
    '({}) + I',
    '({}) .. S',
    '#I',
    '-{}',
    'I < S',
    '{} < {}',
    'L.field.deeper',
    'S + I',
    "('x').y.z",
  ],
  ...[
    'R.a.b.c',
    'S:nomethod()',
    '(1.5 | I)',
    "('1.5' & I)",
    '(2^63 | 0)',
    'I // 0',
    'I % 0',
    'setmetatable(I, {})',
    'ipairs()',
  ],
  ...[
    "('x'):rep(-1):bad()",
    "('x'):rep(1 << 40)",
    "string.format('%d', 1.5)",
    "string.format('%d', 'x')",
    "('(' ):find('(')",
  ],
  ...[
    "('a'):find('[a')",
    "('a'):find('%')",
    "('a'):gsub('a', '%2')",
    'table.concat({1, {}, 3})',
    'table.concat(L, I, 1, 99)',
  ],
  ...[
    'table.insert(L, 99, 1)',
    'table.insert({}, 1, 2, 3)',
    'select(0)',
    "tonumber('z', 99)",
    'tonumber(S, 1)',
    'math.floor({})',
  ],
  ...[
    'math.tointeger({}) + 1',
    'utf8.char(-1)',
    "utf8.codepoint('\\xff')",
    "utf8.len('abc', 9)",
    "('<i17'):pack(1)",
    'L[nil]',
  ],
  ...[
    "('<i1'):pack(300)",
    "('<i4'):unpack('abc')",
    'rawset(L, nil, 1)',
    'rawset(L, 0/0, 1)',
    'next(L, 99)',
    'assert(false)',
  ],
  ...[
    "assert(nil, 'asserted')",
    'assert(false, {})',
    "error('with level', 2)",
    "error('text')",
    "error('bare', 0)",
    'error()',
  ],
  ...[
    'error(I)',
    'error({code = I})',
    'error(setmetatable({}, {__tostring = function() return S end}))',
    'string.char(256)',
  ],
  ...[
    'table.unpack({}, 1, 1e7)',
    'table.unpack({}, 1, 1e8)',
    "load('x =')()",
    'math.abs()',
    'coroutine.resume(I)',
    'coroutine.wrap(I)',
  ],
  ...[
    "getmetatable('').__index.nothing()",
    'setmetatable(setmetatable({}, {__metatable = 1}), {})',
    '("x")()',
    'L()',
    'R:a()',
  ],
];

export class Statements {
  readonly #chance: Chance;
  readonly #scope: Scope;
  readonly #expressions: Expressions;
  /** Statements that may still be made. */
  #left: number;

  constructor(chance: Chance, scope: Scope, most: number) {
    this.#chance = chance;
    this.#scope = scope;
    this.#expressions = new Expressions(chance, scope);
    this.#left = most;
  }

  /** Statements in a scope of their own. */
  block(change: Partial<Place> = {}, most = 3): string {
    return this.#scope.nested(change, () => this.#chance.several(1, most, () => this.statement()).join('\n'));
  }

  /** The same as the body of a function, which ends with a return. */
  body(change: Partial<Place> = {}): string {
    return this.#scope.nested({ loops: 0, hasVarargs: false, ...change }, () => {
      const statements = this.#chance.several(0, 3, () => this.statement());
      return [...statements, this.#return()].join('\n');
    });
  }

  statement(): string {
    const chance = this.#chance;
    if (this.#left-- <= 0) return this.#say();
    switch (chance.integer(22)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#local();
      case 4:
      case 5:
        return this.#assign();
      case 6:
      case 7:
      case 8:
        return this.#say();
      case 9:
        return this.#branch();
      case 10:
        return this.#scope.place.loops < 2 ? this.#conditionLoop() : this.#assign();
      case 11:
      case 12:
        return this.#scope.place.loops < 2 ? this.#countingLoop() : this.#say();
      case 13:
        return this.#jump();
      case 14:
      case 15:
        return this.#function();
      case 16:
        return this.#protect();
      case 17:
        return this.#tables();
      default:
        return this.#scene();
    }
  }

  #of(type: Type, depth?: number): string {
    return this.#expressions.of(type, depth);
  }

  #local(): string {
    const chance = this.#chance;
    const type = chance.pick(TYPES);
    const value = this.#of(type);
    const name = this.#scope.fresh();
    const constant = chance.once(6);
    this.#scope.declare(type, name, !constant);
    return `local ${name}${constant ? ' <const>' : ''} = ${value}`;
  }

  #assign(): string {
    const chance = this.#chance;
    const scope = this.#scope;
    const type = chance.pick<Type>(['integer', 'integer', 'float', 'text', 'boolean']);
    const first = scope.find(type, chance, true);
    if (first === undefined) return this.#local();
    const second = scope.find(type, chance, true)!;
    if (chance.once(3) && second !== first) return `${first}, ${second} = ${second}, ${this.#of(type)}`;
    return `${first} = ${this.#of(type)}`;
  }

  #say(): string {
    const chance = this.#chance;
    const { inCoroutine, hasVarargs } = this.#scope.place;
    if (inCoroutine && chance.once(3)) return this.#expressions.fill('say(coroutine.yield(I, S))');
    if (hasVarargs && chance.once(3))
      return chance.pick(['say(...)', "say(select('#', ...))", 'say((...))', 'say({...})', 'say(select(-1, 0, ...))']);
    return `say(${chance.several(1, 3, () => this.#of(chance.pick(TYPES))).join(', ')})`;
  }

  #return(): string {
    const chance = this.#chance;
    if (this.#scope.place.hasVarargs && chance.once(4)) return this.#expressions.fill('return I, ...');
    return this.#expressions.fill(
      chance.pick(['return I', 'return I, S', 'return C(I)', 'return I, C(D)', 'return (C(I))', 'return B and I or D']),
    );
  }

  #branch(): string {
    const chance = this.#chance;
    const more = chance.once(3) ? `elseif ${this.#of('boolean')} then\n${this.block()}\n` : '';
    const other = chance.once(2) ? `else\n${this.block()}\n` : '';
    return `if ${this.#of('boolean')} then\n${this.block()}\n${more}${other}end`;
  }

  /** The body of a loop: it may go on early, or end early. */
  #turn(): string {
    const chance = this.#chance;
    const { loops } = this.#scope.place;
    const label = this.#scope.fresh('next');
    const early = this.#of('boolean');
    const body = this.block({ loops: loops + 1 });
    // Locals of the block must not reach the label: so it has a block of its own.
    const leave = chance.once(3) ? `if ${early} then ${chance.pick(['break', `goto ${label}`])} end` : '';
    return `tick()\n${leave}\ndo\n${body}\n${chance.once(6) ? `if ${early} then goto ${label} end` : ''}\nend\n::${label}::`;
  }

  #conditionLoop(): string {
    const chance = this.#chance;
    const count = this.#scope.fresh('n');
    const start = `local ${count} = ${chance.between(1, 4)}`;
    if (chance.once(2)) return `${start}\nwhile ${count} > 0 do\n${count} = ${count} - 1\n${this.#turn()}\nend`;
    return `${start}\nrepeat\n${count} = ${count} - 1\ndo\n${this.block({ loops: this.#scope.place.loops + 1 })}\nend\ntick()\nuntil ${count} <= 0 or ${this.#of('boolean')}`;
  }

  #countingLoop(): string {
    const chance = this.#chance;
    const name = this.#scope.fresh('i');
    const [head, type] = chance.pick<readonly [string, Type]>([
      [`${name} = 1, D % 5`, 'integer'],
      [`${name} = D, 1, -2`, 'integer'],
      [`${name} = math.maxinteger - 2, math.maxinteger`, 'integer'],
      [`${name} = math.mininteger, math.mininteger + 3, 2`, 'integer'],
      [`${name} = 1, 2, 0.25`, 'float'],
      [`${name} = 1.0, 3`, 'float'],
      [`${name} = 3, 1.5, -1`, 'integer'],
    ]);
    const generic: readonly string[] = [
      `_, ${name} in ipairs(L)`,
      `_, ${name} in keys(R)`,
      `${name} in count(D % 4)`,
      `${name} in count(D % 4), nil, nil, closing(${chance.integer(100)})`,
      `_, ${name} in pairs(setmetatable({}, {__pairs = function() return ipairs(L) end}))`,
      `${name} in coroutine.wrap(function() for i = 1, D % 4 do coroutine.yield(i * I) end end)`,
      `${name} in function(_, last) last = (last or 0) + 1 if last < 4 then return last end end`,
    ];
    const isGeneric = chance.once(2);
    const line = this.#expressions.fill(isGeneric ? chance.pick(generic) : head);
    return this.#scope.nested({}, () => {
      this.#scope.declare(isGeneric ? 'integer' : type, name, false);
      return `for ${line} do\n${this.#turn()}\nend`;
    });
  }

  #jump(): string {
    const scope = this.#scope;
    const name = scope.fresh('at');
    if (this.#chance.once(2) && scope.place.loops < 2) {
      const count = scope.fresh('n');
      const block = this.block({ loops: scope.place.loops + 1 });
      return `do\nlocal ${count} = 0\n::${name}::\n${count} = ${count} + 1\ntick()\ndo\n${block}\nend\nif ${count} < 3 then goto ${name} end\nend`;
    }
    return `do\nif ${this.#of('boolean')} then goto ${name} end\ndo\n${this.block()}\nend\n::${name}::\nend`;
  }

  #function(): string {
    const chance = this.#chance;
    const scope = this.#scope;
    const name = scope.fresh('f');
    const [first, second] = [scope.fresh('a'), scope.fresh('a')];
    const hasVarargs = chance.once(2);
    const recursive = chance.once(3);
    const text = scope.nested({ loops: 0, hasVarargs }, () => {
      scope.declare('integer', first);
      scope.declare('integer', second);
      const head = `local function ${name}(${first}, ${second}${hasVarargs ? ', ...' : ''})\ntick()\n${first}, ${second} = ${first} or 1, ${second} or 2`;
      const again = `if ${second} > 0 and ${second} < 6 then return ${chance.pick(['', '1 + ', '2, '])}${name}(${first} + ${second}, ${second} - 1) end`;
      return `${head}\n${recursive ? again : ''}\n${this.body({ hasVarargs })}\nend`;
    });
    scope.declare('callable', name, false);
    return `${text}\nsay(${name}(${this.#of('integer')}, ${this.#of('integer')}))`;
  }

  #protect(): string {
    const chance = this.#chance;
    const mistake = chance.once(2) ? this.#expressions.fill(`say(${chance.pick(MISTAKES)})`) : '';
    const hasVarargs = chance.once(3);
    const fn = `function(${hasVarargs ? '...' : ''})\n${this.block({ loops: this.#scope.place.loops + 1, hasVarargs })}\n${mistake}\n${this.body({ hasVarargs })}\nend`;
    const args = hasVarargs ? this.#expressions.fill(', I, nil') : '';
    switch (chance.integer(4)) {
      case 0:
        return `say(xpcall(${fn}, function(m)\n${this.block({ loops: 2, inCoroutine: false, hasVarargs: false }, 2)}\nreturn 'handled ' .. show(m)\nend${args}))`;
      case 1:
        return `say(xpcall(${fn}, ${chance.pick(['show', 'type', 'error', 'function(m) return m.x end'])}${args}))`;
      default:
        return `say(pcall(${fn}${args}))`;
    }
  }

  #tables(): string {
    const chance = this.#chance;
    const list = this.#scope.find('list', chance);
    if (list === undefined) return `${this.#named('list')}`;
    const record = this.#scope.find('record', chance) ?? `({a = 1})`;
    const template = chance.pick([
      `if #${list} < 30 then table.insert(${list}, I) end`,
      `if #${list} < 30 then table.insert(${list}, 1, I) end`,
      `say(table.remove(${list}))`,
      `say(table.remove(${list}, 1))`,
      `${list}[#${list} + 1] = I`,
      `${list}[D] = I`,
      `say(#${list} > 0, ${list})`,
      `table.sort(${list}, function(a, b) return a > b end) say(${list})`,
      `say(pcall(table.sort, ${list}, function(a, b) tick() return B end))`,
      `say(table.unpack(${list}))`,
      `say(table.move(${list}, 1, D, D + 1, {}))`,
      `say(table.concat(${list}, S))`,
      `for k, v in pairs(${list}) do if v == I then ${list}[k] = nil end end`,
      `for i = #${list}, 1, -1 do if ${list}[i] % 2 == 0 then table.remove(${list}, i) end end`,
      `${record}.b, ${record}.c = I, nil`,
      `${record}.x = (${record}.x or 0) + I say(${record})`,
      `say(rawget(${record}, 'a'), rawlen(${list}), rawequal(${list}, ${list}))`,
    ]);
    return this.#expressions.fill(template).replace(/^\(/, ';(');
  }

  #named(type: Type): string {
    const value = this.#of(type);
    const name = this.#scope.fresh();
    this.#scope.declare(type, name);
    return `local ${name} = ${value}`;
  }

  /** Templates, with `{{block}}`, `{{body}}` and the like for generated parts; see `generated_scenes`. */
  #scene(): string {
    const { loops } = this.#scope.place;
    const template = this.#chance.pick(sceneTemplates);
    const text = template.replace(/\{\{(\w+)\}\}/g, (_, part: string) => {
      switch (part) {
        case 'block':
          return this.block({ loops: loops + 1, hasVarargs: false }, 2);
        case 'path':
          return this.body({ inCoroutine: true, hasVarargs: true, loops: 1 });
        case 'body':
          return this.body({ inCoroutine: false, loops: 2 });
        case 'open':
          return this.body({ loops: 2 });
        default:
          throw new Error(`unknown part ${part} of a scene`);
      }
    });
    return `do\n${this.#fillOutside(text)}\nend`;
  }

  /** Scenes mark their own holes with `$`, so that nothing of what was generated into them is taken for one. */
  #fillOutside(text: string): string {
    return text.replace(/\$([IFSBLRCDPT])/g, (_, hole: string) => this.#expressions.fill(`${hole}`));
  }
}
