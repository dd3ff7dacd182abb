import type { MessagePort } from 'node:worker_threads';
import type { Services } from '../capabilities/services.ts';
import type { Clock } from '../clock.ts';
import type { Deployed } from '../hosts/deployed.ts';
import { Counters } from '../scheduler/counters.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { Lane } from './lane.ts';
import { Post } from './post.ts';
import { RingReader, RingWriter } from './ring.ts';
import { SharedNames } from './shared_names.ts';
import { Directory, Load, type SharedMemory } from './shared_state.ts';

/** What one scheduler needs to take part with the others; all of it can be handed to a worker thread. */
export interface MeshData {
  readonly index: number;
  readonly memory: SharedMemory;
  /** `rings[from][to]`. */
  readonly rings: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  /** The port to each other scheduler, for nudges. */
  readonly ports: readonly (MessagePort | undefined)[];
  readonly sleeping: SharedArrayBuffer;
  readonly full: SharedArrayBuffer;
  readonly placement: 'least-loaded' | 'round-robin';
}

/** Make this thread's scheduler and connect it with the others. */
export function join(mesh: MeshData, deployed: Deployed, clock: Clock, services: Services): Scheduler {
  const { index, memory, rings, ports } = mesh;
  const post = new Post({
    index,
    schedulers: memory.schedulers,
    directory: new Directory(memory),
    load: new Load(memory),
    sleeping: new Int32Array(mesh.sleeping),
    full: new Uint8Array(mesh.full),
    lanes: rings[index].map(ring => (ring === undefined ? undefined : new Lane(new RingWriter(ring)))),
    readers: rings.map(row => (row[index] === undefined ? undefined : new RingReader(row[index]))),
    ports,
    placement: mesh.placement,
  });
  const scheduler = new Scheduler({
    index,
    count: memory.schedulers,
    clock,
    deployed,
    names: new SharedNames(memory.names),
    counters: new Counters(new Int32Array(memory.hosts)),
    outbound: post,
    services,
  });
  deployed.attach(scheduler);
  post.attach(scheduler);
  const nudged = (): void => scheduler.run();
  for (const port of ports) port?.on('message', nudged);
  scheduler.kick();
  return scheduler;
}
