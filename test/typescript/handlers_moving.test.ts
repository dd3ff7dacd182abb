/** The tests of handlers once more, with processes that move between all their steps. */
import { moveEverything } from './move_everything.ts';

await moveEverything('handlers', 30, () => import('./handlers.test.ts'));
