/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <string.h>

#include <jansson.h>

#include "engine/base/memory.h"
#include "server/document/canonical.h"
#include "server/document/gate.h"
#include "server/document/reading.h"
#include "server/document/text.h"

static int keep_source(struct document *document, const char *text, size_t size,
                       struct err *err) {
    char *source = memory_resize(NULL, size + 1, 1);
    if (source == NULL) {
        return err_set_nomem(err);
    }
    memcpy(source, text, size);
    source[size] = '\0';
    document->source = source;
    document->source_size = size;
    return 0;
}

static int keep_canonical(struct document *document, struct err *err) {
    char *text;
    size_t size;
    const int rc = canonical_text(document->root, &text, &size, err);
    if (rc != 0) {
        return rc;
    }
    if (size > DOCUMENT_MAX_BYTES) {
        /* "1e9" grows to "1000000000.0"; what is stored must be readable again. */
        memory_free(text);
        return err_set_pointer(
            err, "",
            "with all its numbers written out the document has %zu bytes; "
            "at most %d are read, so make it shorter",
            size, DOCUMENT_MAX_BYTES);
    }
    struct hash hash = hash_begin();
    hash_add(&hash, text, size);
    hash_text(&hash, document->hash);
    document->canonical = text;
    document->canonical_size = size;
    return 0;
}

/* Checks everything but the values of the sweep. */
static int keep_values(struct document *document, struct err *err) {
    struct reading reading = {0};
    const int rc = reading_init(&reading, document->root, err);
    if (rc != 0) {
        return rc;
    }
    document->name = reading.name;
    document->description = reading.description;
    document->seed = reading.plan.seed;
    document->repetitions = reading.repetitions;
    document->goal = reading.goal;
    document->record = reading.record;
    reading_deinit(&reading);
    return 0;
}

/* Once, and not at every point of the sweep, which cannot change them. */
static int keep_gates(struct document *document, struct err *err) {
    struct err scratch = {0};
    const json_t *list = json_object_get(document->root, "gate");
    struct reader reader = {.err = err != NULL ? err : &scratch};
    struct gate *gates =
        memory_zeroed(json_array_size(list) + 1, sizeof *document->gates);
    if (gates == NULL) {
        return err_set_nomem(err);
    }
    document->gates = gates;
    return gate_read_all(&reader, list, gates, &document->gate_count);
}

int document_parse(struct document **out, const char *text, size_t size,
                   struct err *err) {
    struct document *document = memory_zeroed(1, sizeof *document);
    if (document == NULL) {
        return err_set_nomem(err);
    }
    int rc = text_parse(&document->root, text, size, err);
    if (rc == 0) {
        rc = keep_values(document, err);
    }
    if (rc == 0) {
        rc = keep_gates(document, err);
    }
    if (rc == 0) {
        rc = keep_source(document, text, size, err);
    }
    if (rc == 0) {
        rc = keep_canonical(document, err);
    }
    if (rc != 0) {
        document_destroy(document);
        return rc;
    }
    *out = document;
    return 0;
}

void document_destroy(struct document *document) {
    if (document == NULL) {
        return;
    }
    json_decref(document->root);
    /* They were allocated by document.c, and are const for readers only. */
    memory_free((struct gate *)(uintptr_t)document->gates);
    memory_free((char *)(uintptr_t)document->source);
    memory_free((char *)(uintptr_t)document->canonical);
    memory_free(document);
}
