// SPDX-License-Identifier: MIT
// The page of the API without its script, which is read when somebody wants to see it.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError } from "../api";
import { Failed, Loading } from "./feedback";

type Page = typeof import("./api-page");

const page = signal<Page | "failed" | null>(null);

async function load(): Promise<void> {
  try {
    page.value = await import("./api-page");
  } catch {
    page.value = "failed";
  }
}

export function ApiPage({ place }: { place: string | null }) {
  useEffect(() => {
    if (page.peek() === null || page.peek() === "failed") void load();
  }, []);
  const loaded = page.value;
  if (loaded !== null && loaded !== "failed") return <loaded.ApiPage place={place} />;
  return (
    <div class="page">
      {loaded === null ? (
        <Loading lines={6} />
      ) : (
        <Failed error={new ApiError(null)} retry={() => void load()} />
      )}
    </div>
  );
}
