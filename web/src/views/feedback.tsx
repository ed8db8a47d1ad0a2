// SPDX-License-Identifier: MIT
// What stands where data would stand: loading, empty, failed. And the badge of a status.

import type { ComponentChildren } from "preact";
import type { ApiError } from "../api";
import { t, tServer } from "../state/preferences";
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

/** `missing` is the page's title when the thing that the page is about does not exist. */
export function Failed(props: {
  error: ApiError;
  missing?: string;
  children?: ComponentChildren;
  retry?: () => void;
}) {
  const gone = props.error.isMissing ? props.missing : undefined;
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
