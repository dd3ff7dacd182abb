/**
 * The model of `attention.ts`, `hunger.ts` and the loop of `scheduler.ts`: schedulers run tasks, tell one another what they
 * wrote, ask for work, give half of theirs away, and rest. Each step is one access to shared memory.
 */
import type { Model } from './explore.ts';

const AWAKE = 0;
const RESTING = 1;
const CALLED = 2;
const SATED = 0;
const HUNGRY = 1;
const CLAIMED = 2;

/** Where a scheduler stands in its loop. */
type At =
  | 'listen'
  | 'heard'
  | 'drain'
  | 'run'
  | 'publish'
  | 'call'
  | 'look'
  | 'claim'
  | 'give'
  | 'told'
  | 'ask'
  | 'recheck'
  | 'rest'
  | 'resting';

interface Frame {
  readonly tasks: number;
  /** It is what the reader was hungry for. */
  readonly given: boolean;
}

interface Scheduler {
  at: At;
  tasks: number;
  /** Frames that it still sends by itself, each with one task, to the next scheduler. */
  sends: number;
  written: Frame | null;
  /** Whom it calls, or has claimed. */
  other: number;
  /** In how many looks it may find nothing worth giving. */
  refusals: number;
  nudged: boolean;
}

export interface RestState {
  readonly schedulers: Scheduler[];
  readonly attention: number[];
  readonly board: number[];
  count: number;
  /** `rings[from][to]`. */
  readonly rings: Frame[][][];
  done: number;
}

export type RestFault =
  | 'looks before it listens'
  | 'rests without a look at calls'
  | 'calls before it publishes'
  | 'calls without a nudge'
  | 'claims without comparing'
  | 'withdraws without comparing'
  | 'does not reopen what it claimed in vain'
  | 'is fed and stays on the board'
  | 'asks only once';

