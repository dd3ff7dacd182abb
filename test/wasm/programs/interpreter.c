/*
 * A small language: read by recursive descent, compiled to bytecode, run by an interpreter with one big switch, whose
 * operations wait. Compiled without optimization: every variable is in memory, every step a call.
 */
#include <stddef.h>
#include <stdint.h>

__attribute__((import_module("env"), import_name("wait"))) int32_t wait_i(int32_t n);
__attribute__((import_module("env"), import_name("wait_l"))) int64_t wait_l(int64_t n);
__attribute__((import_module("env"), import_name("note"))) int32_t note(int32_t n);

#define EXPORT(name) __attribute__((export_name(name)))

enum op {
  OP_END, OP_NUMBER, OP_LOAD, OP_STORE, OP_ADD, OP_SUBTRACT, OP_MULTIPLY, OP_DIVIDE, OP_REMAINDER, OP_NEGATE, OP_LESS,
  OP_EQUAL, OP_AND, OP_OR, OP_XOR, OP_SHIFT_LEFT, OP_SHIFT_RIGHT, OP_ROTATE, OP_JUMP, OP_JUMP_IF_ZERO, OP_WAIT, OP_WAIT_LONG,
  OP_NOTE, OP_COUNT_BITS, OP_DROP,
};

enum { CODE = 512, STACK = 64, NAMES = 26 };

typedef struct parser {
  const char *at;
  int64_t code[CODE];
  uint32_t length;
  int32_t depth;
} parser;

static void emit(parser *p, int64_t word) {
  if (p->length == CODE) __builtin_trap();
  p->code[p->length++] = word;
}

static char peek(parser *p) {
  while (*p->at == ' ') p->at++;
  return *p->at;
}

static int take(parser *p, char wanted) {
  if (peek(p) != wanted) return 0;
  p->at++;
  return 1;
}

static void expect(parser *p, char wanted) {
  if (!take(p, wanted)) __builtin_trap();
}

static void expression(parser *p);

/* A number, a name, ( ... ), -x, or a call: ?x waits, @x waits for 64 bits, !x is noted, #x counts bits. */
static void primary(parser *p) {
  char c = peek(p);
  p->depth++;
  if (c >= '0' && c <= '9') {
    int64_t value = 0;
    while (*p->at >= '0' && *p->at <= '9') value = value * 10 + (*p->at++ - '0');
    emit(p, OP_NUMBER);
    emit(p, value);
  } else if (c >= 'a' && c <= 'z') {
    p->at++;
    emit(p, OP_LOAD);
    emit(p, c - 'a');
  } else {
    p->at++;
    switch (c) {
      case '(':
        /* The reader itself waits, as deep as the parentheses are. */
        if (wait_i(p->depth) < 0) __builtin_trap();
        expression(p);
        expect(p, ')');
        break;
      case '-': primary(p); emit(p, OP_NEGATE); break;
      case '?': primary(p); emit(p, OP_WAIT); break;
      case '@': primary(p); emit(p, OP_WAIT_LONG); break;
      case '!': primary(p); emit(p, OP_NOTE); break;
      case '#': primary(p); emit(p, OP_COUNT_BITS); break;
      default: __builtin_trap();
    }
  }
  p->depth--;
}

static const struct operator {
  char sign;
  uint8_t level;
  uint8_t op;
} OPERATORS[] = {
  {'|', 0, OP_OR},        {'^', 0, OP_XOR},         {'&', 1, OP_AND},    {'=', 2, OP_EQUAL},    {'<', 2, OP_LESS},
  {'{', 3, OP_SHIFT_LEFT}, {'}', 3, OP_SHIFT_RIGHT}, {'~', 3, OP_ROTATE}, {'+', 4, OP_ADD},      {'-', 4, OP_SUBTRACT},
  {'*', 5, OP_MULTIPLY},  {'/', 5, OP_DIVIDE},      {'%', 5, OP_REMAINDER},
};

static void binary(parser *p, uint8_t level) {
  if (level == 6) {
    primary(p);
    return;
  }
  binary(p, level + 1);
  for (;;) {
    const struct operator *found = NULL;
    const char sign = peek(p);
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++) {
      if (OPERATORS[i].level == level && OPERATORS[i].sign == sign) found = &OPERATORS[i];
    }
    if (found == NULL) return;
    p->at++;
    binary(p, level + 1);
    emit(p, found->op);
  }
}

static void expression(parser *p) { binary(p, 0); }

