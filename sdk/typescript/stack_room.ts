/**
 * Room on the stack for what the host does in a call of a contained program. Such a program can call when there is next to
 * none left, and would otherwise choose where in the middle of the kernel's work the stack ends.
 *
 * V8 looks whether there is room for the frame of a function before it begins. So a function with a very large frame that
 * does nothing finds out, for 6 ns once it is optimized.
 */

/**
 * Each takes 8 bytes of a frame, so 48 KB in all: the kernel's own frames take a tenth of it, but a function that V8 has
 * still to compile takes more. With many more variables V8 would not optimize the function.
 */
const VARIABLES = 6000;
/**
 * V8 optimizes so long a function after it has run for long, and this one is done at once: so its first calls turn round
 * in it for a while. Calls, and turns in each.
 */
const FIRST_CALLS = 4000;
const TURNS = 1000;

let frame: ((left: number) => void) | undefined;
let first = FIRST_CALLS;

/** From now on `needRoom` looks: there are contained programs on this thread. */
export function demandRoom(): void {
  if (frame !== undefined) return;
  const names = Array.from({ length: VARIABLES }, (_, i) => `v${i}`);
  // The number never falls below zero, but V8 cannot know it.
  const sets = names.map(name => `${name} = left`).join('; ');
  const text = `while (left > 0) left--; if (left < 0) { ${sets}; } var ${names.join(', ')};`;
  frame = new Function('left', text) as (left: number) => void;
}

/** Throws a RangeError where there is no room. */
export function needRoom(): void {
  if (frame === undefined) return;
  if (first === 0) frame(0);
  else {
    frame(TURNS);
    first--;
  }
}
