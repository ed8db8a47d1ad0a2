// SPDX-License-Identifier: MIT
// The little of a browser that the state modules touch, under the test's control: time passes
// when runTimers() is called, the server answers what `answers` says.

interface Timer {
  id: number;
  run: () => void;
}

export interface Asked {
  method: string;
  path: string;
  body: string | null;
  signal: AbortSignal | null;
}

export interface Reply {
  status: number;
  body: unknown;
}

export type Answer = (asked: Asked) => Reply | Promise<Reply>;

let timers: Timer[] = [];
let nextTimer = 1;
const stored = new Map<string, string>();

export const asked: Asked[] = [];
export const sources: FakeEventSource[] = [];
let answer: Answer = () => ({ status: 404, body: { title: "Not found", status: 404 } });

export class FakeEventSource {
  static readonly CLOSED = 2;
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  private readonly listeners = new Map<string, ((message: { data: string }) => void)[]>();

  constructor(readonly address: string) {
    sources.push(this);
  }

  addEventListener(name: string, listener: (message: { data: string }) => void): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  emit(name: string, data: unknown): void {
    for (const listener of this.listeners.get(name) ?? []) listener({ data: JSON.stringify(data) });
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }
}

const storage = {
  getItem: (key: string) => stored.get(key) ?? null,
  setItem: (key: string, value: string) => void stored.set(key, value),
  removeItem: (key: string) => void stored.delete(key),
};

const fakeWindow = {
  location: { hash: "" },
  addEventListener: () => {},
  matchMedia: () => ({ matches: false, addEventListener: () => {} }),
  setTimeout(run: () => void) {
    timers.push({ id: nextTimer, run });
    return nextTimer++;
  },
  clearTimeout(id: number) {
    timers = timers.filter((timer) => timer.id !== id);
  },
};

async function fakeFetch(path: string, init: RequestInit = {}): Promise<unknown> {
  const question = {
    method: init.method ?? "GET",
    path,
    body: typeof init.body === "string" ? init.body : null,
    signal: init.signal ?? null,
  };
  asked.push(question);
  const { status, body } = await answer(question);
  return { ok: status < 400, status, json: () => Promise.resolve(body) };
}

export function installBrowser(): void {
  const globals: Record<string, unknown> = {
    window: fakeWindow,
    document: { documentElement: { dataset: {} }, hidden: false },
    localStorage: storage,
    sessionStorage: storage,
    EventSource: FakeEventSource,
    fetch: fakeFetch,
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const navigator = { languages: ["pl-PL", "en"], language: "pl-PL" };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

/** From now on the server answers so; what was asked before is forgotten. */
export function answerWith(next: Answer, keepTimers = false): void {
  answer = next;
  asked.length = 0;
  sources.length = 0;
  if (!keepTimers) timers = [];
}

export function runTimers(): void {
  const due = timers;
  timers = [];
  for (const timer of due) timer.run();
}

/** Lets everything that is already resolved run to its end. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
