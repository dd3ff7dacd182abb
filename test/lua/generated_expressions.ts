/** Generated Lua expressions: typed, so that most programs get somewhere; wrong types have statements of their own. */
import type { Chance } from './generated_chance.ts';
import type { Scope, Type } from './generated_scope.ts';

const INTEGERS = [
  ...['0', '1', '2', '3', '5', '7', '10', '31', '63', '64', '255', '-1', '-2', '-7', '1000', '0x7fffffff', '0xff00ff'],
  ...['math.maxinteger', 'math.mininteger', '(1 << 31)', '(1 << 53)', '-9007199254740993', '0xffffffffffffffff'],
];
const FLOATS = [
  ...['0.5', '1.0', '-1.5', '2.25', '3.75', '1e15', '1e100', '-0.0', '2^53', '1e-7', '0x1p-3', '123456.789', '0x.8p4'],
  ...['math.huge', '-math.huge', '(0/0)', '1e308', '5e-324', '-2.0^63', '2^31', '1e16', '9007199254740993.0'],
];
const TEXTS = [
  ...["''", "'a'", "'abc'", "'hello world'", "'a1b22c333'", "'The (quick) [brown] fox'", "'x=1, y=22, zz=333'", "'10'"],
  ...[
    "'0x1F'",
    "' 7.5 '",
    "'%d+'",
    "'a.b.c'",
    "'\\0mid\\0'",
    "'h\\u{e4}\\u{4e2d}\\u{1f600}'",
    "'\\xff\\xfe'",
    "'  trim  '",
  ],
  ...["'line\\nline\\r\\n'", '[[long\ntext]]', "'\\z\n   zapped'", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"],
];
const FORMATS = [
  ...[
    `'%d|%5d|%-5d|%05d', I, I, I, I`,
    `'%x %X %#x %o', I, I, I, I`,
    `'%5.2f %.3e %g', plain(F), plain(F), plain(F)`,
    `'%s|%10s|%-10s|%.3s', S, S, S, S`,
  ],
  ...[
    `'%q %q', S, I`,
    `'%c%c', I & 127, 65`,
    `'%i', I`,
    `'%%%s', S`,
    `'%+d % d', I, I`,
    `'%.14g', plain(F)`,
    `'%a', D / 4`,
  ],
];
const PATTERNS = [
  ...[
    "'%a+'",
    "'%d+'",
    "'(%w+)=(%w+)'",
    "'^%s*(.-)%s*$'",
    "'.'",
    "''",
    "'[%a_][%w_]*'",
    "'%b()'",
    "'%f[%w]%w+'",
    "'[^,]*'",
  ],
  ...[
    "'(a*(.)%w(%s*))'",
    "'()ll()'",
    "'%s'",
    "'[a-f%d]+'",
    "'x*'",
    "'(%d)(%d?)'",
    "'.-b'",
    "'%u%l*'",
    "'[%]%-]'",
    "'\\0'",
  ],
  ...["'(.)%1'", "'$'", "'a$'", "'^'", "'[^%z]'", "'%g+'", "'%p'", "'%x%x'", "'([^=]*)=?'"],
];

type Rule = readonly [weight: number, template: string];

/**
 * Templates: `I`, `F`, `S`, `B`, `L`, `R` and `C` stand for expressions of the types integer, float, text, boolean,
 * list, record and callable, `D` for a small digit, `P` for a pattern, `T` for a format with its values.
 */
const RULES: { readonly [type in Type]: readonly Rule[] } = {
  integer: [
    ...rules(4, '(I + I)', '(I - I)', '(I * I)', '(B and I or I)', '#S', '#L'),
    ...rules(
      2,
      '(I // (I | 1))',
      '(I % (I | 1))',
      '(I & I)',
      '(I | I)',
      '(I ~ I)',
      '(I << D)',
      '(I >> D)',
      '(I << I)',
      '(I >> I)',
    ),
    ...rules(
      2,
      '~I',
      '-I',
      '(L[D] or I)',
      '(L[I] or D)',
      '(R.a or I)',
      '(R["b"] or I)',
      '(C(I))',
      '(C(I, I))',
      '(C())',
    ),
    ...rules(1, '(math.tointeger(F) or I)', "select('#', I, nil, I)", '(select(D + 1, I, I, I, I, I, I, I, I, I, I))'),
    ...rules(
      1,
      'math.max(I, I)',
      'math.min(I, I, I)',
      'math.abs(I)',
      '(S:byte(D) or I)',
      '(utf8.len(S) or -1)',
      'rawlen(L)',
    ),
    ...rules(1, '(S:find(P) or 0)', '(S:find(S, 1, true) or 0)', '(tonumber(S, 16) or I)', '(select(2, S:gsub(P, S)))'),
    ...rules(1, "('<i4'):unpack(('<i4'):pack(I & 0x7fff))", '(math.fmod(I, D + 1))', 'I // (D + 1)', 'I % (D + 1)'),
    ...rules(
      1,
      "(math.tointeger(tonumber('12')) + I)",
      "('10' + D)",
      '(D | 1.0)',
      'string.len(S)',
      '(utf8.offset(S, D) or 0)',
    ),
    ...rules(
      1,
      '(I // I)',
      'math.floor(D + 0.5)',
      'math.ceil(D / 3)',
      '(function(...) local a, b = ... return b or a or I end)(I, I)',
    ),
  ],
  float: [
    ...rules(3, '(F + F)', '(F - I)', '(F * F)', '(I / I)', '(F / F)', '(I + F)', '(D ^ 2)', '(B and F or F)'),
    ...rules(
      1,
      '(F // I)',
      '(F % F)',
      '(F // F)',
      '-F',
      'math.sqrt(D)',
      'math.abs(F)',
      '(I + 0.0)',
      'math.fmod(F, D + 0.5)',
    ),
    ...rules(1, 'math.max(F, F)', "(tonumber(F .. '') + 0.0)", '(select(2, math.modf(D / 4)))', "('0x1p' .. D) + 0.0"),
    ...rules(1, "('<d'):unpack(('<d'):pack(F))", 'D * 0.1', '(math.modf(F))'),
  ],
  text: [
    ...rules(
      3,
      'cut(S .. S)',
      'cut(S .. I)',
      'cut(S .. S .. I .. S)',
      'cut(D .. S)',
      'show(F)',
      'tostring(I)',
      '(B and S or S)',
    ),
    ...rules(
      2,
      'S:sub(D, -D)',
      'S:sub(I % 20 - 9, I % 20)',
      'S:upper()',
      'S:lower()',
      'S:reverse()',
      'S:rep(D % 4)',
      "S:rep(D % 3, '-')",
    ),
    ...rules(
      2,
      'cut((S:gsub(P, S:gsub("%%", ""))))',
      "(S:gsub(P, '<%0>'))",
      '(S:match(P) or S) .. ""',
      'cut(string.format(T))',
    ),
    ...rules(
      1,
      'string.char(D + 65, D + 97, I & 255)',
      "table.concat(L, ',')",
      'type(B)',
      "(math.type(F) or 'none')",
      'tostring(B)',
    ),
    ...rules(
      1,
      '(S:gsub(P, string.upper))',
      'utf8.char(D + 65, I & 0xffff, 0x1f600)',
      "table.concat({S, I, S}, '+')",
      '_VERSION',
    ),
    ...rules(
      1,
      "(S:gsub('%w', {a = 'A', b = false, ['1'] = 1}))",
      '(S:gsub(P, function(...) return show(...) end, D))',
    ),
    ...rules(
      1,
      "('>I2s1z'):pack(D, cut(S, 9), 'z')",
      'cut(show(S:byte(1, D)))',
      'cut(show(S:find(P, D)))',
      'cut(show(S:match(P)))',
    ),
    ...rules(1, 'show(next({}))', 'show(math.ult(I, I), I == F, tostring(nil))', 'show(table.unpack(L, 1, D))'),
  ],
  boolean: [
    ...rules(3, '(I < I)', '(I <= F)', '(F > I)', '(S < S)', '(I == I)', '(S == S)', 'not B', '(B and B)', '(B or B)'),
    ...rules(
      1,
      '(I ~= F)',
      '(F >= F)',
      '(L == L)',
      "(type(I) == 'number')",
      'rawequal(S, S)',
      'math.ult(I, I)',
      '(F == F)',
    ),
    ...rules(
      1,
      '(S <= S)',
      '(next(R) ~= nil)',
      '(I == math.tointeger(F))',
      '((I < I) == (F < F))',
      '(S:find(P) ~= nil)',
    ),
  ],
  list: [
    ...rules(3, '{I, I, I}', '{}', '{I, D, I, D, D}', '{D, C(D)}', '{C(D), C(D)}'),
    ...rules(1, 'table.pack(I, D, C(D))', '{table.unpack(L, 1, D)}', 'table.move(L, 1, #L, 1, {})', '{S:byte(1, D)}'),
    ...rules(1, 'sorted(L)', 'sorted(L, function(a, b) return a > b end)', '{[1] = I, [2] = I}', '{#L, #S, n = D}'),
  ],
  record: [
    ...rules(2, '{a = I, b = I}', '{c = I}', '{a = D, ["b"] = C(D), c = I}'),
    ...rules(1, 'setmetatable({a = I}, {__index = R})'),
  ],
  callable: [
    ...rules(
      2,
      'function(x) return (x or 0) + D end',
      'function(...) return select("#", ...) end',
      'function(x, y) return y or x or I end',
    ),
    ...rules(
      1,
      'function(...) return I, ... end',
      'function() return D, D, D end',
      'math.abs(D) and function(...) return C(...) end',
    ),
  ],
};

function rules(weight: number, ...templates: string[]): Rule[] {
  return templates.map(template => [weight, template]);
}

const LETTERS: { readonly [letter: string]: Type } = {
  I: 'integer',
  F: 'float',
  S: 'text',
  B: 'boolean',
  L: 'list',
  R: 'record',
  C: 'callable',
};

/** Letters of templates that stand alone: `I` in `(I + 1)`, not in `FOLD`, in a text or in `%I`. */
const HOLE = /'[^']*'|"[^"]*"|(?<![\w%])[IFSBLRCDPT](?!\w)/g;

