// SPDX-License-Identifier: MIT
// Whether the server demands its token, and signing in with it.

import { signal } from "@preact/signals";
import { type ApiError, onSignedOut, signIn } from "../api";
import { asApiError } from "./resource";

export const signedOut = signal(false);
onSignedOut(() => {
  signedOut.value = true;
});

/** Null when it worked: what failed before is then read again by the page that shows it. */
export async function submitToken(token: string): Promise<ApiError | null> {
  try {
    await signIn(token);
    signedOut.value = false;
    return null;
  } catch (reason) {
    return asApiError(reason);
  }
}
