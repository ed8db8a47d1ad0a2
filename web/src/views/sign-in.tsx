// SPDX-License-Identifier: MIT
// In place of the page while the server demands its token.

import { useState } from "preact/hooks";
import type { ApiError } from "../api";
import { t } from "../state/preferences";
import { submitToken } from "../state/session";
import { ErrorText } from "./said";

export function SignIn() {
  const [token, setToken] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(await submitToken(token.trim()));
    setBusy(false);
  };
  const wrong = error?.problem?.status === 401;
  return (
    <div class="page">
      <form class="empty" onSubmit={(event) => void submit(event)}>
        <h1 class="empty-title">{t("signIn.title")}</h1>
        <p class="empty-text" id="sign-in-help">
          {t("signIn.text")}
        </p>
        <label class="hint" for="sign-in-token">
          {t("signIn.token")}
        </label>
        <input
          id="sign-in-token"
          class="text-field"
          type="password"
          autocomplete="current-password"
          required
          aria-describedby="sign-in-help"
          aria-invalid={wrong}
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        {error && (
          <p class="notice is-error" role="alert">
            {wrong ? t("signIn.wrong") : <ErrorText error={error} />}
          </p>
        )}
        <button type="submit" class="button is-primary" aria-disabled={busy}>
          {t("signIn.submit")}
        </button>
      </form>
    </div>
  );
}
