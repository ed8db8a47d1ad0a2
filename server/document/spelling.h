/* SPDX-License-Identifier: MIT */
/*
 * spelling - words of the user inside sentences: quoted so that they can be shown
 * anywhere, and compared with the words that would have been right.
 */
#ifndef SERVER_DOCUMENT_SPELLING_H
#define SERVER_DOCUMENT_SPELLING_H

#include <stddef.h>

enum {
    SPELLING_QUOTE_SIZE = 64,   /* of spelling_quote() */
    SPELLING_ADVICE_SIZE = 200, /* of spelling_advise() */
    SPELLING_MAX_WORDS = 96     /* known words that are looked at */
};

/* The words that are right; filled by the caller with borrowed strings. */
struct spelling {
    size_t count;
    const char *word[SPELLING_MAX_WORDS];
};

/* Further words are ignored once the list is full. */
void spelling_add(struct spelling *known, const char *word);

/*
 * Writes 'text' in quotes: at most about 40 bytes of it, cut between characters and
 * marked by
 * "...", control characters shown as "?". UTF-8 in, UTF-8 out, always NUL-terminated.
 */
void spelling_quote(const char *text, char out[SPELLING_QUOTE_SIZE]);

/* Writes "did you mean 'workers'?" when a word is near, else "known: a, b, c". */
void spelling_advise(const struct spelling *known, const char *text,
                     char out[SPELLING_ADVICE_SIZE]);

/* Insertions, deletions, changes and swaps of neighbours, ignoring the case of ASCII
 * letters; `limit` + 1 when there are more, or when a text is longer than 48 bytes. */
size_t spelling_distance(const char *a, const char *b, size_t limit);

#endif
