import { defineProcess } from 'troupe/sdk';

/** Answers pings with what it carries along; told an entry, it goes on as that. */
export default defineProcess<[{ number: number }]>(function* (self, state) {
  for (;;) {
    const { topic, payload, from } = yield* self.receive();
    if (topic === 'ping') self.send(from, 'pong', state.number);
    else yield* self.upgrade(payload.id, { ...state, number: payload.number });
  }
});
