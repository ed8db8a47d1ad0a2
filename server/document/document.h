/* SPDX-License-Identifier: MIT */
/*
 * document - an experiment as the user writes it: JSON in, a checked object out.
 *
 * document_parse() is the one reader for REST, command line and presets. It accepts
 * exactly what schema.h lists and refuses everything else with a JSON pointer (RFC 6901)
 * and a sentence that says what to write instead:
 *
 *   - Text that is no JSON, is too large or nested too deeply: pointer "", the sentence
 *     carries line and column.
 *   - A wrong or unknown member: the pointer leads to it.
 *   - A missing member: the pointer leads to the object that lacks it.
 *
 * The pointer therefore always leads to something that is there. What else is wrong finds
 * mistakes.h. Errors about the values
 * of a sweep are found by grid_create(), which reads every resolved document with the
 * same reader.
 *
 * A document is immutable once parsed and may be read by many threads.
 */
#ifndef SERVER_DOCUMENT_DOCUMENT_H
#define SERVER_DOCUMENT_DOCUMENT_H

#include "engine/analysis/metrics.h"
#include "engine/base/err.h"
#include "server/document/hash.h"

#include <stddef.h>
#include <stdint.h>

struct gate;
struct json_t; /* jansson's */

enum {
    DOCUMENT_MAX_BYTES = 1024 * 1024, /* of text */
    DOCUMENT_MAX_DEPTH = 64,          /* arrays and objects inside one another */
    DOCUMENT_MAX_REPETITIONS = 1000
};

/* What is kept of a run besides its metrics. */
enum document_record {
    DOCUMENT_RECORD_DEFAULT,  /* not said: see grid_wants_timeline() */
    DOCUMENT_RECORD_SUMMARY,  /* metrics only */
    DOCUMENT_RECORD_TIMELINE, /* every span of every run */
    DOCUMENT_RECORD_COUNT
};

/* Read-only for everybody but document.c; every pointer lives as long as the document. */
struct document {
    const char *name;        /* UTF-8, "" when the document has none */
    const char *description; /* UTF-8, "" when the document has none */
    uint64_t seed;           /* 0 .. 2^53 */
    uint32_t repetitions;    /* 1 .. DOCUMENT_MAX_REPETITIONS */
    enum metric_id goal;     /* METRIC_COUNT when the document names none */
    enum document_record record;
    const struct gate *gates; /* see gate.h */
    size_t gate_count;

    const char *source; /* the text as it was given, NUL-terminated; member order kept */
    size_t source_size; /* bytes without the NUL */
    const char *canonical;     /* the same document, keys sorted, no white space */
    size_t canonical_size;     /* bytes without the NUL */
    char hash[HASH_TEXT_SIZE]; /* of `canonical`, 32 hex digits */

    struct json_t *root; /* borrowed by readers: never change it */
};

/*
 * Reads `size` bytes of UTF-8 text, which need not end in NUL. ERR_INVALID with a
 * pointer, or ERR_NOMEM. The caller frees with document_destroy().
 */
int document_parse(struct document **out, const char *text, size_t size,
                   struct err *err) WARN_UNUSED;

/* NULL is accepted. */
void document_destroy(struct document *document);

#endif
