// SPDX-License-Identifier: MIT
// Reads again what changes all the time: one read at a time, and after each a rest that is eight
// times as long as it took, so that who is slow, this page or the server, is asked less often.

const REST = 8;
const REST_MIN_MS = 100;

export interface Pace {
  /** Reads now, or as soon as the rest is over; asking many times is asking once. */
  ask(): void;
  stop(): void;
}

/** `read` handles its own failures. */
export function createPace(read: () => Promise<void>): Pace {
  let busy = false;
  let wanted = false;
  let stopped = false;
  let timer = 0;
  const rested = (): void => {
    busy = false;
    if (wanted) ask();
  };
  const ask = (): void => {
    wanted = true;
    if (busy || stopped) return;
    wanted = false;
    busy = true;
    const began = performance.now();
    void read().then(() => {
      const rest = Math.max(REST_MIN_MS, REST * (performance.now() - began));
      if (!stopped) timer = window.setTimeout(rested, rest);
    });
  };
  return {
    ask,
    stop() {
      stopped = true;
      window.clearTimeout(timer);
    },
  };
}
