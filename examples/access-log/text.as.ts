/**
 * UTF-8 bytes of a log as text. What is not UTF-8 becomes U+FFFD, by the rules of the WHATWG Encoding Standard, so that
 * every language reads the same text from the same bytes.
 */
export function textOf(at: usize, length: u32): string {
  const end = at + length;
  // A byte gives at most one UTF-16 unit; four bytes give two.
  const units = new StaticArray<u16>(length);
  let count = 0;
  while (at < end) {
    const head = load<u8>(at++);
    if (head < 0x80) {
      unchecked((units[count++] = head));
      continue;
    }
    let left = head >= 0xf0 && head <= 0xf4 ? 3 : head >= 0xe0 && head < 0xf0 ? 2 : head >= 0xc2 && head < 0xe0 ? 1 : 0;
    let point: u32 = left == 0 ? 0xfffd : u32(head) & (0x3f >> left);
    // Bounds of the second byte: no overlong form, no surrogate, nothing beyond U+10FFFF.
    let least: u8 = head == 0xe0 ? 0xa0 : head == 0xf0 ? 0x90 : 0x80;
    let most: u8 = head == 0xed ? 0x9f : head == 0xf4 ? 0x8f : 0xbf;
    while (left > 0) {
      const next = at < end ? load<u8>(at) : 0;
      if (next < least || next > most) {
        point = 0xfffd;
        break;
      }
      point = (point << 6) | (next & 0x3f);
      least = 0x80;
      most = 0xbf;
      at++;
      left--;
    }
    if (point > 0xffff) {
      unchecked((units[count++] = u16(0xd800 + ((point - 0x10000) >> 10))));
      point = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    unchecked((units[count++] = u16(point)));
  }
  return String.UTF16.decodeUnsafe(changetype<usize>(units), usize(count) << 1);
}
