/*
 * Arithmetic: SHA-256, matrices, 64 bits, floating point, recursion with and without memory of its own.
 * Compiled twice: as it is, and for vectors of 128 bits, which the compiler makes of the loops, and live across waits.
 */
#include <stddef.h>
#include <stdint.h>

__attribute__((import_module("env"), import_name("wait"))) int32_t wait_i(int32_t n);
__attribute__((import_module("env"), import_name("wait_l"))) int64_t wait_l(int64_t n);
__attribute__((import_module("env"), import_name("wait_d"))) double wait_d(double n);

#define EXPORT(name) __attribute__((export_name(name)))

static uint32_t rotated(uint32_t value, int by) { return value >> by | value << (32 - by); }

static uint32_t constants[64];
static uint32_t state[8];

/* Fractions of the square and cube roots of the first primes, found bit by bit in 128 bits. */
static void make_constants(void) {
  uint32_t found = 0;
  for (uint32_t n = 2; found < 64; n++) {
    int prime = 1;
    for (uint32_t d = 2; d * d <= n; d++) prime &= n % d != 0;
    if (!prime) continue;
    uint64_t cube = 0, square = 0;
    for (uint64_t bit = 1ull << 36; bit > 0; bit >>= 1) {
      unsigned __int128 c = cube | bit;
      if (c * c * c <= (unsigned __int128)n << 96) cube |= bit;
      if (found < 8 && (unsigned __int128)(square | bit) * (square | bit) <= (unsigned __int128)n << 64) square |= bit;
    }
    if (found < 8) state[found] = (uint32_t)square;
    constants[found++] = (uint32_t)cube;
  }
}

static void digest_block(const uint8_t *block) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++) {
    w[i] = (uint32_t)block[i * 4] << 24 | (uint32_t)block[i * 4 + 1] << 16 | (uint32_t)block[i * 4 + 2] << 8 | block[i * 4 + 3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t a = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t b = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
    uint32_t s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
    /* All eight words and the whole schedule are alive here. */
    if (i % 48 == 47) wait_i(i);
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/* The first 64 bits of the SHA-256 of so many letters a. */
EXPORT("sha256") int64_t sha256(uint32_t length) {
  make_constants();
  for (uint32_t done = 0, ended = 0; ended < 2;) {
    uint8_t block[64];
    uint32_t filled = 0;
    for (; filled < 64 && done < length; done++) block[filled++] = 'a';
    if (filled < 64 && ended == 0) {
      block[filled++] = 0x80;
      ended = 1;
    }
    if (ended == 1 && filled <= 56) {
      while (filled < 56) block[filled++] = 0;
      for (int i = 7; i >= 0; i--) block[filled++] = (uint8_t)((uint64_t)length * 8 >> i * 8);
      ended = 2;
    }
    while (filled < 64) block[filled++] = 0;
    digest_block(block);
  }
  return (int64_t)((uint64_t)state[0] << 32 | state[1]);
}

enum { SIZE = 12 };

static void multiply(double (*restrict to)[SIZE], double (*restrict a)[SIZE], double (*restrict b)[SIZE]) {
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      double sum = 0;
      for (int k = 0; k < SIZE; k++) sum += a[i][k] * b[k][j];
      to[i][j] = sum;
    }
  }
}

/* Powers of a matrix, scaled back by what is waited for. */
EXPORT("matrix") double matrix(int32_t rounds, double seed) {
  double a[SIZE][SIZE], power[SIZE][SIZE], next[SIZE][SIZE];
  for (int i = 0; i < SIZE * SIZE; i++) {
    a[i / SIZE][i % SIZE] = power[i / SIZE][i % SIZE] = seed / (1 + i % 7) - i % 3;
  }
  for (int32_t r = 0; r < rounds; r++) {
    multiply(next, power, a);
    const double scale = 1 / (1 + wait_d(next[r % SIZE][0]));
    for (int i = 0; i < SIZE; i++) {
      for (int j = 0; j < SIZE; j++) power[i][j] = next[i][j] * scale;
    }
  }
  double trace = 0;
  for (int i = 0; i < SIZE; i++) trace += power[i][i];
  return trace;
}

