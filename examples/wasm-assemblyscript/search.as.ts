/** How many primes there are from one number to below another. A loop like this one is interrupted, so that others run. */
export function search(from: f64, to: f64): f64 {
  let found = 0;
  for (let candidate = max(<i32>from, 2); candidate < <i32>to; candidate++) {
    if (isPrime(candidate)) found++;
  }
  return found;
}

function isPrime(candidate: i32): bool {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor == 0) return false;
  }
  return true;
}
