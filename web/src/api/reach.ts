// SPDX-License-Identifier: MIT
// Whether the server answers, as every request and every stream of events finds it.

/** yes: it answered; no: it did not; unsure: ask it. */
export type Heard = "yes" | "no" | "unsure";

let hook: (heard: Heard) => void = () => undefined;

/** `tell` is called with what is heard of the server. */
export function onReach(tell: (heard: Heard) => void): void {
  hook = tell;
}

export function tellReach(heard: Heard): void {
  hook(heard);
}

/* What stops, or waits for room, answers with 503, which says nothing of the next moment. */
const NEUTRAL = 503;
/* What a proxy says in place of a server that is away. */
const FROM_PROXY: readonly number[] = [502, 504];

export function isFromProxy(status: number): boolean {
  return FROM_PROXY.includes(status);
}

export function tellStatus(status: number): void {
  if (status !== NEUTRAL) tellReach(isFromProxy(status) ? "no" : "yes");
}

const PROBE_MS = 8000;

/** Asks the server for no more than that it is there. */
export async function askReach(): Promise<void> {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) });
    tellStatus(answer.status);
  } catch {
    tellReach("no");
  }
}
