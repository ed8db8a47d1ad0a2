// SPDX-License-Identifier: MIT
// What the server knows before anything is asked: examples, models, metrics, its own contract.

import type { OpenApi } from "../lib/contract";
import { postJson, request } from "./request";

export interface Preset {
  id: string;
  name: string;
  description: string;
  document: unknown;
}

export interface ModelSummary {
  name: string;
  title: string;
}

interface Parameter {
  name: string;
  value: number | boolean;
}

export interface RuntimeSummary extends ModelSummary {
  /** How its GIL changes hands: "interval" by the switch interval. */
  gil: string;
  /** Where they were asked for: the page that is built with the dashboard has none. */
  parameters?: Parameter[];
}

export interface ProfileSummary extends ModelSummary {
  parameters: Parameter[];
}

export interface Models {
  items: RuntimeSummary[];
  profiles: ProfileSummary[];
}

export interface MetricInfo {
  name: string;
  unit: string;
  meaning: string;
  better: "higher" | "lower" | "neutral";
}

export async function getPresets(): Promise<Preset[]> {
  return (await request<{ items: Preset[] }>("/presets")).items;
}

export function getContract(): Promise<OpenApi> {
  return request<OpenApi>("/openapi.json", {}, "");
}

/** With those parameters only that the page reads: of all of them it would be half a megabyte. */
export function getModels(): Promise<Models> {
  return request<Models>("/models?parameters=cores,python_cost");
}

export async function getMetrics(): Promise<MetricInfo[]> {
  return (await request<{ items: MetricInfo[] }>("/metrics")).items;
}

/** The browser then has a cookie; the token itself is kept nowhere. */
export function signIn(token: string): Promise<void> {
  return postJson<void>("/session", JSON.stringify({ token }));
}

/** JSON Schema of documents. */
export function getSchema(): Promise<unknown> {
  return request<unknown>("/schema");
}
