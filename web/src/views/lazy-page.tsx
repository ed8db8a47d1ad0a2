// SPDX-License-Identifier: MIT
// Pages whose scripts are read when somebody goes there: the first page is quick for it.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError } from "../api";
import { reloadIfReplaced } from "../state/replaced";
import { Failed, Loading } from "./feedback";

/** The page that `load` brings; until it is there, what is shown while something loads. */
export function lazyPage<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  const page = signal<ComponentType<Props> | "failed" | null>(null);

  async function read(): Promise<void> {
    page.value = null;
    try {
      const loaded = await load();
      page.value = loaded;
    } catch {
      if (!(await reloadIfReplaced())) page.value = "failed";
    }
  }

  return function LazyPage(props: Props) {
    useEffect(() => {
      if (page.peek() === null || page.peek() === "failed") void read();
    }, []);
    const Loaded = page.value;
    if (Loaded !== null && Loaded !== "failed") return <Loaded {...props} />;
    return (
      <div class="page">
        {Loaded === null ? (
          <Loading lines={6} />
        ) : (
          <Failed error={new ApiError(null)} retry={() => void read()} />
        )}
      </div>
    );
  };
}

/** The same for what is nothing until it is there. */
export function lazyPart(load: () => Promise<ComponentType>): ComponentType {
  const part = signal<ComponentType | null>(null);
  return function LazyPart() {
    useEffect(() => {
      // Where the server is away, the next time may have it.
      if (!part.peek()) load().then((loaded) => (part.value = loaded), () => undefined);
    }, []);
    const Loaded = part.value;
    return Loaded && <Loaded />;
  };
}
