/**
 * Room on the stack for what the host does in a call of a program. A program can call when there is next to none left, and
 * would otherwise choose where in the middle of the kernel's work the stack ends.
 */

import { compileFunction } from 'node:vm';

/**
 * Each takes 8 bytes of a frame, so 64 KB in all: the kernel's own frames take a tenth of it, but a function that V8 has
 * still to compile takes more. With many more variables V8 would not compile the function below.
 */
const VARIABLES = 8000;

/**
 * Throws a RangeError where there is no room. A function with so large a frame, and which does nothing: V8 looks whether
 * there is room for the frame before it begins. 8 ns once V8 has optimized it.
 */
export const needRoom: () => void = makeNeedRoom();

function makeNeedRoom(): () => void {
  const names = Array.from({ length: VARIABLES }, (_, i) => `v${i}`);
  // What the variables would be for never happens, but V8 cannot know it.
  const text = `if (used) { ${names.map(name => `${name} = used`).join('; ')}; } var ${names.join(', ')};`;
  return compileFunction(text, ['used']) as () => void;
}
