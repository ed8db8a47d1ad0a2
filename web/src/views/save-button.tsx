// SPDX-License-Identifier: MIT
// Saves what the page shows as a file. The server writes it whole before it sends it, which of many
// spans takes a while.

import type { FileOf } from "../api";
import { t } from "../state/preferences";
import { fileError, isWriting, saveFile } from "../state/result-file";
import { Notice } from "./feedback";
import { Icon } from "./icon";

export function SaveButton({ of }: { of: FileOf }) {
  const busy = isWriting.value;
  return (
    <button
      type="button"
      class="button"
      title={t("file.save.note")}
      aria-disabled={busy}
      onClick={() => void saveFile(of)}
    >
      <Icon name="save" />
      <span aria-live="polite">{busy ? t("file.saving") : t("file.save")}</span>
    </button>
  );
}

/** Why the file of that experiment or run is not there. */
export function SaveProblem({ id }: { id: string }) {
  const failed = fileError.value;
  if (failed?.of.id !== id) return null;
  return <Notice error={failed.error} />;
}