/** `tasks` and `sends`: of each scheduler. */
export function restModel(tasks: readonly number[], sends: readonly number[], fault?: RestFault): Model<RestState> {
  const all = tasks.map((_, i) => i);
  const total = [...tasks, ...sends].reduce((sum, n) => sum + n, 0);

  function step(s: RestState, i: number): readonly [string, (copy: RestState) => void][] {
    const me = s.schedulers[i];
    const go = (name: string, change: (s: RestState, me: Scheduler) => void): [string, (copy: RestState) => void] => [
      `${i} ${name}`,
      copy => change(copy, copy.schedulers[i]),
    ];
    const to = (at: At) => (_s: RestState, me: Scheduler) => {
      me.at = at;
    };
    const late = fault === 'looks before it listens';
    switch (me.at) {
      case 'listen':
        return [go('listens', to(s.attention[i] === AWAKE ? (late ? 'run' : 'drain') : 'heard'))];
      case 'heard':
        return [
          go('is awake', (s, me) => {
            s.attention[i] = AWAKE;
            me.at = late ? 'run' : 'drain';
          }),
        ];
      case 'drain': {
        const from = all.find(j => s.rings[j][i].length > 0);
        if (from === undefined) return [go('has read all', to(late ? 'listen' : 'run'))];
        return [
          go(`reads from ${from}`, (s, me) => {
            const frame = s.rings[from][i].shift()!;
            me.tasks += frame.tasks;
            if (!frame.given || fault === 'is fed and stays on the board') return;
            if (s.board[i] === HUNGRY) s.count--;
            s.board[i] = SATED;
          }),
        ];
      }
      case 'run':
        if (me.tasks > 0 && s.board[i] === HUNGRY && fault !== 'withdraws without comparing') {
          return [
            go('withdraws', s => {
              s.board[i] = SATED;
              s.count--;
            }),
          ];
        }
        return [
          go('runs', (s, me) => {
            if (fault === 'withdraws without comparing' && me.tasks > 0 && s.board[i] !== SATED) {
              s.board[i] = SATED;
              s.count--;
            }
            if (me.tasks > 0) {
              me.tasks--;
              s.done++;
            }
            const sends = me.sends > 0;
            if (sends) me.sends--;
            me.other = (i + 1) % all.length;
            me.written = sends ? { tasks: 1, given: false } : null;
            me.at = !sends ? 'look' : fault === 'calls before it publishes' ? 'call' : 'publish';
          }),
        ];
      case 'publish':
        return [
          go('publishes', (s, me) => {
            s.rings[i][me.other].push(me.written!);
            me.written = null;
            me.at = fault === 'calls before it publishes' ? 'look' : 'call';
          }),
        ];
      case 'call':
      case 'told':
        return [
          go(`calls ${me.other}`, (s, me) => {
            const nudge = s.attention[me.other] === RESTING && fault !== 'calls without a nudge';
            if (nudge) s.schedulers[me.other].nudged = true;
            s.attention[me.other] = CALLED;
            me.at = me.at === 'told' ? 'ask' : me.written === null ? 'look' : 'publish';
          }),
        ];
      case 'look': {
        const hungry = me.tasks < 2 ? -1 : s.board.indexOf(HUNGRY);
        if (hungry < 0 || hungry === i) return [go('finds nobody hungry', to('ask'))];
        return [
          go(`finds ${hungry} hungry`, (_s, me) => {
            me.other = hungry;
            me.at = 'claim';
          }),
        ];
      }
      case 'claim':
        if (s.board[me.other] !== HUNGRY && fault !== 'claims without comparing') return [go('was late', to('ask'))];
        return [
          go(`claims ${me.other}`, (s, me) => {
            s.board[me.other] = CLAIMED + i;
            s.count--;
            me.at = 'give';
          }),
        ];
      case 'give': {
        const give = go(`gives to ${me.other}`, (s, me) => {
          const half = me.tasks >> 1;
          me.tasks -= half;
          s.rings[i][me.other].push({ tasks: half, given: true });
          me.at = 'told';
        });
        if (me.refusals === 0) return [give];
        return [
          give,
          go('has nothing worth giving', (s, me) => {
            me.refusals--;
            me.at = 'ask';
            if (fault === 'does not reopen what it claimed in vain' || s.board[me.other] !== CLAIMED + i) return;
            s.board[me.other] = HUNGRY;
            s.count++;
          }),
        ];
      }
      case 'ask':
        if (me.tasks > 0 || me.sends > 0) return [go('goes on', to(late ? 'drain' : 'listen'))];
        return [
          go('asks for work', (s, me) => {
            me.at = 'recheck';
            if (s.board[i] !== SATED || (fault === 'asks only once' && s.done > 1)) return;
            s.board[i] = HUNGRY;
            s.count++;
          }),
        ];
      case 'recheck':
        // What it sees there it may leave for the next burst: then it is the call that keeps it awake.
        if (!all.some(j => s.rings[j][i].length > 0)) return [go('lingers', to('rest'))];
        return [go('sees something', to(late ? 'drain' : 'listen')), go('has no time left', to('rest'))];
      case 'rest':
        return [
          go('rests', (s, me) => {
            const called = s.attention[i] === CALLED && fault !== 'rests without a look at calls';
            if (!called) s.attention[i] = RESTING;
            me.at = called ? (late ? 'drain' : 'listen') : 'resting';
          }),
        ];
      case 'resting':
        if (!me.nudged) return [];
        return [
          go('wakes', (_s, me) => {
            me.nudged = false;
            me.at = late ? 'drain' : 'listen';
          }),
        ];
    }
  }

  return {
    start: {
      schedulers: all.map(i => ({
        at: 'listen',
        tasks: tasks[i],
        sends: sends[i],
        written: null,
        other: 0,
        refusals: 1,
        nudged: false,
      })),
      attention: all.map(() => AWAKE),
      board: all.map(() => SATED),
      count: 0,
      rings: all.map(() => all.map(() => [])),
      done: 0,
    },
    steps: s => all.flatMap(i => step(s, i)),
    wrong: ({ board, count }) => {
      const hungry = board.filter(word => word === HUNGRY).length;
      return count === hungry ? undefined : `the board counts ${count} hungry, and ${hungry} are`;
    },
    isOver: ({ schedulers }) => schedulers.every(({ at, nudged }) => at === 'resting' && !nudged),
    wrongAtTheEnd: s => {
      if (s.rings.some(row => row.some(ring => ring.length > 0))) return 'everybody rests and something is not read';
      if (s.done !== total) return `everybody rests and ${s.done} of ${total} tasks are done`;
      if (s.attention.some(word => word !== RESTING)) return 'somebody rests and is not taken for resting';
      if (s.board.some(word => word !== HUNGRY)) return 'somebody rests and cannot be given work';
      return undefined;
    },
  };
}
