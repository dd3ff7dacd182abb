import { defineProcess } from 'troupe/sdk';

interface Pinging {
  readonly pong: string;
  readonly count: number;
  done: number;
}

/** `count` round trips with a process that sends everything back. */
export default defineProcess<[count: number, partner: string], { pong: number }, Pinging>({
  init(self, count, partner) {
    const pong = self.spawn(partner, 'bench:host', self.pid);
    self.send(pong, 'ping', 0);
    return { pong, count, done: 0 };
  },
  on: {
    pong(self, state, { payload }) {
      if (payload === state.done) state.done++;
      if (state.done < state.count) {
        self.send(state.pong, 'ping', state.done);
        return;
      }
      self.terminate(state.pong);
      return self.done(state.done);
    },
  },
});
