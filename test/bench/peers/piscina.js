import Piscina from 'piscina';
import { serve } from './serve.js';

const pool = new Piscina({
  filename: new URL('./piscina_task.js', import.meta.url).href,
  minThreads: 1,
  maxThreads: 1,
});

/** One task after the other in a pool of one thread. */
async function pingPong(count) {
  let done = 0;
  for (let i = 0; i < count; i++) if ((await pool.run(i)) === i) done++;
  return done;
}

serve({ ping_pong: pingPong });
