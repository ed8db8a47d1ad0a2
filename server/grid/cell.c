/* SPDX-License-Identifier: MIT */
#include "cell.h"

#include <string.h>

#include "engine/analysis/run.h"
#include "engine/python/runtime_table.h"
#include "server/document/canonical.h"
#include "server/grid/tree.h"

/* --- document ----------------------------------------------------------------- */

/* The default of a row as a JSON value. */
static json_t *fallback_value(const struct schema_field *field) {
    if (field->type == SCHEMA_STRING) {
        return json_string(field->fallback);
    }
    return json_loads(field->fallback, JSON_DECODE_ANY, NULL);
}

/* Writes every default out that the object lacks. -1 when out of memory. */
static int fill_defaults(json_t *object, const struct schema_object *schema) {
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct schema_field *field = &schema->fields[i];
        if (field->fallback != NULL && json_object_get(object, field->name) == NULL &&
            json_object_set_new(object, field->name, fallback_value(field)) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Replaces a member that is an object by a copy with its defaults. */
static int fill_member(json_t *document, const char *name,
                       const struct schema_object *schema) {
    json_t *copy = tree_copy(json_object_get(document, name));
    if (copy == NULL || json_object_set_new(document, name, copy) != 0) {
        return -1;
    }
    return fill_defaults(copy, schema);
}

/* Leaves one element of a list, or the string when there is no list. */
static int keep_one(json_t *document, const char *name, size_t index,
                    const char *otherwise) {
    json_t *element = json_array_get(json_object_get(document, name), index);
    element = element != NULL ? json_incref(element) : json_string(otherwise);
    json_t *list = json_array();
    if (list == NULL || json_array_append_new(list, element) != 0) {
        if (list == NULL) {
            json_decref(element);
        }
        json_decref(list);
        return -1;
    }
    return json_object_set_new(document, name, list);
}

static int reduce(json_t *document, const struct reading *reading, size_t runtime,
                  size_t strategy) {
    static const char *const indifferent[] = {
        "name", "description", "goal", "record", "repetitions", "sweep", "gate"};
    if (fill_defaults(document, &schema_document) != 0 ||
        fill_member(document, "machine", &schema_machine) != 0 ||
        fill_member(document, "limits", &schema_limits) != 0 ||
        keep_one(document, "runtimes", runtime, reading->reference.name) != 0) {
        return -1;
    }
    const struct reading_strategy *chosen = &reading->strategies[strategy];
    if (chosen->strategy.kind != STRATEGY_ACTORS &&
        keep_one(document, "strategies", strategy, chosen->label) != 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof indifferent / sizeof indifferent[0]; i++) {
        /* Fails only when it is not there. */
        (void)json_object_del(document, indifferent[i]);
    }
    return 0;
}

int cell_document(const json_t *resolved, const struct reading *reading, size_t runtime,
                  size_t strategy, json_t **out, struct err *err) {
    json_t *document = tree_copy(resolved);
    if (document == NULL || reduce(document, reading, runtime, strategy) != 0) {
        json_decref(document);
        return err_set_nomem(err);
    }
    *out = document;
    return 0;
}

/* --- key ---------------------------------------------------------------------- */

/* Names and values, the latter as eight bytes with the lowest first on every machine. */
static void add_parameters(struct hash *hash, const struct field *fields, size_t count,
                           const void *base) {
    for (size_t i = 0; i < count; i++) {
        int64_t held;
        memcpy(&held, (const char *)base + fields[i].offset, sizeof held);
        unsigned char bytes[sizeof held];
        for (size_t j = 0; j < sizeof bytes; j++) {
            bytes[j] = (unsigned char)((uint64_t)held >> (8 * j));
        }
        hash_add(hash, fields[i].name, strlen(fields[i].name) + 1);
        hash_add(hash, bytes, sizeof bytes);
    }
}

struct hash cell_key_begin(const struct reading *reading, size_t runtime) {
    struct hash hash = hash_begin();
    hash_add(&hash, ENGINE_VERSION, sizeof ENGINE_VERSION);
    add_parameters(&hash, machine_fields, machine_field_count, &reading->plan.machine);
    add_parameters(&hash, runtime_fields, runtime_field_count,
                   &reading->runtimes[runtime].runtime);
    add_parameters(&hash, runtime_fields, runtime_field_count, &reading->reference);
    return hash;
}

int cell_key(const json_t *document, struct hash begun, char out[HASH_TEXT_SIZE],
             struct err *err) {
    char *text;
    size_t size;
    const int rc = canonical_text(document, &text, &size, err);
    if (rc == 0) {
        hash_add(&begun, text, size + 1);
        memory_free(text);
        hash_text(&begun, out);
    }
    return rc;
}
