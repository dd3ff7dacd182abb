/**
 * The model of `arrivals.ts`, `departures.ts`, `quiet.ts`: senders send numbered messages to one receiver, which moves; one
 * sender moves too. Three schedulers or more; the last one may rest. What one scheduler does for one frame is one step,
 * because nobody else can see it in halves, but a look at the directory and the sending that follows are two.
 */
import type { Model } from './explore.ts';

type Frame =
  | { readonly is: 'message'; readonly sender: number; readonly n: number }
  | { readonly is: 'process'; readonly id: number }
  | { readonly is: 'end'; readonly id: number }
  | { readonly is: 'fence'; readonly id: number; readonly giver: number }
  | { readonly is: 'passed'; readonly id: number; readonly source: number; readonly taker: number }
  | { readonly is: 'settled'; readonly id: number; readonly source: number }
  | { readonly is: 'closed'; readonly id: number };

interface Sender {
  /** The scheduler that it is on. */
  on: number;
  next: number;
  moves: number;
  /** Where it has found the receiver to be, before it sends; -1: it has not looked. */
  found: number;
  /** By scheduler: what is known of what it sent there. 0: all is delivered; 1: sent; 2: read. */
  readonly under: number[];
  /** By scheduler, of what is read: the batches given and taken there before which all must be closed. */
  readonly given: number[];
  readonly taken: number[];
}

interface Departed {
  readonly id: number;
  readonly taker: number;
  readonly passed: boolean[];
}

export interface MoveState {
  readonly senders: Sender[];
  readonly lanes: Frame[][][];
  /** What the directory says. */
  where: number;
  /** Where the receiver is; -1: under way. */
  on: number;
  moves: number;
  /** The receiver's batch that is not closed: who gave it, its number, whose messages are held. */
  arriving: { readonly giver: number; readonly id: number; readonly awaits: boolean[] } | null;
  held: { readonly source: number; readonly sender: number; readonly n: number }[];
  /** By scheduler: the batch of which something may still come there. */
  readonly departed: (Departed | null)[];
  /** By scheduler: the number of the next batch that it gives, and of the oldest one that is open; and what it takes. */
  readonly nextGiven: number[];
  readonly openGiven: number[];
  readonly nextTaken: number[];
  readonly openTaken: number[];
  /** How many messages of each sender were delivered. */
  readonly got: number[];
  rests: boolean;
  wrong: string;
}

export type MoveFault =
  | 'holds nothing'
  | 'leaves while something is under way'
  | 'leaves while something is held'
  | 'takes what was read for delivered'
  | 'notes the batches before it was read'
  | 'passes on for others without reading them'
  | 'passes on for those that do not rest'
  | 'moves on before the batch is closed'
  | 'closes before all is delivered'
  | 'does not forward'
  | 'rests for others while it sends';

export interface MoveOptions {
  readonly schedulers: number;
  /** Where the receiver begins, and how often it moves. */
  readonly receiver: readonly [on: number, moves: number];
  readonly senders: readonly { readonly on: number; readonly messages: number; readonly moves: number }[];
  readonly fault?: MoveFault;
}

