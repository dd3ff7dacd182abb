/**
 * A process of handlers that can go on elsewhere, because its module has no state of its own. Its image is its state and
 * what it has begun, by names; waiting messages, timers and commands stay with the kernel, under the same tags.
 *
 * Where the state is not data (`keepData`) the process stays where it is.
 */
import { makeImage, openImage } from '../../runtime/image.ts';
import type { Image } from '../../runtime/machine.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import { type KeptData, keepData, restoreData } from '../../runtime/payload/kept_data.ts';
import { AnswerCondition } from '../../sdk/typescript/condition.ts';
import { NamedAnswer, NamedTimer } from '../../sdk/typescript/handled_process.ts';
import { HandlerProcess } from './handler_process.ts';
import type { TypeScriptProgram } from './program.ts';

/** Part of the identity of programs that can resume an image: raise it when the record changes. */
export const RECORD_VERSION = 1;

interface ProcessRecord {
  readonly method: string;
  readonly state: unknown;
  /** The last tag that was given; 0: it has begun nothing so far. */
  readonly tag: number;
  /** Commands whose answers are expected. */
  readonly answers: readonly (readonly [tag: number, name: string, note: unknown])[];
  readonly timers: readonly (readonly [tag: number, name: string, note: unknown])[];
  /** What no handler has seen yet: the name of a timer, or an answer. */
  readonly arrived: readonly (string | ArrivedRecord)[];
}

interface ArrivedRecord {
  readonly name: string;
  readonly note: unknown;
  readonly value: unknown;
  readonly error: TroupeError | null;
}

export class MovableProcess extends HandlerProcess {
  suspend(): Image | undefined {
    const record = this.record();
    if (record === undefined) return undefined;
    let kept: KeptData;
    try {
      kept = keepData(record, 'image');
      return makeImage(this.program.identity, kept, 0, () => undefined);
    } catch {
      return undefined;
    }
  }

  private record(): ProcessRecord | undefined {
    const { method, state, more } = this;
    if (this.table === undefined || (more !== undefined && !more.isStill)) return undefined;
    const answers: [number, string, unknown][] = [];
    for (const [tag, target] of more?.outstanding ?? []) {
      if (target instanceof NamedAnswer) answers.push([tag, target.name, target.note]);
      // The answer to a command without a name is nobody's.
      else if (!(target instanceof NamedTimer || target instanceof AnswerCondition)) return undefined;
    }
    const timers: [number, string, unknown][] = [];
    for (const { tag, name, note } of this.timers?.values() ?? []) timers.push([tag, name, note]);
    const arrived = this.arrived
      .filter(({ forgotten }) => !forgotten)
      .map(one => {
        const { name, note } = one;
        return one instanceof NamedTimer ? name : { name, note, value: one.value, error: one.error ?? null };
      });
    return { method, state, tag: more?.tag ?? 0, answers, timers, arrived };
  }

  /** Throws INVALID for an image of another program, or a damaged one. */
  static resume(program: TypeScriptProgram, image: Image): MovableProcess {
    const { record: kept } = openImage<KeptData>(program.identity, program.id, image);
    const { method, state, tag, answers, timers, arrived } = restoreData(kept) as ProcessRecord;
    const process = new MovableProcess(program);
    process.table = program.handlers(method);
    process.method = method;
    process.state = state;
    if (tag > 0) process.waits().restoreTag(tag);
    for (const [tag, name, note] of answers) process.waits().redirect(tag, new NamedAnswer(process, name, note));
    for (const [tag, name, note] of timers) process.restoreTimer(tag, name, note);
    for (const one of arrived) {
      if (typeof one === 'string') process.restoreFired(one);
      else new NamedAnswer(process, one.name, one.note).answered(one.value, one.error ?? undefined);
    }
    return process;
  }
}