/* `x: e` stores, `[e statements]` repeats while e is not 0, anything else is computed and dropped. */
static void statements(parser *p) {
  for (;;) {
    char c = peek(p);
    if (c == 0 || c == ']') return;
    if (take(p, ';')) continue;
    if (take(p, '[')) {
      uint32_t again = p->length;
      expression(p);
      emit(p, OP_JUMP_IF_ZERO);
      uint32_t out = p->length;
      emit(p, 0);
      statements(p);
      expect(p, ']');
      emit(p, OP_JUMP);
      emit(p, again);
      p->code[out] = p->length;
    } else if (c >= 'a' && c <= 'z' && p->at[1] == ':') {
      p->at += 2;
      expression(p);
      emit(p, OP_STORE);
      emit(p, c - 'a');
    } else {
      expression(p);
      emit(p, OP_DROP);
    }
  }
}

static int64_t run(const int64_t *code, int64_t *names) {
  int64_t stack[STACK];
  int64_t *top = stack;
  for (uint32_t at = 0;;) {
    switch (code[at++]) {
      case OP_END: return names['r' - 'a'];
      case OP_NUMBER: *top++ = code[at++]; break;
      case OP_LOAD: *top++ = names[code[at++]]; break;
      case OP_STORE: names[code[at++]] = *--top; break;
      case OP_ADD: top--; top[-1] = (int64_t)((uint64_t)top[-1] + (uint64_t)*top); break;
      case OP_SUBTRACT: top--; top[-1] = (int64_t)((uint64_t)top[-1] - (uint64_t)*top); break;
      case OP_MULTIPLY: top--; top[-1] = (int64_t)((uint64_t)top[-1] * (uint64_t)*top); break;
      case OP_DIVIDE: top--; top[-1] /= *top; break;
      case OP_REMAINDER: top--; top[-1] %= *top; break;
      case OP_NEGATE: top[-1] = (int64_t)(0 - (uint64_t)top[-1]); break;
      case OP_LESS: top--; top[-1] = top[-1] < *top; break;
      case OP_EQUAL: top--; top[-1] = top[-1] == *top; break;
      case OP_AND: top--; top[-1] &= *top; break;
      case OP_OR: top--; top[-1] |= *top; break;
      case OP_XOR: top--; top[-1] ^= *top; break;
      case OP_SHIFT_LEFT: top--; top[-1] = (int64_t)((uint64_t)top[-1] << (*top & 63)); break;
      case OP_SHIFT_RIGHT: top--; top[-1] = (int64_t)((uint64_t)top[-1] >> (*top & 63)); break;
      case OP_ROTATE: {
        top--;
        uint64_t value = (uint64_t)top[-1];
        uint32_t by = *top & 63;
        top[-1] = (int64_t)(value << by | value >> (-by & 63));
        break;
      }
      case OP_JUMP: at = (uint32_t)code[at]; break;
      case OP_JUMP_IF_ZERO: at = *--top == 0 ? (uint32_t)code[at] : at + 1; break;
      case OP_WAIT: top[-1] = wait_i((int32_t)top[-1]); break;
      case OP_WAIT_LONG: top[-1] = wait_l(top[-1]); break;
      case OP_NOTE: top[-1] = note((int32_t)top[-1]); break;
      case OP_COUNT_BITS: top[-1] = __builtin_popcountll((uint64_t)top[-1]); break;
      case OP_DROP: top--; break;
      default: __builtin_trap();
    }
  }
}

/* `n` is the argument, `r` the result. The last one divides by what is 0 in the end, the one before is not of the language. */
static const char *const PROGRAMS[] = {
  "r: 0; [n r: r * 31 + ?(n); n: n - 1]",
  "a: 0; b: 1; [0 < n c: a + b; a: b; b: c ^ ?n; n: n - 1]; r: a * 1000003 + (b & (255 | (n { 3)))",
  "h: 14695981039346656037; [n h: (h ^ @(n * 3)) * 1099511628211 ~ 7; !(h % 1000); n: n - 1]; r: h + #h",
  "p: 2; [p < n * 4 d: 2; q: 1; [d * d < p + 1 q: q & -((p % d = 0) - 1); d: d + 1]; r: r + q * p; !(?p & 7 * q); p: p + 1]",
  "r: n +",
  "[1 n: n - 1; r: ?(n) / n]",
};

/* Read and run a program of the list. */
EXPORT("interpret") int64_t interpret(int32_t which, int64_t n) {
  parser p = {PROGRAMS[which], {0}, 0, 0};
  statements(&p);
  emit(&p, OP_END);
  int64_t names[NAMES] = {0};
  names['n' - 'a'] = n;
  return run(p.code, names);
}
