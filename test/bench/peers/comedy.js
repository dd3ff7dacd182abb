import createSystem from 'comedy';
import { serve } from './serve.js';

const system = createSystem({ loggerConfig: { categories: { Default: 'Silent' } } });
const root = await system.rootActor();

/** In-memory actors; `sendAndReceive` waits for the answer. */
async function pingPong(count) {
  const echo = await root.createChild({ ping: n => n });
  let done = 0;
  for (let i = 0; i < count; i++) if ((await echo.sendAndReceive('ping', i)) === i) done++;
  await echo.destroy();
  return done;
}

async function spawn(count) {
  let done = 0;
  for (let i = 0; i < count; i++) {
    const child = await root.createChild({ up: () => 1 });
    done += await child.sendAndReceive('up');
    await child.destroy();
  }
  return done;
}

serve({ ping_pong: pingPong, spawn });
