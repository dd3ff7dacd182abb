export function main(): void {
  let x: u32 = 1;
  for (;;) {
    x = x * 1664525 + 1013904223;
    store<u32>(0, x);
  }
}
