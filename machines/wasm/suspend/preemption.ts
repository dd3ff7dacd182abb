/**
 * What happens to a guest that runs on and on. `none`: nothing. `kill`: loops and recursion count down the fuel, and when
 * it is spent the guest traps. `resume`: then it stops instead, and can go on with more.
 */
export type Preemption = 'none' | 'kill' | 'resume';
