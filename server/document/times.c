/* SPDX-License-Identifier: MIT */
#include "times.h"

#include <math.h>

#include "server/document/text.h"

/* A time in microseconds, as checked by the reader, in nanoseconds. */
sim_ns times_to_ns(const json_t *us) { return llround(json_number_value(us) * 1e3); }

static int read_law(struct reader *reader, const json_t *value,
                    struct distribution *out) {
    const json_t *name = json_object_get(value, "dist");
    if (name == NULL) {
        return reader_refuse(reader, "a distribution lacks 'dist': the law's name");
    }
    place_push_name(&reader->place, "dist");
    if (!json_is_string(name)) {
        return reader_refuse(reader, "'dist' must be a string, not %s",
                             text_type_name(name));
    }
    int rc = reader_check_name(reader, name, NAMES_LAWS);
    if (rc != 0) {
        return rc;
    }
    place_pop(&reader->place);
    const struct schema_variant *law =
        schema_variant_find(&schema_laws, json_string_value(name));
    rc = reader_check_object(reader, value, &law->object);
    if (rc == 0) {
        *out = (struct distribution){.kind = (enum distribution_kind)law->kind};
    }
    return rc;
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
