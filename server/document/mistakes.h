/* SPDX-License-Identifier: MIT */
/*
 * mistakes - what else is wrong with a document that was refused.
 *
 * document_parse() ends at the first mistake, of which there may be several. Here the
 * tables of schema.h are held against all of the document, with the checks of reader.h, so
 * that whoever writes it sees all wrong and unknown members at once. Once the members are right,
 * it is steps that refer to what is not there, or stand where they cannot (step_mistakes.h).
 * What else a document means as a whole (sums, loads) is found by the reader, one by one.
 *
 * Members come in the order of the text, and what an object lacks after its members; steps that
 * mean what is not there in the order in which they are found. Of an object with a wrong member
 * it is not said that it lacks another: that is mostly the same mistake.
 */
#ifndef SERVER_DOCUMENT_MISTAKES_H
#define SERVER_DOCUMENT_MISTAKES_H

#include "engine/base/err.h"

#include <stddef.h>

/* Our choice: more than one reads before mending the first. */
enum { MISTAKES_MAX = 20 };

struct mistakes {
    size_t count;
    struct err list[MISTAKES_MAX]; /* ERR_INVALID with a pointer each */
};

/* Finds up to `most` mistakes of a document besides `first`, which may be of no error, each at
 * a place of its own. None when the text is no JSON, or memory is short. */
void mistakes_find(struct mistakes *out, const char *text, size_t size,
                   const struct err *first, size_t most);

#endif
