/* SPDX-License-Identifier: MIT */
#include "spelling.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void spelling_add(struct spelling *known, const char *word) {
    if (known->count < SPELLING_MAX_WORDS) {
        known->word[known->count++] = word;
    }
}

/* --- quoting ------------------------------------------------------------------ */

enum { QUOTED_BYTES = 40 };

static bool is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* A control character would break the sentence. */
static char shown(char c) {
    return (unsigned char)c < 0x20 || (unsigned char)c == 0x7f ? '?' : c;
}

void spelling_quote(const char *text, char out[SPELLING_QUOTE_SIZE]) {
    size_t size = strlen(text);
    const bool cut = size > QUOTED_BYTES;
    if (cut) {
        size = QUOTED_BYTES;
        while (size > 0 && is_continuation(text[size])) {
            size--;
        }
    }
    char *end = out;
    *end++ = '\'';
    for (size_t i = 0; i < size; i++) {
        *end++ = shown(text[i]);
    }
    strcpy(end, cut ? "...'" : "'");
}

/* --- distance ----------------------------------------------------------------- */

enum { WORD_BYTES = 48 };

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Optimal string alignment with three rows: the one being made and the two before it. */
size_t spelling_distance(const char *a, const char *b, size_t limit) {
    const size_t a_size = strnlen(a, WORD_BYTES + 1), b_size = strnlen(b, WORD_BYTES + 1);
    if (a_size > WORD_BYTES || b_size > WORD_BYTES) {
        return limit + 1;
    }
    size_t rows[3][WORD_BYTES + 1];
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *const now = rows[i % 3], *const last = rows[(i + 2) % 3];
        const size_t *const before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const char x = lower(a[i - 1]), y = lower(b[j - 1]);
            now[j] =
                least(least(last[j], now[j - 1]) + 1, last[j - 1] + (x == y ? 0 : 1));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2])) {
                now[j] = least(now[j], before[j - 2] + 1);
            }
        }
    }
    return least(rows[a_size % 3][b_size], limit + 1);
}

/* --- advice ------------------------------------------------------------------- */

/* The nearest word, or NULL when none is near enough to be what was meant. */
static const char *nearest(const struct spelling *known, const char *text) {
    const char *best = NULL;
    const size_t limit = 1 + strnlen(text, WORD_BYTES) / 4;
    size_t best_distance = limit + 1;
    for (size_t i = 0; i < known->count; i++) {
        const size_t distance = spelling_distance(text, known->word[i], limit);
        if (distance < best_distance) {
            best = known->word[i];
            best_distance = distance;
        }
    }
    return best;
}

/* "known: a, b, c", or as many as fit and "...". */
static void list_words(const struct spelling *known, char out[SPELLING_ADVICE_SIZE]) {
    static const char more[] = ", ...";
    size_t used = (size_t)snprintf(out, SPELLING_ADVICE_SIZE, "known: ");
    for (size_t i = 0; i < known->count; i++) {
        const size_t size = strlen(known->word[i]) + 2;
        if (used + size + sizeof more > SPELLING_ADVICE_SIZE) {
            strcpy(out + used, more);
            return;
        }
        used += (size_t)snprintf(out + used, SPELLING_ADVICE_SIZE - used, "%s%s",
                                 i == 0 ? "" : ", ", known->word[i]);
    }
}

void spelling_advise(const struct spelling *known, const char *text,
                     char out[SPELLING_ADVICE_SIZE]) {
    const char *word = nearest(known, text);
    if (word != NULL) {
        snprintf(out, SPELLING_ADVICE_SIZE, "did you mean '%s'?", word);
    } else {
        list_words(known, out);
    }
    for (char *c = out; *c != '\0'; c++) { /* the words may be the user's own */
        *c = shown(*c);
    }
}
