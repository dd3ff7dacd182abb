/** Which processes can go on elsewhere, and their machines as images. */
import type { Image, StateMachine } from '../machine.ts';
import type { Outbound } from './outbound.ts';
import type { Process } from './process.ts';

/** Messages that may wait for a process that is moved: all of them are copied. */
const MOST_MESSAGES = 1000;
/** Bytes of the largest image that is moved, and of the messages that go with it. */
const LARGEST_IMAGE = 4 << 20;
const MOST_BYTES = 4 << 20;

/** `quiet`: the last epoch of which everything was delivered that was sent to other schedulers. */
export function mayGo(process: Process, taker: number, outbound: Outbound, quiet: number): boolean {
  const { extras } = process;
  if (process.sentAt > quiet || process.waiting > MOST_MESSAGES) return false;
  if (!outbound.mayRunOn(process.linked.host, taker)) return false;
  if (process.linked.stays) return false;
  if (extras === undefined) return true;
  // What it has opened is of this thread, and so is an operation that it waits for.
  if (extras.arriving !== undefined || extras.heavy || extras.releases !== undefined) return false;
  if (extras.heldBytes > MOST_BYTES) return false;
  if (extras.commands !== undefined) {
    for (const command of extras.commands.values()) if (command.operation !== undefined) return false;
  }
  return true;
}

/** Make an image of its machine if it has one; false where it cannot be moved now. */
export function pack(process: Process): boolean {
  const { machine } = process;
  if (machine === undefined) return true;
  const image = imageOf(machine);
  if (image === undefined) return false;
  process.machine = undefined;
  const { rare } = process;
  rare.image = image;
  rare.heavy = image.bytes.length > LARGEST_IMAGE;
  return !rare.heavy;
}

/** Its image, and then it is closed. No fault of a machine may get in the way of the processes beside it. */
function imageOf(machine: StateMachine): Image | undefined {
  let image: Image | undefined;
  try {
    image = machine.suspend?.();
  } catch {
    // There was no memory for it, say: it goes on here.
    return undefined;
  }
  if (image === undefined) return undefined;
  try {
    machine.close();
  } catch {
    // As at the end of a process: it has been told to let go.
  }
  return image;
}
