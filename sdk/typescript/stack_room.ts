/**
 * Room on the stack for what the host does in a call of a program. A program can call when there is next to none left, and
 * would otherwise choose where in the middle of the kernel's work the stack ends.
 */

/** Each takes 8 bytes of a frame, so 16 KiB in all; with many more V8 would not compile the function. */
const VARIABLES = 2000;

/** Frames that a call needs which leads deep into the kernel, where V8 may have to compile what runs there for the first time. */
const DEEP = 3;

const probe = makeProbe();

/**
 * Throws a RangeError where there is no room. A function whose frame is that large, and which does nothing: V8 looks whether
 * there is room for the frame before it begins. Compiled it costs 5 ns.
 */
export function needRoom(): void {
  probe(probe, 0);
}

/** The same for a spawn and what is like it: 48 KiB. */
export function needMuchRoom(): void {
  probe(probe, DEEP - 1);
}

type Probe = (self: Probe, deeper: number) => void;

function makeProbe(): Probe {
  const names = Array.from({ length: VARIABLES }, (_, i) => `v${i}`);
  const sets = names.map(name => `${name} = used`);
  // What the variables would be for never happens, but V8 cannot know it.
  const text = `var ${names.join(', ')};
    if (deeper > 0) self(self, deeper - 1);
    if (used === undefined) return;
    ${sets.join('; ')}; return [${names.join(', ')}];`;
  return new Function('self', 'deeper', 'used', text) as Probe;
}
