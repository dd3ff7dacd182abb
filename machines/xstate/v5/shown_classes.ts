/** Classes of what actions and actors are given. */
import { closeClass, type ShownClass } from '../../../sdk/typescript/closed.ts';
import { RootActor, Scope } from './root_actor.ts';
import { Alarm, Delayed, System } from './system.ts';

export const shownByXState: readonly ShownClass[] = [Alarm, Delayed, RootActor, Scope, System];

for (const shown of shownByXState) closeClass(shown);
