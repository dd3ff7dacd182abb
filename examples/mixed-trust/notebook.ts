import { defineProcess } from 'troupe/sdk';

/** Keeps notes: `note` with a text writes one, from whomever it comes; `count` answers how many there are. */
export default defineProcess(function* (self) {
  let notes = 0;
  for (;;) {
    const { topic, from, payload } = yield* self.receive();
    if (topic === 'note' && typeof payload === 'string') {
      yield* self.fs.writeFile('notes/all.txt', `${from} ${payload}\n`, {
        append: notes > 0,
      });
      notes++;
    } else if (topic === 'count') {
      self.send(from, 'count', notes);
    } else {
      self.logger.warn('a message that nobody understands', { from, topic });
    }
  }
});
