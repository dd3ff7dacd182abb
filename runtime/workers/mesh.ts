import type { MessagePort } from 'node:worker_threads';
import { Rates } from '../capabilities/rates.ts';
import type { Services } from '../capabilities/services.ts';
import type { Clock } from '../clock.ts';
import type { Deployed } from '../hosts/deployed.ts';
import { Counters } from '../scheduler/counters.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { Attention } from './attention.ts';
import { BytesExchange } from './bytes_exchange.ts';
import { Lane } from './lane.ts';
import { Post } from './post.ts';
import { RingReader, RingWriter } from './ring.ts';
import { SharedNames } from './shared_names.ts';
import { SharedGenerations, type SharedMemory } from './shared_state.ts';

/** What one scheduler needs to take part with the others; all of it can be handed to a worker thread. */
export interface MeshData {
  readonly index: number;
  readonly memory: SharedMemory;
  /** `rings[from][to]`. */
  readonly rings: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  /** The port to each other scheduler, for nudges. */
  readonly ports: readonly (MessagePort | undefined)[];
  /** The port to each other scheduler, for the memory of Bytes. */
  readonly bytesPorts: readonly (MessagePort | undefined)[];
  readonly placement: 'least-loaded' | 'round-robin';
  readonly restless: boolean;
}

export interface Joined {
  readonly scheduler: Scheduler;
  readonly post: Post;
}

/** Make this thread's scheduler and connect it with the others. */
export function join(mesh: MeshData, deployed: Deployed, clock: Clock, services: Services): Joined {
  const { index, memory, rings, ports } = mesh;
  const post = new Post({
    index,
    memory,
    lanes: rings[index].map(ring => (ring === undefined ? undefined : new Lane(new RingWriter(ring)))),
    readers: rings.map(row => (row[index] === undefined ? undefined : new RingReader(row[index]))),
    attention: new Attention(memory.attention, index, ports),
    exchange: new BytesExchange(mesh.bytesPorts),
    placement: mesh.placement,
  });
  const scheduler = new Scheduler({
    index,
    count: memory.schedulers,
    clock,
    deployed,
    names: new SharedNames(memory.names, index),
    counters: new Counters(new Int32Array(memory.hosts)),
    rates: new Rates(new BigInt64Array(memory.rates)),
    outbound: post,
    services,
    restless: mesh.restless,
    past: new SharedGenerations(memory, index),
  });
  deployed.attach(scheduler);
  post.attach(scheduler);
  const nudged = (): void => scheduler.run();
  for (const port of ports) port?.on('message', nudged);
  scheduler.kick();
  return { scheduler, post };
}
