/* SPDX-License-Identifier: MIT */
/*
 * step_mistakes - what else is wrong with what the steps of a document refer to and where they
 * stand.
 *
 * Such mistakes are found by reading, which ends at the first. Here a step that says nothing
 * wrong takes the place of the one that was refused, and the document is read again, as often as
 * there is another one. They come in the order in which reading finds them, which is not always
 * that of the text.
 *
 * It ends at what is no step; at a step that holds others, unless it is a `with` (so at a
 * `repeat`, `forever`, `until`, `try`, `spawn`): others may depend on it, and without a `spawn`
 * they would be refused for what is no mistake of theirs; and where the harmless step is refused,
 * too, as in a `gather` or a `task_group`, which hold only tasks.
 */
#ifndef SERVER_DOCUMENT_STEP_MISTAKES_H
#define SERVER_DOCUMENT_STEP_MISTAKES_H

#include "server/document/mistakes.h"

#include <jansson.h>

/* Texts up to this size are read so often. */
enum { STEP_MISTAKES_BYTES = 64 * 1024 };

/* Adds up to `most` mistakes besides `first`, which may be of no error, to an empty list. Steps
 * of the document are replaced. */
void step_mistakes_find(struct mistakes *out, json_t *document, const struct err *first,
                        size_t most);

#endif
