/**
 * Sizes in bytes as text: `16MiB`, `64KB`, `1.5GiB`, `10000`.
 *
 *     parseSize('16MiB')   // 16_777_216
 *     formatSize(65_536)   // '64KiB'
 */

const BYTES_PER_UNIT: { readonly [unit: string]: number } = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  ki: 1024,
  kib: 1024,
  mi: 1024 ** 2,
  mib: 1024 ** 2,
  gi: 1024 ** 3,
  gib: 1024 ** 3,
  ti: 1024 ** 4,
  tib: 1024 ** 4,
};

/**
 * Bytes as a whole number, or undefined where the text is not a size. Units of 1000 (`KB`, `MB`, `GB`, `TB`) and of
 * 1024 (`KiB`, `MiB`, `GiB`, `TiB`), upper or lower case, the `B` may be left out; a bare number is bytes. A fraction
 * is allowed where it comes to whole bytes (`1.5KiB`).
 */
export function parseSize(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
  if (parts === null) return undefined;
  const unit = parts[2].toLowerCase();
  if (!Object.hasOwn(BYTES_PER_UNIT, unit)) return undefined;
  const bytes = Number(parts[1]) * BYTES_PER_UNIT[unit];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** At most one decimal, in units of 1024: `512B`, `64KiB`, `1.5GiB`. Bytes in; exact only where no decimal was cut. */
export function formatSize(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(1).replace(/\.0$/, '');
  return `${bytes < 0 ? '-' : ''}${shown}${units[unit]}`;
}
