/* SPDX-License-Identifier: MIT */
#include "times.h"

#include <math.h>

#include "server/document/text.h"

/* A time in microseconds, as checked by the reader, in nanoseconds. */
sim_ns times_to_ns(const json_t *us) { return llround(json_number_value(us) * 1e3); }

int times_find_law(struct reader *reader, const json_t *value,
                   const struct schema_variant **out) {
    const json_t *name = json_object_get(value, "dist");
    if (name == NULL) {
        return reader_refuse(reader, "a distribution lacks 'dist': the law's name");
    }
    place_push_name(&reader->place, "dist");
    if (!json_is_string(name)) {
        return reader_refuse(reader, "'dist' must be a string, not %s",
                             text_type_name(name));
    }
    const int rc = reader_check_name(reader, name, NAMES_LAWS);
    if (rc != 0) {
        return rc;
    }
    place_pop(&reader->place);
    *out = schema_variant_find(&schema_laws, json_string_value(name));
    return 0;
}

static int read_law(struct reader *reader, const json_t *value,
                    struct distribution *out) {
    const struct schema_variant *law = NULL;
    int rc = times_find_law(reader, value, &law);
    if (rc == 0) {
        rc = reader_check_object(reader, value, &law->object);
    }
    if (rc == 0) {
        *out = (struct distribution){.kind = (enum distribution_kind)law->kind};
    }
    return rc;
}

/* One weight for each value, or none at all. */
static int check_weights(struct reader *reader, const json_t *weights, size_t count) {
    double total = 0;
    if (weights == NULL) {
        return 0;
    }
    if (json_array_size(weights) != count) {
        return reader_refuse_member(reader, "weights",
                                    "'weights' has %zu elements and 'values_us' %zu; "
                                    "write one weight for each value",
                                    json_array_size(weights), count);
    }
    for (size_t i = 0; i < count; i++) {
        total += json_number_value(json_array_get(weights, i));
    }
    return total > 0 ? 0
                     : reader_refuse_member(reader, "weights",
                                            "one of the 'weights' must be above 0");
}

static int read_empirical(struct reader *reader, const json_t *value,
                          struct distribution *out) {
    const json_t *list = json_object_get(value, "values_us");
    const json_t *weights = json_object_get(value, "weights");
    const size_t count = json_array_size(list);
    const int rc = check_weights(reader, weights, count);
    if (rc != 0) {
        return rc;
    }
    double *numbers = memory_zeroed(count, sizeof *numbers);
    out->values = arena_alloc(reader->arena, count, sizeof *out->values);
    if (numbers == NULL || out->values == NULL) {
        memory_free(numbers);
        return err_set_nomem(reader->err);
    }
    out->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        out->values[i].value = times_to_ns(json_array_get(list, i));
        numbers[i] = json_number_value(json_array_get(weights, i));
    }
    distribution_set_weights(out->values, count, weights != NULL ? numbers : NULL);
    memory_free(numbers);
    return 0;
}

/* The members of a law that has been checked. */
static int read_law_values(struct reader *reader, const json_t *value,
                           struct distribution *out) {
    switch (out->kind) {
    case DISTRIBUTION_CONSTANT:
        out->a = times_to_ns(json_object_get(value, "value"));
        break;
    case DISTRIBUTION_UNIFORM:
        out->a = times_to_ns(json_object_get(value, "min"));
        out->b = times_to_ns(json_object_get(value, "max"));
        if (out->b < out->a) {
            return reader_refuse_member(reader, "max",
                                        "'max' must not be less than 'min'");
        }
        break;
    case DISTRIBUTION_EXPONENTIAL:
        out->a = times_to_ns(json_object_get(value, "mean"));
        break;
    case DISTRIBUTION_LOGNORMAL:
        out->a = times_to_ns(json_object_get(value, "median"));
        out->s = json_number_value(json_object_get(value, "sigma"));
        break;
    case DISTRIBUTION_PARETO:
        out->a = times_to_ns(json_object_get(value, "min"));
        out->s = json_number_value(json_object_get(value, "shape"));
        break;
    case DISTRIBUTION_EMPIRICAL:
        return read_empirical(reader, value, out);
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    return 0;
}

/* A number or a distribution; the place is the step's. */
int times_read(struct reader *reader, const json_t *step, const char *name,
               struct distribution *out) {
    const json_t *value = json_object_get(step, name);
    if (json_is_number(value)) {
        *out =
            (struct distribution){.kind = DISTRIBUTION_CONSTANT, .a = times_to_ns(value)};
        return 0;
    }
    place_push_name(&reader->place, name);
    int rc = read_law(reader, value, out);
    if (rc == 0) {
        rc = read_law_values(reader, value, out);
    }
    if (rc == 0) {
        place_pop(&reader->place);
    }
    return rc;
}