export function moveModel({ schedulers, receiver, senders, fault }: MoveOptions): Model<MoveState> {
  const all = Array.from({ length: schedulers }, (_, i) => i);
  const restful = schedulers - 1;
  type Change = (copy: MoveState) => void;
  type Steps = (readonly [string, Change])[];

  function deliver(s: MoveState, sender: number, n: number): void {
    if (s.got[sender] !== n) s.wrong = `message ${n} of sender ${sender} came when ${s.got[sender]} was next`;
    s.got[sender] = n + 1;
  }

  /** A message is on the receiver's scheduler; whether it is held. */
  function arrive(s: MoveState, source: number, sender: number, n: number): boolean {
    if (fault === 'holds nothing' || s.arriving === null || !s.arriving.awaits[source]) {
      deliver(s, sender, n);
      return false;
    }
    s.held.push({ source, sender, n });
    return true;
  }

  function take(s: MoveState, source: number, on: number): void {
    const frame = s.lanes[source][on].shift()!;
    switch (frame.is) {
      case 'message': {
        const gone = s.departed[on];
        if (s.on === on) arrive(s, source, frame.sender, frame.n);
        else if (gone !== null && fault !== 'does not forward') s.lanes[on][gone.taker].push(frame);
        else s.wrong = `message ${frame.n} of sender ${frame.sender} is lost on ${on}`;
        return;
      }
      case 'process':
        s.on = on;
        s.where = on;
        s.arriving = { giver: source, id: frame.id, awaits: all.map(i => i !== source) };
        s.nextTaken[on]++;
        return;
      case 'end':
        for (const i of all) {
          if (i === source) continue;
          const forOther = i === restful && (s.rests || fault === 'passes on for those that do not rest');
          if (i === on || forOther) s.lanes[on][source].push({ is: 'passed', id: frame.id, source: i, taker: on });
          else s.lanes[on][i].push({ is: 'fence', id: frame.id, giver: source });
        }
        return;
      case 'fence':
        s.lanes[on][frame.giver].push({ is: 'passed', id: frame.id, source: on, taker: source });
        return;
      case 'passed': {
        if (frame.source !== source && fault !== 'passes on for others without reading them') {
          while (s.lanes[frame.source][on].length > 0) take(s, frame.source, on);
        }
        const gone = s.departed[on];
        if (gone !== null && gone.id === frame.id) {
          gone.passed[frame.source] = true;
          if (gone.passed.every(Boolean)) {
            s.departed[on] = null;
            if (fault === 'closes before all is delivered') s.openGiven[on] = frame.id + 1;
          }
        }
        s.lanes[on][frame.taker].push({ is: 'settled', id: frame.id, source: frame.source });
        return;
      }
      case 'settled': {
        const { arriving } = s;
        if (arriving === null || arriving.id !== frame.id || arriving.giver !== source) return;
        arriving.awaits[frame.source] = false;
        for (const { sender, n } of s.held.filter(item => item.source === frame.source)) deliver(s, sender, n);
        s.held = s.held.filter(item => item.source !== frame.source);
        if (arriving.awaits.some(Boolean)) return;
        s.arriving = null;
        s.openTaken[on] = s.nextTaken[on];
        s.lanes[on][source].push({ is: 'closed', id: frame.id });
        return;
      }
      case 'closed':
        s.openGiven[on] = frame.id + 1;
        return;
    }
  }

  const mayAct = (s: MoveState, on: number): boolean =>
    on !== restful || !s.rests || fault === 'rests for others while it sends';

  /** A scheduler is between a look at the directory and the sending: it does nothing else meanwhile. */
  const isSending = (s: MoveState, scheduler: number): boolean =>
    s.senders.some(({ on, found }) => on === scheduler && found >= 0);

  function sending(s: MoveState, k: number): Steps {
    const me = s.senders[k];
    if (me.next === senders[k].messages || !mayAct(s, me.on)) return [];
    if (me.found < 0) {
      if (isSending(s, me.on)) return [];
      // On its own scheduler a look and the delivery are one.
      if (s.on === me.on) {
        return [
          [
            `${k} sends ${me.next} next to it`,
            s => {
              const me = s.senders[k];
              if (arrive(s, me.on, k, me.next)) me.under[me.on] = 1;
              me.next++;
            },
          ],
        ];
      }
      const gone = s.departed[me.on];
      const found = s.where === me.on && gone !== null ? gone.taker : s.where;
      return [
        [
          `${k} finds it on ${found}`,
          s => {
            s.senders[k].found = found;
          },
        ],
      ];
    }
    return [
      [
        `${k} sends ${me.next} to ${me.found}`,
        s => {
          const me = s.senders[k];
          s.lanes[me.on][me.found].push({ is: 'message', sender: k, n: me.next++ });
          me.under[me.found] = 1;
          if (fault === 'notes the batches before it was read') note(s, me, me.found);
          me.found = -1;
        },
      ],
    ];
  }

  function note(s: MoveState, sender: Sender, scheduler: number): void {
    sender.given[scheduler] = s.nextGiven[scheduler];
    sender.taken[scheduler] = s.nextTaken[scheduler];
  }

  function leaving(s: MoveState, k: number): Steps {
    const me = s.senders[k];
    if (me.moves === 0 || isSending(s, me.on) || !mayAct(s, me.on)) return [];
    const steps: Steps = [];
    for (const to of all) {
      if (me.under[to] === 1 && s.lanes[me.on][to].length === 0) {
        steps.push([
          `what ${k} sent to ${to} was read`,
          s => {
            const me = s.senders[k];
            me.under[to] = fault === 'takes what was read for delivered' ? 0 : 2;
            if (fault !== 'notes the batches before it was read') note(s, me, to);
          },
        ]);
      }
      const held = s.openTaken[to] < me.taken[to] && fault !== 'leaves while something is held';
      if (me.under[to] === 2 && s.openGiven[to] >= me.given[to] && !held) {
        steps.push([
          `what ${k} sent to ${to} was delivered`,
          s => {
            s.senders[k].under[to] = 0;
          },
        ]);
      }
    }
    const quiet = me.under.every(word => word === 0) || fault === 'leaves while something is under way';
    if (!quiet) return steps;
    for (const to of all) {
      if (to === me.on || to === restful) continue;
      steps.push([
        `${k} moves to ${to}`,
        s => {
          const me = s.senders[k];
          me.on = to;
          me.moves--;
          me.under.fill(0);
        },
      ]);
    }
    return steps;
  }

  function giving(s: MoveState): Steps {
    const giver = s.on;
    if (
      giver < 0 ||
      isSending(s, giver) ||
      s.moves === 0 ||
      (s.arriving !== null && fault !== 'moves on before the batch is closed')
    )
      return [];
    return all
      .filter(taker => taker !== giver && taker !== restful)
      .map(taker => [
        `${giver} gives it to ${taker}`,
        s => {
          const id = s.nextGiven[giver]++;
          s.departed[giver] = { id, taker, passed: all.map(i => i === giver) };
          s.moves--;
          s.on = -1;
          s.arriving = null;
          s.lanes[giver][taker].push({ is: 'process', id }, { is: 'end', id });
        },
      ]);
  }

  function reading(s: MoveState): Steps {
    const steps: Steps = [];
    for (const on of all) {
      if ((on === restful && s.rests) || isSending(s, on)) continue;
      for (const source of all) {
        if (s.lanes[source][on].length === 0) continue;
        steps.push([`${on} reads ${s.lanes[source][on][0].is} of ${source}`, s => take(s, source, on)]);
      }
    }
    return steps;
  }

  /** Who rests has nothing under way that it has not handed over: not in the middle of sending. */
  function resting(s: MoveState): Steps {
    if (!s.rests && isSending(s, restful)) return [];
    return [
      [
        s.rests ? `${restful} wakes` : `${restful} rests`,
        s => {
          s.rests = !s.rests;
        },
      ],
    ];
  }

  const isOver = (s: MoveState): boolean =>
    s.moves === 0 &&
    s.on >= 0 &&
    s.senders.every(({ next }, k) => next === senders[k].messages) &&
    reading({ ...s, rests: false }).length === 0;

  return {
    start: {
      senders: senders.map(({ on, moves }) => ({
        on,
        next: 0,
        moves,
        found: -1,
        under: all.map(() => 0),
        given: all.map(() => 0),
        taken: all.map(() => 0),
      })),
      lanes: all.map(() => all.map(() => [])),
      where: receiver[0],
      on: receiver[0],
      moves: receiver[1],
      arriving: null,
      held: [],
      departed: all.map(() => null),
      nextGiven: all.map(() => 0),
      openGiven: all.map(() => 0),
      nextTaken: all.map(() => 0),
      openTaken: all.map(() => 0),
      got: senders.map(() => 0),
      rests: false,
      wrong: '',
    },
    steps: s => [
      ...senders.flatMap((_, k) => [...sending(s, k), ...leaving(s, k)]),
      ...giving(s),
      ...reading(s),
      ...resting(s),
    ],
    wrong: s => (s.wrong === '' ? undefined : s.wrong),
    isOver,
    wrongAtTheEnd: s => {
      const missing = s.got.findIndex((got, k) => got !== senders[k].messages);
      if (missing >= 0) return `${s.got[missing]} messages of sender ${missing} have come`;
      if (s.arriving !== null) return 'it is still arriving';
      if (s.departed.some(gone => gone !== null)) return 'somebody still forwards';
      if (s.nextGiven.join() !== s.openGiven.join() || s.nextTaken.join() !== s.openTaken.join())
        return 'a batch is not closed';
      return undefined;
    },
  };
}