/* Integer loops that can be vectors: what they hold stays alive while they wait. */
EXPORT("sums") int64_t sums(int32_t count) {
  static int32_t a[1024], b[1024];
  static uint8_t bytes[1024];
  int64_t total = 0;
  for (int32_t i = 0; i < 1024; i++) {
    a[i] = i * 2654435 ^ count;
    b[i] = 1024 - i;
    bytes[i] = (uint8_t)(i * 7);
  }
  for (int32_t round = 0; round < count; round++) {
    int32_t dot = 0, most = 0;
    uint32_t sum = 0;
    for (int32_t i = 0; i < 1024; i++) dot += a[i] * b[i];
    for (int32_t i = 0; i < 1024; i++) most = a[i] > most ? a[i] : most;
    for (int32_t i = 0; i < 1024; i++) sum += bytes[i];
    for (int32_t i = 0; i < 1024; i++) a[i] += b[i] ^ most;
    total = total * 3 + dot + most + (int64_t)sum + wait_l(total);
  }
  return total;
}

typedef float lanes __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));

/* Vectors written as such: as variables across a wait, in calls and in an array. */
static lanes step(lanes x, int32_t n) {
  const lanes y = x * 0.5f + (lanes){1, 2, 3, 4};
  const words z = (words){n, n + 1, n + 2, n + 3} * 3;
  if (n % 3 == 0) wait_i(z[n & 3]);
  return n == 0 ? y : step(y, n - 1) - __builtin_convertvector(z, lanes) / 64.0f;
}

EXPORT("lanes") double lanes_sum(int32_t depth, float start) {
  lanes kept[4];
  for (int32_t i = 0; i < 4; i++) kept[i] = step((lanes){start, start, (float)i, 1}, depth + i);
  double sum = 0;
  for (int32_t i = 0; i < 16; i++) sum = sum * 1.25 + kept[i / 4][i % 4];
  return sum;
}

static int32_t ackermann(int32_t m, int32_t n) {
  if (m == 0) return n + (wait_i(n) & 0) + 1;
  return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

EXPORT("ackermann") int32_t ackermann_of(int32_t m, int32_t n) { return ackermann(m, n); }

static int32_t queens(int32_t size, int32_t row, uint32_t columns, uint32_t left, uint32_t right) {
  if (row == size) return 1 + (wait_i((int32_t)(left ^ right)) & 0);
  int32_t found = 0;
  for (uint32_t free = ~(columns | left | right) & ((1u << size) - 1); free != 0; free &= free - 1) {
    const uint32_t place = free & -free;
    found += queens(size, row + 1, columns | place, (left | place) << 1, (right | place) >> 1);
  }
  return found;
}

EXPORT("queens") int32_t queens_of(int32_t size) { return queens(size, 0, 0, 0, 0); }

/* A structure that is returned, with an array on the stack whose length only the caller knows. */
typedef struct moments {
  double mean, variance;
  int64_t most;
} moments;

static moments moments_of(int32_t count, int64_t seed) {
  int64_t values[count];
  moments m = {0, 0, INT64_MIN};
  for (int32_t i = 0; i < count; i++) {
    seed = (int64_t)((uint64_t)seed * 6364136223846793005u + 1442695040888963407u);
    values[i] = i % 8 == 5 ? wait_l(seed) : seed >> 3;
    m.mean += (double)values[i] / count;
    if (values[i] > m.most) m.most = values[i];
  }
  for (int32_t i = 0; i < count; i++) m.variance += ((double)values[i] - m.mean) * ((double)values[i] - m.mean) / count;
  return m;
}

EXPORT("moments") double moments_sum(int32_t rounds, int64_t seed) {
  double sum = 0;
  for (int32_t r = 1; r <= rounds; r++) {
    const moments m = moments_of(r * 5, seed + r);
    sum = sum / 2 + m.mean + __builtin_sqrt(m.variance) + (double)(m.most % 977) + (double)(float)m.mean;
  }
  return sum;
}
