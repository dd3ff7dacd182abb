/** How many columns of a terminal a text takes: most characters one, those of East Asia and emojis two, marks none. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it looks for
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

/** All that is not seen: controls, marks that are put on others, joiners. */
const UNSEEN = /^[\p{Control}\p{Mark}\p{Format}\p{Surrogate}]*$/u;

const characters = new Intl.Segmenter();

/** Escape sequences take no column. */
export function textWidth(text: string): number {
  const shown = text.includes('\u001b') ? text.replace(SEQUENCES, '') : text;
  if (/^[ -~]*$/.test(shown)) return shown.length;
  let width = 0;
  for (const { segment } of characters.segment(shown)) width += UNSEEN.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
  return width;
}
