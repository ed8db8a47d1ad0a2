// SPDX-License-Identifier: MIT
// Asking the server. Everything that fails throws ApiError, which carries the server's problem
// (RFC 9457) or "network" when there was no answer at all.

import { takeEarly } from "../lib/early-questions";
import { isFromProxy, tellReach, tellStatus } from "./reach";

/** A sentence in English, and what it is made of. */
export interface ProblemSentence {
  detail: string;
  message: string;
  values: string[];
}

export interface ProblemDetail extends ProblemSentence {
  pointer: string;
}

export interface Problem extends ProblemSentence {
  /** The last word of its type: "invalid", "limit". */
  kind: string;
  title: string;
  status: number;
  errors: ProblemDetail[];
}

export class ApiError extends Error {
  /** null: the server did not answer. */
  readonly problem: Problem | null;
  /** When it was found, as performance.now() says. */
  readonly at = performance.now();

  constructor(problem: Problem | null) {
    super(problem ? problem.detail || problem.title : "network");
    this.problem = problem;
  }

  /** Of something that was begun and failed later: there is its reason, and no refusal. */
  static saying(detail: string): ApiError {
    return new ApiError({ kind: "", title: "", status: 0, errors: [], detail, message: "", values: [] });
  }

  /** The server does not answer, or is about to stop. */
  get isAway(): boolean {
    return this.problem === null || this.problem.status === 503;
  }

  get isMissing(): boolean {
    return this.problem?.status === 404;
  }
}

const BASE = "/api/v1";

let signedOut: () => void = () => undefined;

/** `hook` is called whenever the server demands its token. */
export function onSignedOut(hook: () => void): void {
  signedOut = hook;
}

function readSentence({ detail, message, values }: Partial<ProblemSentence>): ProblemSentence {
  return {
    detail: typeof detail === "string" ? detail : "",
    message: typeof message === "string" ? message : "",
    values: Array.isArray(values) ? values.map(String) : [],
  };
}

function readProblem(status: number, body: unknown): Problem {
  const fields =
    typeof body === "object" && body !== null ? (body as Partial<Problem> & { type?: unknown }) : {};
  const errors = Array.isArray(fields.errors) ? fields.errors : [];
  return {
    ...readSentence(fields),
    kind: String(fields.type ?? "").split(":").at(-1) ?? "",
    title: typeof fields.title === "string" ? fields.title : `HTTP ${status}`,
    status,
    errors: errors.map((error) => ({
      ...readSentence(error),
      pointer: String(error.pointer ?? "").replace(/^#/, ""),
    })),
  };
}

/** Of any status. */
async function answerOf(path: string, init: RequestInit, base: string): Promise<Response> {
  try {
    const response = await (takeEarly(base + path) ?? fetch(base + path, init));
    tellStatus(response.status);
    return response;
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    tellReach("no");
    throw new ApiError(null);
  }
}

function refused(status: number, body: unknown): ApiError {
  if (isFromProxy(status)) return new ApiError(null);
  if (status === 401) signedOut();
  return new ApiError(readProblem(status, body));
}

export async function request<T>(path: string, init: RequestInit = {}, base = BASE): Promise<T> {
  const response = await answerOf(path, init, base);
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok || body === null) throw refused(response.status, body);
  return body as T;
}

/** What is no JSON; the browser keeps what is large on its disk. */
export async function requestFile(path: string): Promise<Blob> {
  const response = await answerOf(path, {}, BASE);
  if (!response.ok) throw refused(response.status, await response.json().catch(() => null));
  try {
    return await response.blob();
  } catch {
    throw new ApiError(null); /* The server went away in the middle of it. */
  }
}

export const id = encodeURIComponent;

export function sendJson<T>(
  method: "POST" | "PUT" | "PATCH",
  path: string,
  body: string,
  signal?: AbortSignal,
): Promise<T> {
  return request<T>(path, {
    method,
    headers: { "content-type": "application/json" },
    body,
    ...(signal ? { signal } : {}),
  });
}

/** `document` goes out as the user wrote it: the server is the judge of it. */
export function postJson<T>(path: string, body: string, signal?: AbortSignal): Promise<T> {
  return sendJson<T>("POST", path, body, signal);
}
