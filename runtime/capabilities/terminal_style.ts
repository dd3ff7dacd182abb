/** Styles of text by name, as escape sequences of what the output can show. */
import type { ColorDepth } from '../hosts/color_depth.ts';
import { didYouMean } from '../registry/suggest.ts';
import { invalid } from './arguments.ts';

/** Switched on by the first number, off by the second. */
const ATTRIBUTES: { readonly [name: string]: readonly [number, number] } = {
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  underline: [4, 24],
  inverse: [7, 27],
  hidden: [8, 28],
  strikethrough: [9, 29],
};

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const DEFAULT_COLOR = { text: 39, background: 49 } as const;

type Rgb = readonly [number, number, number];

/** The 16 colours as xterm shows them: people choose their own, so these are only good for finding the nearest. */
const BASIC: readonly Rgb[] = [
  ...[0, 1, 2, 3, 4, 5, 6].map((bits): Rgb => [bits & 1 ? 205 : 0, bits & 2 ? 205 : 0, bits & 4 ? 238 : 0]),
  [229, 229, 229],
  [127, 127, 127],
  ...[1, 2, 3, 4, 5, 6, 7].map((bits): Rgb => [bits & 1 ? 255 : 0, bits & 2 ? 255 : 0, bits & 4 ? 255 : 0]),
];

/** Colours 16 to 255: a cube of six steps each, and 24 greys. */
const EXTENDED: readonly Rgb[] = [
  ...Array.from({ length: 216 }, (_, i): Rgb => [Math.floor(i / 36), Math.floor(i / 6) % 6, i % 6].map(step) as never),
  ...Array.from({ length: 24 }, (_, i): Rgb => [8 + 10 * i, 8 + 10 * i, 8 + 10 * i]),
];

function step(index: number): number {
  return index === 0 ? 0 : 55 + 40 * index;
}

/**
 * `text` in all of these styles: attributes (`bold`), colours (`red`, `bright_red`, `gray`, `#ff8800`) and backgrounds
 * (`on_red`, `on_#ff8800`). The text itself where there are no colours; INVALID for a name that is none.
 */
export function styled(text: string, names: readonly string[], depth: ColorDepth, operation: string): string {
  let before = '';
  let after = '';
  for (const name of names) {
    const [on, off] = codesOf(name, depth, operation);
    before += `\u001b[${on}m`;
    after = `\u001b[${off}m${after}`;
  }
  return depth === 0 ? text : before + text + after;
}

function codesOf(name: string, depth: ColorDepth, operation: string): readonly [string | number, number] {
  if (Object.hasOwn(ATTRIBUTES, name)) return ATTRIBUTES[name];
  const background = name.startsWith('on_');
  const color = background ? name.slice(3) : name;
  const off = background ? DEFAULT_COLOR.background : DEFAULT_COLOR.text;
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (hex !== null) {
    const rgb = hex.slice(1).map(part => Number.parseInt(part, 16)) as unknown as Rgb;
    return [rgbCode(rgb, depth, background), off];
  }
  const index = basicColor(color);
  if (index >= 0) return [basicCode(index, background), off];
  const known = [...Object.keys(ATTRIBUTES), ...COLORS, 'gray', 'bright_red', 'on_red'];
  const hint = didYouMean(name, known, '; there are: bold, dim, red, bright_red, on_red, #ff8800, ...');
  throw invalid(operation, `there is no style "${name}"${hint}`);
}

function basicColor(name: string): number {
  if (name === 'gray' || name === 'grey') return 8;
  return name.startsWith('bright_') ? brightOf(COLORS.indexOf(name.slice(7))) : COLORS.indexOf(name);
}

function brightOf(index: number): number {
  return index < 0 ? index : index + 8;
}

function basicCode(index: number, background: boolean): number {
  return (index < 8 ? 30 + index : 82 + index) + (background ? 10 : 0);
}

function rgbCode(rgb: Rgb, depth: ColorDepth, background: boolean): string | number {
  if (depth <= 4) return basicCode(nearest(rgb, BASIC), background);
  const target = background ? 48 : 38;
  return depth === 8 ? `${target};5;${16 + nearest(rgb, EXTENDED)}` : `${target};2;${rgb.join(';')}`;
}

function nearest(rgb: Rgb, colors: readonly Rgb[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  colors.forEach((color, index) => {
    const distance = color.reduce((sum, part, i) => sum + (part - rgb[i]) ** 2, 0);
    if (distance < least) {
      best = index;
      least = distance;
    }
  });
  return best;
}
