/**
 * A machine that can go on elsewhere, because its module has no state of its own and nothing in it goes on between its
 * steps. Its image is its state, its context and what it has delayed; waiting messages and the timers themselves stay with
 * the kernel, under the same tags.
 *
 * It stays where it is as long as it has child actors, which answer to this process, or its context is not data
 * (`keepData`).
 */
import { makeImage, openImage } from '../../runtime/image.ts';
import type { Image } from '../../runtime/machine.ts';
import { type KeptData, keepData, restoreData } from '../../runtime/payload/kept_data.ts';
import { Incoming, sourceOf } from '../../sdk/typescript/channel.ts';
import { TopicSource } from '../../sdk/typescript/source.ts';
import { type ActorRecord, RootActor } from './adapter.ts';
import { XStateProcess } from './process.ts';
import type { XStateProgram } from './program.ts';

/** Part of the identity of programs that can resume an image: raise it when the record changes. */
export const RECORD_VERSION = 1;

interface ProcessRecord {
  readonly method: string;
  readonly actor: ActorRecord;
  /** The last tag that was given; 0: it has begun nothing so far. */
  readonly tag: number;
  /** What it listens on, under which key it is kept, and whether for whole messages. */
  readonly topics: readonly (readonly [key: string, topic: string, whole: boolean])[];
}

export class MovableXStateProcess extends XStateProcess {
  suspend(): Image | undefined {
    const record = this.#record();
    if (record === undefined) return undefined;
    try {
      return makeImage(this.program.identity, keepData(record, 'image'), 0, () => undefined);
    } catch {
      return undefined;
    }
  }

  #record(): ProcessRecord | undefined {
    const { more } = this;
    if (more !== undefined && !more.isStill) return undefined;
    const actor = this.actor?.record();
    if (actor === undefined) return undefined;
    const topics: [string, string, boolean][] = [];
    for (const [key, channel] of more?.kept ?? []) {
      const source = channel instanceof Incoming ? sourceOf(channel) : undefined;
      if (source instanceof TopicSource) topics.push([key, source.topic, source.whole]);
    }
    return { method: this.method, actor, tag: more?.tag ?? 0, topics };
  }

  /** Throws INVALID for an image of another program, or a damaged one. */
  static resume(program: XStateProgram, image: Image): MovableXStateProcess {
    const { record: kept } = openImage<KeptData>(program.identity, program.id, image);
    const { method, actor, tag, topics } = restoreData(kept) as ProcessRecord;
    const process = new MovableXStateProcess(program);
    process.method = method;
    if (tag > 0) process.waits().restoreTag(tag);
    for (const [key, topic, whole] of topics) {
      process.waits().kept.set(key, new Incoming(process, new TopicSource(process, topic, whole)));
    }
    process.actor = new RootActor(process, program.machine(method), undefined, actor);
    return process;
  }
}