export class Expressions {
  readonly #chance: Chance;
  readonly #scope: Scope;

  constructor(chance: Chance, scope: Scope) {
    this.#chance = chance;
    this.#scope = scope;
  }

  /** An expression of this type that nests at most about `depth` others in each other. */
  of(type: Type, depth = 2): string {
    const chance = this.#chance;
    if (depth <= 0 || chance.once(4)) return this.#leaf(type);
    const total = RULES[type].reduce((sum, [weight]) => sum + weight, 0);
    let at = chance.integer(total);
    const [, template] = RULES[type].find(([weight]) => (at -= weight) < 0)!;
    return this.fill(template, depth - 1);
  }

  /** A template with expressions in its holes. */
  fill(template: string, depth = 1): string {
    return template.replace(HOLE, hole => {
      if (hole.length > 1) return hole;
      if (hole === 'D') return String(this.#chance.integer(9));
      if (hole === 'P') return this.#chance.pick(PATTERNS);
      if (hole === 'T') return this.fill(this.#chance.pick(FORMATS), depth);
      return operand(this.of(LETTERS[hole], depth), hole);
    });
  }

  #leaf(type: Type): string {
    const chance = this.#chance;
    const variable = this.#scope.find(type, chance);
    if (variable !== undefined && !chance.once(3)) return variable;
    switch (type) {
      case 'integer':
        return chance.once(2) ? String(chance.integer(10)) : chance.pick(INTEGERS);
      case 'float':
        return chance.pick(FLOATS);
      case 'text':
        return chance.pick(TEXTS);
      case 'boolean':
        return chance.pick(['true', 'false']);
      case 'list':
        return chance.pick(['{}', '{1, 2, 3}', '{5, 3, 9, 1}', '{10, 20, 30, 40, 50, 60, 70, 80, 90}']);
      case 'record':
        return chance.pick(['{}', '{a = 1}', '{a = 1, b = 2, c = 3}']);
      case 'callable':
        return chance.pick([
          'function(x) return x or 0 end',
          'function(...) return 1, ... end',
          'function() return 5, 6 end',
        ]);
    }
  }
}

/** As an operand of whatever stands around it: `{}[1]` and `'a':sub(1)` need parentheses, and so does `- -1`. */
function operand(text: string, hole: string): string {
  return hole === 'I' || hole === 'F'
    ? /^[\w.]+$/.test(text)
      ? text
      : `(${text})`
    : /^\w+$/.test(text)
      ? text
      : `(${text})`;
}
