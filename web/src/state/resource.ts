// SPDX-License-Identifier: MIT
// Something read from the server once: idle, loading, ready or failed, as one signal.

import { type Signal, signal } from "@preact/signals";
import { ApiError } from "../api";
import { onBack } from "./reach";

export type Loaded<T> =
  | { status: "idle" | "loading" }
  | { status: "ready"; value: T }
  | { status: "failed"; error: ApiError };

export interface Resource<T> {
  readonly state: Signal<Loaded<T>>;
  /** Reads unless it was read already. */
  ensure(): void;
  /** Reads again; what is there stays until the answer comes. */
  reload(): Promise<void>;
}

export function asApiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) return reason;
  console.error(reason);
  return ApiError.saying("");
}

export function createResource<T>(read: () => Promise<T>): Resource<T> {
  const state = signal<Loaded<T>>({ status: "idle" });
  const reload = async (): Promise<void> => {
    if (state.peek().status !== "ready") state.value = { status: "loading" };
    try {
      state.value = { status: "ready", value: await read() };
    } catch (reason) {
      state.value = { status: "failed", error: asApiError(reason) };
    }
  };
  onBack(() => {
    const now = state.peek();
    if (now.status === "failed" && now.error.isAway) void reload();
  });
  return {
    state,
    reload,
    ensure() {
      const { status } = state.peek();
      if (status === "idle" || status === "failed") void reload();
    },
  };
}

/** The value if it is there. */
export function valueOf<T>(resource: Resource<T>): T | null {
  const state = resource.state.value;
  return state.status === "ready" ? state.value : null;
}

/** What the server makes of one run when somebody asks, and is asked for until it is there. */
export interface Made<T> {
  readonly state: Signal<Loaded<T>>;
  ask(run: string): void;
  /** Forgets what was asked; the answer to it is dropped. */
  forget(): void;
}

const POLL_MS = 700;

/** `read` gives null while it is being made. */
export function createMade<T>(read: (run: string) => Promise<T | null>): Made<T> {
  const state = signal<Loaded<T>>({ status: "idle" });
  let asked = 0;
  const poll = async (run: string, mine: number): Promise<void> => {
    try {
      const value = await read(run);
      if (mine !== asked) return;
      if (value !== null) state.value = { status: "ready", value };
      else window.setTimeout(() => mine === asked && void poll(run, mine), POLL_MS);
    } catch (reason) {
      if (mine === asked) state.value = { status: "failed", error: asApiError(reason) };
    }
  };
  return {
    state,
    ask(run) {
      asked += 1;
      state.value = { status: "loading" };
      void poll(run, asked);
    },
    forget() {
      asked += 1;
      state.value = { status: "idle" };
    },
  };
}
