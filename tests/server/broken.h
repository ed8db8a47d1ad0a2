/* SPDX-License-Identifier: MIT */
/*
 * broken - documents that must be refused, each with the JSON pointer of its mistake.
 *
 * One list for all who read documents: the reader's own tests, and those of REST and
 * command line. None of these documents may be stored, run, or bring anything down.
 */
#ifndef TESTS_SERVER_BROKEN_H
#define TESTS_SERVER_BROKEN_H

#include <stddef.h>

struct broken {
    const char *name;    /* what is wrong, for messages */
    char *text;          /* not always text; followed by a NUL */
    size_t size;         /* bytes without that NUL */
    const char *pointer; /* exact */
    const char *says;    /* part of the sentence */
};

/* Fills `*out` with `*count` documents; free with broken_free(). Ends the program when
 * out of memory. */
void broken_list(struct broken **out, size_t *count);

void broken_free(struct broken *list, size_t count);

#endif
