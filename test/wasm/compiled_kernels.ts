/** The kernels of `programs/`, C and Rust: the exports of each binary, with arguments for them. */

/** What their compilers use, for Binaryen's tools. */
export const FEATURES = [
  '--enable-simd',
  '--enable-bulk-memory',
  '--enable-sign-ext',
  '--enable-nontrapping-float-to-int',
];

type Value = number | bigint;

export interface Kernel {
  readonly name: string;
  readonly args: readonly Value[];
  /** Checks of a slice, at most: few enough that it is interrupted where it can be, unless it is small. */
  readonly fuel: number;
}

/** Calls of one export: by which arguments, and the fuel of a slice. */
function calls(name: string, fuel: number, ...lists: (readonly Value[])[]): Kernel[] {
  return lists.map(args => ({ name, args, fuel }));
}

const NUMBERS: readonly Kernel[] = [
  ...calls('sha256', 20, [0], [200]),
  ...calls('matrix', 40, [2, -0.75], [6, 1.5]),
  ...calls('sums', 100, [1], [4]),
  ...calls('lanes', 0, [7, 0.5], [20, -3]),
  ...calls('ackermann', 4, [1, 3], [2, 3]),
  ...calls('queens', 10, [1], [6]),
  ...calls('moments', 3, [2, -5n], [7, 77n]),
];

export const KERNELS = {
  library: [
    ...calls('words', 60, [5], [60]),
    ...calls('sorted', 10, [2], [25]),
    ...calls('text', 100, [1, -0.001], [9, 3.25]),
    ...calls('blocks', 500, [7], [40]),
  ],
  interpreter: [
    ...calls('interpret', 20, [0, 9n], [1, 20n], [2, 20n], [3, 9n]),
    // One that is no program, and one that divides by 0.
    ...calls('interpret', 20, [4, 9n], [5, 9n]),
  ],
  numbers: NUMBERS,
  numbers_simd: NUMBERS,
  collections: [
    ...calls('words', 60, [5], [60]),
    ...calls('tree', 30, [10], [90]),
    ...calls('shortest', 20, [2], [6]),
    ...calls('text', 100, [3, -7n], [9, 325n]),
  ],
  objects: [
    ...calls('shapes', 10, [1], [9]),
    ...calls('closures', 3, [2, -1n], [9, 5n]),
    // The last one is not there, which is a panic.
    ...calls('expression', 2, [0], [1], [2], [3], [4]),
    ...calls('family', 4, [2], [4]),
    ...calls('wide', 10, [20, 7n]),
    ...calls('panics', 1, [0], [1], [2], [3], [4]),
  ],
} as const;

export const PROGRAMS = Object.keys(KERNELS) as (keyof typeof KERNELS)[];

/** Of the binary, in the repository. */
export function pathOf(program: keyof typeof KERNELS): string {
  return `test/wasm/programs/${program}.wasm`;
}
