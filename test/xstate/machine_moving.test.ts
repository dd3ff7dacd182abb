/** The tests of machines once more, with processes that move between all their steps, as far as they can. */
import { moveEverything } from '../typescript/move_everything.ts';

await moveEverything('machines', 10, () => import('./machine.test.ts'));
