/**
 * Five programs for the figures of the transform: recursion, steps through memory, long straight code in a loop, nested
 * loops over floats, a loop that hardly does anything. Compiled with CHECKED they count down and wait themselves: it is
 * how Binaryen's asyncify, which stops at imports only, gets a program that can be preempted.
 */
@external("env", "wait")
declare function wait(): i32;

let left: i32 = 0x7fffffff;

// @ts-ignore: a decorator
@inline
function check(): void {
  if (isDefined(CHECKED)) {
    if (--left < 0) left = wait();
  }
}

const SIZE = 1 << 20;
const BYTES = memory.data(SIZE);

export function fib(n: i32): i32 {
  check();
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** How many primes are below `limit`, at most 1,048,576. */
export function sieve(limit: i32): i32 {
  memory.fill(BYTES, 0, limit);
  let count = 0;
  for (let i = 2; i < limit; i++) {
    check();
    if (load<u8>(BYTES + i)) continue;
    count++;
    for (let j = i * 2; j < limit; j += i) {
      check();
      store<u8>(BYTES + j, 1);
    }
  }
  return count;
}

const ROUNDS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const STATE = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const SCHEDULE = memory.data(256);

function compress(block: usize): void {
  for (let i = 0; i < 16; i++) {
    check();
    store<u32>(SCHEDULE + (i << 2), bswap(load<u32>(block + (i << 2))));
  }
  for (let i = 16; i < 64; i++) {
    check();
    const at = SCHEDULE + (i << 2);
    const x = load<u32>(at - 60);
    const y = load<u32>(at - 8);
    const s0 = rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3);
    const s1 = rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10);
    store<u32>(at, load<u32>(at - 64) + s0 + load<u32>(at - 28) + s1);
  }
  let a = load<u32>(STATE);
  let b = load<u32>(STATE, 4);
  let c = load<u32>(STATE, 8);
  let d = load<u32>(STATE, 12);
  let e = load<u32>(STATE, 16);
  let f = load<u32>(STATE, 20);
  let g = load<u32>(STATE, 24);
  let h = load<u32>(STATE, 28);
  for (let i = 0; i < 64; i++) {
    check();
    const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + load<u32>(ROUNDS + (i << 2)) + load<u32>(SCHEDULE + (i << 2));
    const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  store<u32>(STATE, load<u32>(STATE) + a);
  store<u32>(STATE, load<u32>(STATE, 4) + b, 4);
  store<u32>(STATE, load<u32>(STATE, 8) + c, 8);
  store<u32>(STATE, load<u32>(STATE, 12) + d, 12);
  store<u32>(STATE, load<u32>(STATE, 16) + e, 16);
  store<u32>(STATE, load<u32>(STATE, 20) + f, 20);
  store<u32>(STATE, load<u32>(STATE, 24) + g, 24);
  store<u32>(STATE, load<u32>(STATE, 28) + h, 28);
}

/** SHA-256's compression of `count` blocks, going on from where the last call was. */
export function sha256(count: i32): i32 {
  for (let i = 0; i < count; i++) {
    check();
    compress(BYTES + ((i & 1023) << 6));
  }
  return load<i32>(STATE);
}

/** Two matrices of `n` by `n` numbers, at most 200. */
export function matmul(n: i32): f64 {
  const a = BYTES;
  const b = a + (n * n << 3);
  const c = b + (n * n << 3);
  for (let i = 0; i < n * n; i++) {
    check();
    store<f64>(a + (i << 3), i);
    store<f64>(b + (i << 3), n - i);
  }
  for (let i = 0; i < n; i++) {
    check();
    for (let j = 0; j < n; j++) {
      check();
      let sum: f64 = 0;
      for (let k = 0; k < n; k++) {
        check();
        sum += load<f64>(a + ((i * n + k) << 3)) * load<f64>(b + ((k * n + j) << 3));
      }
      store<f64>(c + ((i * n + j) << 3), sum);
    }
  }
  return load<f64>(c + ((n * n - 1) << 3));
}

/** The `count`-th number of a linear congruential generator. */
export function lcg(count: i32): i32 {
  let x: u32 = 1;
  for (let i = 0; i < count; i++) {
    check();
    x = x * 1664525 + 1013904223;
  }
  return x;
}

/** Waits `count` times and sums up the answers. */
export function waits(count: i32): i32 {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += wait();
  return sum;
}
