// SPDX-License-Identifier: MIT
// Result files, which other programs open.

import { id, requestFile } from "./request";

/** An experiment, or a run: that of one timeline only. */
export type FileOf = { readonly kind: "experiments" | "runs"; readonly id: string };

export function readSqliteFile(of: FileOf): Promise<Blob> {
  return requestFile(`/${of.kind}/${id(of.id)}/export?format=sqlite`);
}
