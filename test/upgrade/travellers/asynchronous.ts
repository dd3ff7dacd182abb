import { defineProcess } from 'troupe/sdk';
import { handle, type State } from './handling.ts';

/** For trusted hosts: runs on promises. */
export default defineProcess<[State]>(async (self, state) => {
  self.fork(async () => {
    for await (const { kind, from } of self.events()) self.send(state.owner, 'event', { kind, from });
  });
  for (;;) {
    const mail = await self.receive();
    if (mail.topic === 'end') return state.carried;
    if (mail.topic === 'begin') {
      const { name, milliseconds } = mail.payload;
      void self.exec('u:waiter', undefined, name).then(answer => self.send(state.owner, 'late', answer));
      void self.time.sleep(`${milliseconds}ms`).then(() => self.send(state.owner, 'late', 'slept'));
    } else handle(self, state, mail);
  }
});
