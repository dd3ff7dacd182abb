/** "Did you mean": the known word that is nearest to a mistyped one. */
import { distance } from 'fastest-levenshtein';

/**
 * The nearest of `known`, or undefined where none is near: at most a third of the letters (at least one, at most
 * three) may differ. Upper and lower case count as equal, and any order of the same letters counts as near. An id that lacks
 * nothing but its namespace is that id.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const allowed = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    if (candidate.endsWith(`:${word}`)) return candidate;
    // The difference in length is a lower bound of the distance, and much cheaper.
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const other = candidate.toLowerCase();
    // Letters in the wrong order (`hots`) are one slip, not two.
    const steps = sameLetters(wanted, other) ? 1 : distance(wanted, other);
    if (steps < bestDistance) {
      bestDistance = steps;
      best = candidate;
    }
  }
  return best;
}

function sameLetters(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join('') === [...b].sort().join('');
}

/** `; did you mean "x"?`, or what `otherwise` says where nothing is near. */
export function didYouMean(word: string, known: Iterable<string>, otherwise = ''): string {
  const near = nearest(word, known);
  return near === undefined ? otherwise : `; did you mean "${near}"?`;
}
