/**
 * All timers of one worker: a hierarchical timing wheel (Varghese and Lauck, SOSP 1987), six levels of 64 slots, one
 * tick a millisecond, doubly linked lists. Arming and cancelling are O(1) and allocate nothing: a timer is a number, and
 * what is known of it lies under that number in arrays without references, which a garbage collection does not visit.
 *
 * A timer never fires early: its deadline is rounded up to a tick, and ticks are processed when they have passed.
 */
import { type Slots, slots } from '../slots.ts';
const LEVELS = 6;
const SLOT_BITS = 6;
const SLOTS = 1 << SLOT_BITS;
const MASK = SLOTS - 1;
/** Ticks that one slot of a level covers. */
const SPAN: readonly number[] = Array.from({ length: LEVELS }, (_, level) => SLOTS ** level);
/** What to multiply by in place of dividing by it: exact, since spans are powers of two. */
const PER_SPAN: readonly number[] = SPAN.map(span => 1 / span);
/** 64^6 ms are 2.18 years; what is longer waits in the last level and is placed again each time it comes round. */
const HORIZON = SLOTS ** LEVELS - 1;
/** The first numbers are heads of lists: one for each slot of each level, and the one of what is being placed or fired. */
const TAKEN = LEVELS * SLOTS;
const FIRST = TAKEN + 1;
const INITIAL_CAPACITY = 512;
/** Room for so many timers (28 bytes each) is kept when none is armed any more. */
const KEPT_CAPACITY = 1 << 17;

/** Stands for no timer where a number must be. */
export const NO_TIMER = 0;

/** What to do when a timer fires; one object for all timers of an owner, no closure a timer. */
export interface TimerOwner {
  /** `timer` is free again, and may be what the next `arm` answers. */
  timerFired(tag: number, timer: number): void;
}

export class TimingWheel {
  /** Ticks at which timers fire. */
  #when = new Float64Array(INITIAL_CAPACITY);
  /** Rings of armed timers, each through its head; of the free ones `#next` is a list. */
  #next = new Int32Array(INITIAL_CAPACITY);
  #previous = new Int32Array(INITIAL_CAPACITY);
  #tags = new Float64Array(INITIAL_CAPACITY);
  /** Undefined: not armed. */
  #owners: Slots<TimerOwner | undefined> = slots(0, undefined);
  #free = NO_TIMER;
  /** Numbers from here on were never used. */
  #unused = FIRST;
  /** One bit a slot of a level that may be occupied: two words of 32 for each level. */
  readonly #occupied = new Int32Array(LEVELS * 2);
  /** The last tick that was processed. */
  #tick: number;
  #armed = 0;

  /** `now` in milliseconds of the same clock that later calls use. */
  constructor(now: number) {
    this.#tick = Math.floor(now);
    this.#clear();
  }

  get armed(): number {
    return this.#armed;
  }

  /** Timers have numbers below this. It only becomes less while none is armed. */
  get capacity(): number {
    return this.#when.length;
  }

  /** Call `owner.timerFired` when `delay` milliseconds have passed since `now`. See `armAt`. */
  arm(now: number, delay: number, owner: TimerOwner, tag: number): number {
    return this.armAt(Math.ceil(now + delay), owner, tag);
  }

