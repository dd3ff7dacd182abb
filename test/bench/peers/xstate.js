import { createActor, setup } from 'xstate';
import { serve } from './serve.js';

const pong = setup({}).createMachine({
  initial: 'waiting',
  states: { waiting: { on: { ping: { actions: ({ event }) => event.from.send({ type: 'pong', n: event.n }) } } } },
});

/** Two machines; events sent to an actor while it runs wait in its mailbox, so the stack does not grow. */
function pingPong(count) {
  return new Promise(resolve => {
    const echo = createActor(pong).start();
    let done = 0;
    let sent = 0;
    const send = self => echo.send({ type: 'ping', n: sent++, from: self });
    const machine = setup({}).createMachine({
      initial: 'playing',
      states: {
        playing: {
          entry: ({ self }) => send(self),
          on: {
            pong: {
              actions: ({ event, self }) => {
                if (event.n === sent - 1) done++;
                if (sent < count) send(self);
                else resolve(done);
              },
            },
          },
        },
      },
    });
    createActor(machine).start();
  });
}

const child = setup({}).createMachine({
  entry: ({ context }) => context.answer(1),
  context: ({ input }) => input,
  initial: 'answered',
  states: { answered: { type: 'final' } },
});

async function spawn(count) {
  let done = 0;
  const answer = n => {
    done += n;
  };
  for (let i = 0; i < count; i++) createActor(child, { input: { answer } }).start();
  return done;
}

serve({ ping_pong: pingPong, spawn });
