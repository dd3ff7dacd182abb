import { dispatch, spawnStateless, start, stop } from 'nact';
import { serve } from './serve.js';

const system = start();

function pingPong(count) {
  return new Promise(resolve => {
    const echo = spawnStateless(system, message => dispatch(message.from, { n: message.n }));
    let done = 0;
    let sent = 0;
    const ping = spawnStateless(system, message => {
      if (message.n === sent - 1) done++;
      if (sent < count) dispatch(echo, { n: sent++, from: ping });
      else {
        stop(echo);
        stop(ping);
        resolve(done);
      }
    });
    dispatch(echo, { n: sent++, from: ping });
  });
}

/** A child, a message to it, its answer; nact has no way for an actor to do something before its first message. */
function spawn(count) {
  return new Promise(resolve => {
    let done = 0;
    const begin = parent => {
      const child = spawnStateless(system, message => {
        dispatch(message.from, { up: 1 });
        stop(child);
      });
      dispatch(child, { from: parent });
    };
    const parent = spawnStateless(system, message => {
      done += message.up;
      if (done < count) begin(parent);
      else {
        stop(parent);
        resolve(done);
      }
    });
    begin(parent);
  });
}

serve({ ping_pong: pingPong, spawn });
