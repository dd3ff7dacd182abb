/** What a channel's userdata holds. Its one value is the table of buffered values, a ring from 1 to the capacity. */

export const ChannelType = {
  /** Made by the program: connects its paths. */
  Own: 0,
  /** Messages on topics that nothing listens on. */
  Inbox: 1,
  /** Messages on one topic. */
  Topic: 2,
  /** Process events. */
  Events: 3,
  /** A timer or ticker. */
  Timer: 4,
} as const;
export type ChannelType = (typeof ChannelType)[keyof typeof ChannelType];

export const CHANNEL_TYPE = 4;
export const CHANNEL_CAPACITY = 8;
export const CHANNEL_HEAD = 12;
/** A ticker: its period in milliseconds, as a float; 0 for a timer. Timers have no buffer. */
export const CHANNEL_PERIOD = 8;
/** Values buffered; 1 for a timer that has fired and was not looked at. */
export const CHANNEL_COUNT = 16;
export const CHANNEL_CLOSED = 20;
/** A topic: whether whole messages are wanted. A timer: its command's tag, 0 while it is not running. */
export const CHANNEL_DETAIL = 24;
/** A timer: when it fired last, in unix milliseconds, as a float. */
export const CHANNEL_FIRED = 32;

export const BUFFER = 1;

/** Values of a case, from 1; its second word says whether it sends. */
export const CASE_CHANNEL = 1;
export const CASE_VALUE = 2;
export const CASE_SENDS = 4;