  /**
   * Call `owner.timerFired` at this tick, a whole number. The answer is the timer's number, above 0, until it has fired or
   * was cancelled; `tag` is free for the owner: which of its timers this is.
   */
  armAt(when: number, owner: TimerOwner, tag: number): number {
    let timer = this.#free;
    if (timer !== NO_TIMER) this.#free = this.#next[timer];
    else {
      if (this.#unused === this.#when.length) this.#grow();
      timer = this.#unused++;
    }
    this.#when[timer] = Math.max(when, this.#tick + 1);
    this.#tags[timer] = tag;
    this.#owners[timer] = owner;
    this.#place(timer);
    this.#armed++;
    return timer;
  }

  /** Nothing for a timer that has fired or was cancelled, as long as its number is not used again. */
  cancel(timer: number): void {
    if (this.#owners[timer] === undefined) return;
    this.#unlink(timer);
    this.#release(timer);
  }

  ownerOf(timer: number): TimerOwner | undefined {
    return this.#owners[timer];
  }

  tagOf(timer: number): number {
    return this.#tags[timer];
  }

  /** Tick at which it fires. */
  whenOf(timer: number): number {
    return this.#when[timer];
  }

  /** Process every tick up to `now`; answers how many timers fired. Owners may arm and cancel meanwhile. */
  advance(now: number): number {
    const target = Math.floor(now);
    let fired = 0;
    while (this.#tick < target) {
      if (this.#armed === 0) {
        this.#tick = target;
        break;
      }
      const next = Math.min(target, this.#nextBusyTick());
      this.#tick = next;
      this.#cascade(next);
      fired += this.#fire(next & MASK, next);
    }
    return fired;
  }

  /** Milliseconds from `now` until something may be due; -1 if nothing is armed. May be early, never late. */
  delay(now: number): number {
    if (this.#armed === 0) return -1;
    return Math.max(0, this.#nextBusyTick() - now);
  }

  /** The next tick that has a timer of level 0 or at which a busy slot of a higher level must be spread out. */
  #nextBusyTick(): number {
    let best = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const low = this.#occupied[level * 2];
      const high = this.#occupied[level * 2 + 1];
      if (low === 0 && high === 0) continue;
      const span = SPAN[level];
      const position = Math.floor(this.#tick / span);
      for (let ahead = 1; ahead <= SLOTS; ahead++) {
        const slot = (position + ahead) & MASK;
        if (((slot < 32 ? low : high) & (1 << (slot & 31))) === 0) continue;
        const tick = (position + ahead) * span;
        if (tick < best) best = tick;
        break;
      }
    }
    return best;
  }

  #place(timer: number): void {
    const when = this.#when[timer];
    const ahead = when - this.#tick;
    let level = 0;
    while (level < LEVELS - 1 && ahead >= SPAN[level + 1]) level++;
    // Beyond the horizon the slot just behind the current one of the last level comes round last.
    const tick = ahead > HORIZON ? this.#tick + HORIZON : when;
    const slot = Math.floor(tick * PER_SPAN[level]) & MASK;
    const head = level * SLOTS + slot;
    const next = this.#next;
    const previous = this.#previous;
    const last = previous[head];
    previous[timer] = last;
    next[timer] = head;
    next[last] = timer;
    previous[head] = timer;
    this.#occupied[level * 2 + (slot >> 5)] |= 1 << (slot & 31);
  }

  #unlink(timer: number): void {
    const next = this.#next[timer];
    const previous = this.#previous[timer];
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  /** It is not armed any more, and its number can be used again. */
  #release(timer: number): void {
    this.#owners[timer] = undefined;
    this.#next[timer] = this.#free;
    this.#free = timer;
    // A burst must not leave its high-water mark behind.
    if (--this.#armed === 0 && this.#when.length > KEPT_CAPACITY) this.#resize(INITIAL_CAPACITY);
  }

  #grow(): void {
    const when = this.#when;
    const next = this.#next;
    const previous = this.#previous;
    const tags = this.#tags;
    this.#allocate(when.length * 2);
    this.#when.set(when);
    this.#next.set(next);
    this.#previous.set(previous);
    this.#tags.set(tags);
  }

  /** While nothing is armed. */
  #resize(capacity: number): void {
    this.#allocate(capacity);
    this.#clear();
  }

  #allocate(capacity: number): void {
    this.#when = new Float64Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
    this.#tags = new Float64Array(capacity);
  }

  /** No timer, and all numbers unused. */
  #clear(): void {
    for (let head = 0; head < FIRST; head++) {
      this.#next[head] = head;
      this.#previous[head] = head;
    }
    this.#owners = slots(FIRST, undefined);
    this.#free = NO_TIMER;
    this.#unused = FIRST;
  }

  /** Put a slot's whole list on the ring of what is taken: nobody looks for it in the slot any more. */
  #take(level: number, slot: number): void {
    this.#occupied[level * 2 + (slot >> 5)] &= ~(1 << (slot & 31));
    const next = this.#next;
    const previous = this.#previous;
    const head = level * SLOTS + slot;
    const first = next[head];
    if (first === head) return;
    const last = previous[head];
    next[TAKEN] = first;
    previous[first] = TAKEN;
    next[last] = TAKEN;
    previous[TAKEN] = last;
    next[head] = head;
    previous[head] = head;
  }

  /** At a multiple of a level's span the level's slot is spread over the levels below. */
  #cascade(tick: number): void {
    for (let level = LEVELS - 1; level >= 1; level--) {
      if (tick % SPAN[level] !== 0) continue;
      this.#take(level, Math.floor(tick / SPAN[level]) & MASK);
      for (let timer = this.#next[TAKEN]; timer !== TAKEN; timer = this.#next[TAKEN]) {
        this.#unlink(timer);
        this.#place(timer);
      }
    }
  }

  /**
   * Fire one slot. Its list is put on a ring of its own first, from which each is taken as its turn comes: an owner may
   * cancel timers that are still to fire in this very tick, and they must not.
   */
  #fire(slot: number, tick: number): number {
    this.#take(0, slot);
    let fired = 0;
    // Owners may arm, which may make the arrays anew.
    for (let timer = this.#next[TAKEN]; timer !== TAKEN; timer = this.#next[TAKEN]) {
      this.#unlink(timer);
      if (this.#when[timer] > tick) {
        this.#place(timer);
        continue;
      }
      const owner = this.#owners[timer]!;
      const tag = this.#tags[timer];
      this.#release(timer);
      fired++;
      owner.timerFired(tag, timer);
    }
    return fired;
  }
}
