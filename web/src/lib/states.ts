// SPDX-License-Identifier: MIT
// How each state looks. Meaning is carried three times: by colour (a token of tokens.css), by
// height or pattern, and by a letter; so a picture without colour still reads. The letters are signs,
// the same in every language, and the legend says what each stands for: initials would clash (five
// states begin with "czeka" in Polish, two with "runs" in English), and a picture that goes from
// hand to hand would read otherwise in each.

export type Pattern = "solid" | "hatch" | "dots" | "lines" | "cross" | "edge";

export interface StateLook {
  /** Suffix of the CSS variable: --state-<token>. */
  token: string;
  pattern: Pattern;
  letter: string;
  /** Share of the lane's height, 0..1; low bars say "nothing happens". */
  height: number;
}

const LOOKS: Record<string, StateLook> = {
  running: { token: "run", pattern: "solid", letter: "R", height: 1 },
  running_c: { token: "run-c", pattern: "edge", letter: "C", height: 1 },
  detached: { token: "detached", pattern: "edge", letter: "D", height: 1 },
  held: { token: "run", pattern: "edge", letter: "H", height: 1 },
  callback: { token: "run", pattern: "dots", letter: "B", height: 1 },
  wait_gil: { token: "gil", pattern: "hatch", letter: "G", height: 1 },
  forced_wait: { token: "forced", pattern: "hatch", letter: "F", height: 1 },
  ready: { token: "ready", pattern: "dots", letter: "Q", height: 0.72 },
  io: { token: "io", pattern: "lines", letter: "I", height: 0.72 },
  await_io: { token: "io", pattern: "lines", letter: "I", height: 0.72 },
  poll: { token: "io", pattern: "lines", letter: "P", height: 0.4 },
  sleep: { token: "sleep", pattern: "solid", letter: "S", height: 0.16 },
  await_timer: { token: "sleep", pattern: "solid", letter: "T", height: 0.16 },
  wait_lock: { token: "lock", pattern: "hatch", letter: "L", height: 0.8 },
  await_lock: { token: "lock", pattern: "hatch", letter: "L", height: 0.8 },
  wait_object: { token: "object", pattern: "dots", letter: "W", height: 0.56 },
  await_future: { token: "object", pattern: "dots", letter: "W", height: 0.56 },
  spin: { token: "lock", pattern: "cross", letter: "X", height: 1 },
  paused: { token: "pause", pattern: "cross", letter: "Z", height: 0.8 },
  switch: { token: "switch", pattern: "cross", letter: "K", height: 0.8 },
  throttled: { token: "throttled", pattern: "hatch", letter: "U", height: 0.8 },
  idle: { token: "idle", pattern: "solid", letter: "", height: 0.1 },
  free: { token: "idle", pattern: "solid", letter: "", height: 0.1 },
  alive: { token: "alive", pattern: "solid", letter: "", height: 0.16 },
};

/** The one kind of instant with a mark of its own: it is rare and what one looks for. */
export const SLOW_CALLBACK = "slow_callback";

/** Lower bars have no room for text. */
export const TEXT_MIN_HEIGHT = 0.7;

/* Low on the lane of its loop; the lane of its own it fills. */
const FULL_ELSEWHERE: ReadonlySet<string> = new Set(["poll"]);

/** The letter that stands in bars of a state; "" when there is room for none. */
export function letterOf(state: string): string {
  const { letter, height } = lookOf(state);
  return height >= TEXT_MIN_HEIGHT || FULL_ELSEWHERE.has(state) ? letter : "";
}

const UNKNOWN: StateLook = { token: "unknown", pattern: "cross", letter: "?", height: 0.6 };

export function lookOf(state: string): StateLook {
  return LOOKS[state] ?? UNKNOWN;
}

/** States in which a lane does nothing worth a row in legends and summaries. */
export function isQuiet(state: string): boolean {
  return state === "idle" || state === "free" || state === "alive";
}

/** Every state this page knows how to draw, in the order in which legends list them. */
export const KNOWN_STATES: readonly string[] = Object.keys(LOOKS);

export function byLegendOrder(a: string, b: string): number {
  const rank = (state: string): number => KNOWN_STATES.indexOf(state) + 1 || Infinity;
  const difference = rank(a) - rank(b);
  return Number.isNaN(difference) ? 0 : difference;
}
