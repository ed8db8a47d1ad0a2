// SPDX-License-Identifier: MIT
// One experiment in the list: its name, which can be changed in place, and what can be done.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ApiError, ExperimentSummary } from "../api";
import { formatBytes, formatDate } from "../lib/format";
import { experimentRoute } from "../lib/route";
import { experimentName } from "../state/catalogue";
import { isOver } from "../state/experiment";
import { language, locale, t } from "../state/preferences";
import { cancelRun, resumeRun } from "../state/queue";
import { removeSoon } from "../state/removal";
import { asApiError } from "../state/resource";
import { renameRun } from "../state/runs";
import { sizes } from "../state/storage";
import { Status } from "./feedback";
import { ErrorText } from "./said";
import { ToolButton } from "./tool-button";

const NAME_MAX = 200;

function NameField(props: { item: ExperimentSummary; done(): void }) {
  const { item, done } = props;
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const old = experimentName(item.name);
  useLayoutEffect(() => input.current?.select(), []);
  /* The field loses the focus once more when it goes. */
  const hasEnded = useRef(false);
  const end = (): void => {
    if (hasEnded.current) return;
    hasEnded.current = true;
    done();
  };
  const save = async (): Promise<void> => {
    const name = input.current?.value.trim() ?? "";
    if (hasEnded.current || name === "" || name === old) return end();
    try {
      await renameRun(item.id, name);
      end();
    } catch (reason) {
      setError(asApiError(reason));
    }
  };
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        ref={input}
        class="text-field"
        defaultValue={old}
        maxLength={NAME_MAX}
        aria-label={t("runs.rename.label", { name: old })}
        aria-invalid={error !== null}
        onKeyDown={(event) => {
          if (event.key === "Escape") end();
        }}
        onBlur={() => void save()}
      />
      {error && (
        <p class="name-error" role="alert">
          <ErrorText error={error} />
        </p>
      )}
    </form>
  );
}

function Actions({ item, rename }: { item: ExperimentSummary; rename(): void }) {
  const name = experimentName(item.name);
  const canResume = item.status === "interrupted" || item.status === "failed";
  return (
    <span class="row-actions">
      {canResume && (
        <ToolButton
          icon="play"
          label={t("runs.resume", { name })}
          act={() => void resumeRun(item.id)}
        />
      )}
      {!isOver(item.status) && (
        <ToolButton
          icon="stop"
          label={t("runs.cancel", { name })}
          act={() => void cancelRun(item.id)}
        />
      )}
      <ToolButton icon="rename" label={t("runs.rename", { name })} act={rename} />
      <ToolButton
        icon="remove"
        label={t("runs.remove", { name })}
        disabled={!isOver(item.status)}
        act={() => removeSoon({ id: item.id, name })}
      />
    </span>
  );
}

export function RunRow({ item }: { item: ExperimentSummary }) {
  const [isNaming, setNaming] = useState(false);
  const row = useRef<HTMLTableRowElement>(null);
  const wasHere = useRef(false);
  const bytes = sizes.value.get(item.id);
  const stopNaming = (): void => {
    wasHere.current = row.current?.contains(document.activeElement) ?? false;
    setNaming(false);
  };
  // Whoever was at the field goes on from here; whoever went elsewhere stays there.
  useLayoutEffect(() => {
    if (isNaming || !wasHere.current) return;
    wasHere.current = false;
    row.current?.querySelector<HTMLElement>(".row-link")?.focus();
  }, [isNaming]);
  return (
    <tr ref={row} data-experiment={item.id}>
      <td class="cell-main">
        {isNaming ? (
          <NameField item={item} done={stopNaming} />
        ) : (
          <a
            class="row-link"
            href={experimentRoute(item.id)}
            onKeyDown={(event) => {
              if (event.key === "F2") setNaming(true);
            }}
          >
            {experimentName(item.name)}
          </a>
        )}
      </td>
      <td data-label={t("runs.column.status")}>
        <Status status={item.status} />
      </td>
      <td class="is-number" data-label={t("runs.column.cells")}>
        {item.cells_done}/{item.cells}
      </td>
      <td class="is-number" data-label={t("runs.column.size")}>
        {bytes === undefined ? <span aria-hidden="true">…</span> : formatBytes(bytes, language.value)}
      </td>
      <td data-label={t("runs.column.created")}>
        <time dateTime={new Date(item.created_ms).toISOString()}>
          {formatDate(item.created_ms, locale.value)}
        </time>
      </td>
      <td class="cell-actions">
        <Actions item={item} rename={() => setNaming(true)} />
      </td>
    </tr>
  );
}
