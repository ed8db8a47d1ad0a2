// SPDX-License-Identifier: MIT
// What stands where data would stand: loading, empty, failed. And the badge of a status.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { ApiError } from "../api";
import { t, tServer } from "../state/preferences";
import { isPast, onBack } from "../state/reach";
import { ErrorText } from "./said";

export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div class="loading" role="status" aria-label={t("app.loading")}>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="loading-line" />
      ))}
    </div>
  );
}

/** `page`: it is all that the page has, so its title is the page's. */
function Title({ page, text }: { page: boolean; text: string }) {
  return page ? <h1 class="empty-title">{text}</h1> : <h2 class="empty-title">{text}</h2>;
}

export function Empty(props: {
  title: string;
  text: string;
  page?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <span class="empty-mark" aria-hidden="true" />
      <Title page={props.page === true} text={props.title} />
      <p class="empty-text">{props.text}</p>
      {props.children}
    </div>
  );
}

/** What could not be done; that the server was away goes when it is back. */
export function Notice({ error }: { error: ApiError | null }) {
  if (!error || isPast(error)) return null;
  return (
    <p class="notice is-error" role="alert">
      <ErrorText error={error} />
    </p>
  );
}

/** `missing` is the page's title when the thing that the page is about does not exist. It is tried
 * again when somebody says so, and when a server that was away is back. */
export function Failed(props: {
  error: ApiError;
  missing?: string;
  children?: ComponentChildren;
  retry?: () => void;
}) {
  const gone = props.error.isMissing ? props.missing : undefined;
  const again = props.error.isAway ? props.retry : undefined;
  useEffect(() => again && onBack(again), [props.error]);
  return (
    <div class="empty is-error" role="alert">
      <span class="empty-mark" aria-hidden="true" />
      <Title page={props.missing !== undefined} text={gone ?? t("error.title")} />
      {gone === undefined && (
        <p class="empty-text">
          <ErrorText error={props.error} />
        </p>
      )}
      <div class="empty-actions">
        {props.retry && gone === undefined && (
          <button type="button" class="button" onClick={props.retry}>
            {t("app.retry")}
          </button>
        )}
        {props.children}
      </div>
    </div>
  );
}

export function Status({ status }: { status: string }) {
  return (
    <span class="status" data-status={status}>
      <span class="status-dot" aria-hidden="true" />
      {tServer("status", status, status.replace(/_/g, " "))}
    </span>
  );
}
