/** A deployment of services on a clock that only goes on when it is told to, and what its log says. */
import { createServices } from '../../runtime/capabilities/services.ts';
import type { LogSink } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ServiceStatus } from '../../runtime/supervision/service.ts';
import { deploy, type Files } from '../deploy.ts';
import { VirtualClock } from './virtual_clock.ts';

export class World implements LogSink {
  readonly clock: VirtualClock;
  /** `<milliseconds> <level> <message>`. */
  readonly lines: string[] = [];
  runtime!: Runtime;

  constructor(chances?: readonly number[]) {
    this.clock = new VirtualClock(chances);
  }

  static async start(files: Files, chances?: readonly number[]): Promise<World> {
    const world = new World(chances);
    await world.deploy(files);
    return world;
  }

  async deploy(files: Files): Promise<void> {
    this.runtime = await deploy(files, { clock: this.clock, services: createServices({ log: this }, this.clock) });
  }

  enabled(): boolean {
    return true;
  }

  log(level: string, message: string): void {
    this.lines.push(`${this.clock.now()} ${level} ${message}`);
  }

  /** Of the first service. */
  get status(): ServiceStatus {
    return this.runtime.services[0];
  }

  /** The state of each, by name. */
  get states(): { readonly [name: string]: string } {
    return Object.fromEntries(this.runtime.services.map(({ id, state }) => [id.slice(id.indexOf(':') + 1), state]));
  }

  async stop(): Promise<void> {
    const stopped = this.runtime.stop();
    await this.clock.advance(20_000);
    await stopped;
  }
}
