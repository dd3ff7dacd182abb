import { defineProcess, EventKind, TroupeError } from 'troupe/sdk';

/** Says so where it has a name for a start that is to fail, and fails; the name is gone then. */
const MOST_FAILING = 8;

/**
 * A child that ends as it is told to. `scene` begins what it logs; of a dynamic child `extra` is its own part of the key.
 * Each record says when, in nanoseconds of a clock that all threads share.
 */
export default defineProcess<[string, string, string, string?]>(function* (self, scene, template, manner, extra) {
  const key = extra === undefined ? template : `${template}/${extra}`;
  const say = (what: string): void => {
    self.logger.info(`${scene} ${what} ${key}`, { at: String(process.hrtime.bigint()) });
  };
  for (let i = 1; i <= MOST_FAILING; i++) {
    if (!self.registry.unregister(`${scene}.fails.${key}.${i}`)) continue;
    say('refuses');
    throw new TroupeError('refused');
  }
  say('starts');
  for (;;) {
    let asked = false;
    let how: unknown;
    if (manner === 'deaf') how = (yield* self.receive()).payload;
    else {
      const got = yield* self.select({ event: self.events(), mail: self.inbox() });
      if (got.key === 'mail') how = got.value?.payload;
      else asked = got.value?.kind === EventKind.CANCEL;
    }
    if (asked && manner === 'ignores') say('ignores');
    if (asked && manner === 'listens') {
      say('stops');
      return;
    }
    if (how === 'normal') {
      say('returns');
      return;
    }
    if (how === 'error') {
      say('fails');
      throw new TroupeError('told to fail');
    }
  }
});
