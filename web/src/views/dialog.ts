// SPDX-License-Identifier: MIT
// A dialog that is open for as long as it is there. The focus goes back where it was.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function useDialog(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return dialog;
}
