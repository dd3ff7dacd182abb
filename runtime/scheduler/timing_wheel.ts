/**
 * All timers of one worker: a hierarchical timing wheel (Varghese and Lauck, SOSP 1987), six levels of 64 slots, one
 * tick a millisecond, intrusive doubly linked lists. Arming and cancelling are O(1) and allocate one node.
 *
 * A timer never fires early: its deadline is rounded up to a tick, and ticks are processed when they have passed.
 */
const LEVELS = 6;
const SLOT_BITS = 6;
const SLOTS = 1 << SLOT_BITS;
const MASK = SLOTS - 1;
/** Ticks that one slot of a level covers. */
const SPAN: readonly number[] = Array.from({ length: LEVELS }, (_, level) => SLOTS ** level);
/** 64^6 ms are 2.18 years; what is longer waits in the last level and is placed again each time it comes round. */
const HORIZON = SLOTS ** LEVELS - 1;

/** What to do when a timer fires; one object for all timers of an owner, no closure a timer. */
export interface TimerOwner {
  timerFired(timer: Timer): void;
}

export class Timer {
  /** Tick at which it fires. */
  when: number;
  readonly owner: TimerOwner;
  /** Free for the owner: which of its timers this is. */
  readonly tag: number;
  next: Timer | null = null;
  previous: Timer | null = null;

  constructor(when: number, owner: TimerOwner, tag: number) {
    this.when = when;
    this.owner = owner;
    this.tag = tag;
  }

  get armed(): boolean {
    return this.next !== null;
  }
}

const NOBODY: TimerOwner = { timerFired() {} };

export class TimingWheel {
  /** Ring heads, level by level. */
  readonly #slots: Timer[] = [];
  /** One bit a slot of a level that may be occupied: two words of 32 for each level. */
  readonly #occupied = new Int32Array(LEVELS * 2);
  /** The last tick that was processed. */
  #tick: number;
  #armed = 0;

  /** `now` in milliseconds of the same clock that later calls use. */
  constructor(now: number) {
    this.#tick = Math.floor(now);
    for (let i = 0; i < LEVELS * SLOTS; i++) {
      const head = new Timer(0, NOBODY, 0);
      head.next = head;
      head.previous = head;
      this.#slots.push(head);
    }
  }

  get armed(): number {
    return this.#armed;
  }

  /** Fire `owner.timerFired` when `delay` milliseconds have passed since `now`. */
  arm(now: number, delay: number, owner: TimerOwner, tag: number): Timer {
    const timer = new Timer(Math.max(Math.ceil(now + delay), this.#tick + 1), owner, tag);
    this.#place(timer);
    this.#armed++;
    return timer;
  }

  cancel(timer: Timer): void {
    if (timer.next === null) return;
    timer.previous!.next = timer.next;
    timer.next.previous = timer.previous;
    timer.next = null;
    timer.previous = null;
    this.#armed--;
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

  #place(timer: Timer): void {
    const ahead = Math.min(timer.when - this.#tick, HORIZON);
    let level = 0;
    while (level < LEVELS - 1 && ahead >= SPAN[level + 1]) level++;
    // Beyond the horizon the slot just behind the current one of the last level comes round last.
    const tick = timer.when - this.#tick > HORIZON ? this.#tick + HORIZON : timer.when;
    const slot = Math.floor(tick / SPAN[level]) & MASK;
    const head = this.#slots[level * SLOTS + slot];
    timer.previous = head.previous;
    timer.next = head;
    head.previous!.next = timer;
    head.previous = timer;
    this.#occupied[level * 2 + (slot >> 5)] |= 1 << (slot & 31);
  }

  /** Take a slot's whole list; the nodes are unlinked one by one by the caller. */
  #take(level: number, slot: number): Timer | null {
    this.#occupied[level * 2 + (slot >> 5)] &= ~(1 << (slot & 31));
    const head = this.#slots[level * SLOTS + slot];
    if (head.next === head) return null;
    const first = head.next!;
    const last = head.previous!;
    head.next = head;
    head.previous = head;
    last.next = null;
    first.previous = null;
    return first;
  }

  /** At a multiple of a level's span the level's slot is spread over the levels below. */
  #cascade(tick: number): void {
    for (let level = LEVELS - 1; level >= 1; level--) {
      if (tick % SPAN[level] !== 0) continue;
      let timer = this.#take(level, Math.floor(tick / SPAN[level]) & MASK);
      while (timer !== null) {
        const next: Timer | null = timer.next;
        this.#place(timer);
        timer = next;
      }
    }
  }

  /**
   * Fire one slot. The list is put on a private ring first: an owner may cancel timers that are still to fire in this
   * very tick, and they must not.
   */
  #fire(slot: number, tick: number): number {
    let timer = this.#take(0, slot);
    if (timer === null) return 0;
    const ring = new Timer(0, NOBODY, 0);
    ring.next = timer;
    timer.previous = ring;
    while (timer.next !== null) timer = timer.next;
    timer.next = ring;
    ring.previous = timer;
    let fired = 0;
    while (ring.next !== ring) {
      const due: Timer = ring.next!;
      ring.next = due.next;
      due.next!.previous = ring;
      due.next = null;
      due.previous = null;
      if (due.when > tick) {
        this.#place(due);
        continue;
      }
      this.#armed--;
      fired++;
      due.owner.timerFired(due);
    }
    return fired;
  }
}
