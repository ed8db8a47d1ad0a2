/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <assert.h>

#include "engine/analysis/metrics.h"
#include "engine/os/machine.h"
#include "engine/program/plan.h"
#include "engine/python/runtime_table.h"
#include "server/document/schema.h"

/* Words that are in no other table; NULL ends a row. */
static const char *const fixed_words[NAMES_KIND_COUNT][4] = {
    [NAMES_STRATEGIES] = {"sequential"},
    [NAMES_GIL] = {"held", "released", "by_size"},
    [NAMES_RECORD] = {"summary", "timeline"},
    [NAMES_OVER] = {"median", "every"},
};

static void list_sharing(enum names_kind kind, struct spelling *out) {
    const int end = kind == NAMES_SHARING             ? SHARING_COUNT
                    : kind == NAMES_CONTAINER_SHARING ? SHARING_OWN + 1
                                                      : 0;
    for (int i = 0; i < end; i++) {
        spelling_add(out, object_sharing_name((enum object_sharing)i));
    }
}

void names_list(enum names_kind kind, struct spelling *out) {
    *out = (struct spelling){0};
    for (size_t i = 0; kind == NAMES_RUNTIMES && i < runtime_row_count; i++) {
        spelling_add(out, runtime_rows[i].runtime.name);
    }
    for (size_t i = 0; kind == NAMES_PROFILES && i < machine_profile_count; i++) {
        spelling_add(out, machine_profiles[i].name);
    }
    for (size_t i = 0; kind == NAMES_METRICS && i < METRIC_COUNT; i++) {
        spelling_add(out, metrics[i].name);
    }
    for (size_t i = 0; kind == NAMES_LAWS && i < schema_laws.count; i++) {
        spelling_add(out, schema_laws.variant[i].name);
    }
    for (int i = 0; kind == NAMES_OBJECTS && i < OBJECT_KIND_COUNT; i++) {
        const char *name = object_kind_name((enum object_kind)i);
        const struct schema_variant *sized = schema_variant_find(&schema_objects, name);
        if (sized == NULL || sized->alone != NULL) {
            spelling_add(out, name);
        }
    }
    list_sharing(kind, out);
    for (int i = 0; kind == NAMES_START && i < START_METHOD_COUNT; i++) {
        spelling_add(out, start_method_name((enum start_method)i));
    }
    for (int i = 0; kind == NAMES_OPS && i < CONTAINER_OP_COUNT; i++) {
        spelling_add(out, container_op_name((enum container_op)i));
    }
    for (int i = ARRIVALS_NONE + 1; kind == NAMES_ARRIVALS && i < ARRIVALS_KIND_COUNT;
         i++) {
        spelling_add(out, arrivals_kind_name((enum arrivals_kind)i));
    }
    for (const char *const *word = fixed_words[kind]; *word != NULL; word++) {
        spelling_add(out, *word);
    }
}

const char *names_phrase(enum names_kind kind) {
    static const char *const phrases[] = {
        [NAMES_ANY] = "text",
        [NAMES_RUNTIMES] = "runtime",
        [NAMES_PROFILES] = "machine profile",
        [NAMES_METRICS] = "metric",
        [NAMES_STRATEGIES] = "strategy",
        [NAMES_LAWS] = "distribution",
        [NAMES_GIL] = "word",
        [NAMES_RECORD] = "word",
        [NAMES_OVER] = "word",
        [NAMES_OBJECTS] = "kind of object",
        [NAMES_SHARING] = "word",
        [NAMES_CONTAINER_SHARING] = "word",
        [NAMES_OPS] = "operation",
        [NAMES_START] = "way to start a process",
        [NAMES_ARRIVALS] = "way to arrive",
    };
    static_assert(sizeof phrases / sizeof phrases[0] == NAMES_KIND_COUNT, "one each");
    return phrases[kind];
}

const char *names_alternative(enum names_kind kind) {
    switch (kind) {
    case NAMES_STRATEGIES:
        return "; those with workers are objects such as {\"asyncio\": 100}";
    case NAMES_OBJECTS:
        return "; those with a size are objects such as {\"semaphore\": 3}";
    default:
        return "";
    }
}
