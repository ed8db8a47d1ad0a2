/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "server/document/reader.h"
#include "server/document/text.h"

/* --- reading ------------------------------------------------------------------ */

static int read_where(struct reader *reader, const json_t *where, struct gate *out) {
    if (where == NULL) {
        return 0;
    }
    place_push_name(&reader->place, "where");
    const int rc = reader_check_object(reader, where, &schema_gate_where);
    if (rc != 0) {
        return rc;
    }
    place_pop(&reader->place);
    out->runtime = reader_get_string(where, &schema_gate_where, "runtime");
    out->strategy = reader_get_string(where, &schema_gate_where, "strategy");
    out->point = json_object_get(where, "point");
    return 0;
}

/* An infinite bound when it is not written. */
static double read_bound(const json_t *value, const char *name, double otherwise) {
    return json_object_get(value, name) == NULL
               ? otherwise
               : reader_get_number(value, &schema_gate, name);
}

/* The place is the element's. */
static int read_gate(struct reader *reader, const json_t *value, struct gate *out) {
    int rc = reader_check_object(reader, value, &schema_gate);
    if (rc != 0) {
        return rc;
    }
    *out = (struct gate){
        .metric = metric_find(reader_get_string(value, &schema_gate, "metric")),
        .min = read_bound(value, "min", (double)-INFINITY),
        .max = read_bound(value, "max", (double)INFINITY),
        .every = strcmp(reader_get_string(value, &schema_gate, "over"), "every") == 0,
    };
    if (isinf(out->min) && isinf(out->max)) {
        return reader_refuse(reader, "a gate without a bound always holds: write 'min', "
                                     "'max' or both");
    }
    if (out->min > out->max) {
        return reader_refuse_member(reader, "min",
                                    "'min' is above 'max', so that no value would do");
    }
    return read_where(reader, json_object_get(value, "where"), out);
}

int gate_read_all(struct reader *reader, const json_t *list, struct gate *out,
                  size_t *count) {
    *count = json_array_size(list);
    place_push_name(&reader->place, "gate");
    for (size_t i = 0; i < *count; i++) {
        place_push_index(&reader->place, i);
        const int rc = read_gate(reader, json_array_get(list, i), &out[i]);
        if (rc != 0) {
            return rc;
        }
        place_pop(&reader->place);
    }
    place_pop(&reader->place);
    return 0;
}

/* --- cells -------------------------------------------------------------------- */

/* "asyncio" and "asyncio(100)" both mean asyncio(100), "cpython-3.9" also means
 * "cpython-3.9 (switch_interval_us=1000)". */
static bool is_called(const char *label, const char *name) {
    const size_t length = strlen(name);
    return strncmp(label, name, length) == 0 &&
           (label[length] == '\0' || label[length] == '(' ||
            strncmp(label + length, " (", 2) == 0);
}

static bool has_values(const json_t *wanted, const char *point) {
    json_t *have = json_loads(point, 0, NULL);
    const char *pointer;
    json_t *value;
    bool all = have != NULL;
    json_object_foreach((json_t *)(uintptr_t)wanted, pointer, value) {
        all = all && text_values_equal(value, json_object_get(have, pointer));
    }
    json_decref(have);
    return all;
}

bool gate_covers(const struct gate *gate, const struct gate_cell *cell) {
    return (gate->runtime == NULL || is_called(cell->runtime, gate->runtime)) &&
           (gate->strategy == NULL || is_called(cell->strategy, gate->strategy)) &&
           (gate->point == NULL || has_values(gate->point, cell->point));
}
