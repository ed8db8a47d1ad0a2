/* SPDX-License-Identifier: MIT */
/*
 * step_mistakes - what else is wrong with what the steps of a document refer to and where they
 * stand.
 *
 * Such mistakes are found by reading, which ends at the first. Here a step that says nothing
 * wrong takes the place of the one that was refused, and the document is read again, as often as
 * there is another one. It ends at what is no step, and at steps that others depend on, such as
 * a `spawn`: without it those would be refused for what is no mistake of theirs.
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
