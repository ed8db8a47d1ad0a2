/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "server/document/text.h"

/* --- refusing ----------------------------------------------------------------- */

static int refuse(struct reader *reader, const char *fmt, va_list args) {
    char pointer[sizeof reader->err->pointer];
    place_format(&reader->place, pointer, sizeof pointer);
    return err_vset_at(reader->err, __FILE__, __LINE__, ERR_INVALID, pointer, fmt, args);
}

int reader_refuse(struct reader *reader, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    const int rc = refuse(reader, fmt, args);
    va_end(args);
    return rc;
}

int reader_refuse_member(struct reader *reader, const char *name, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    place_push_name(&reader->place, name);
    const int rc = refuse(reader, fmt, args);
    place_pop(&reader->place);
    va_end(args);
    return rc;
}

/* --- what a value must be ----------------------------------------------------- */

/* A range of numbers with its unit, from a row of either kind of table. */
struct demand {
    enum schema_type type;
    double min, max;
    const char *unit;
};

static const char *unit_phrase(const char *unit) {
    if (strcmp(unit, "us") == 0) {
        return " of microseconds";
    }
    return strcmp(unit, "s") == 0 ? " of seconds" : "";
}

enum { PHRASE_SIZE = 128 };

enum { NUMBER_SIZE = 32 };

/* Whole numbers in full: "1000000", not "1e+06". */
static const char *write_number(double number, char out[NUMBER_SIZE]) {
    const bool whole = number == floor(number) && fabs(number) < 1e18;
    snprintf(out, NUMBER_SIZE, whole ? "%.0f" : "%.15g", number);
    return out;
}

/* "a whole number from 1 to 1024" */
static void describe_number(const struct demand *demand, char out[PHRASE_SIZE]) {
    const char *noun = demand->type == SCHEMA_INTEGER ? "a whole number" : "a number";
    char min[NUMBER_SIZE], max[NUMBER_SIZE];
    write_number(demand->min, min);
    write_number(demand->max, max);
    if (demand->min == demand->max) {
        snprintf(out, PHRASE_SIZE, "%s", min);
        return;
    }
    snprintf(out, PHRASE_SIZE, "%s%s from %s to %s%s", noun, unit_phrase(demand->unit),
             min, max, demand->type == SCHEMA_TIME ? ", or a distribution" : "");
}

/* "2.5", "a string": what stands there instead. */
static void describe_value(const json_t *value, char out[PHRASE_SIZE]) {
    if (json_is_integer(value)) {
        snprintf(out, PHRASE_SIZE, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        const double real = json_real_value(value);
        snprintf(out, PHRASE_SIZE,
                 real == floor(real) && fabs(real) < 1e15 ? "%.1f" : "%.15g", real);
    } else {
        snprintf(out, PHRASE_SIZE, "%s", text_type_name(value));
    }
}

/* Whole numbers are compared as such: 2^53 + 1 is not representable as a double. */
static bool is_within(const json_t *value, const struct demand *demand) {
    if (json_is_integer(value)) {
        const json_int_t number = json_integer_value(value);
        return number >= (json_int_t)ceil(demand->min) &&
               number <= (json_int_t)floor(demand->max);
    }
    const double number = json_real_value(value);
    return json_is_real(value) && demand->type != SCHEMA_INTEGER &&
           number >= demand->min && number <= demand->max;
}

static int check_number(struct reader *reader, const char *name, const json_t *value,
                        const struct demand *demand) {
    if (is_within(value, demand)) {
        return 0;
    }
    char wanted[PHRASE_SIZE], found[PHRASE_SIZE];
    describe_number(demand, wanted);
    describe_value(value, found);
    return reader_refuse(reader, "'%s' must be %s, not %s", name, wanted, found);
}

static int check_size(struct reader *reader, const struct schema_field *field,
                      size_t size, const char *things) {
    if ((double)size >= field->min && (double)size <= field->max) {
        return 0;
    }
    char min[NUMBER_SIZE], max[NUMBER_SIZE];
    return reader_refuse(reader, "'%s' must have from %s to %s %s, not %zu", field->name,
                         write_number(field->min, min), write_number(field->max, max),
                         things, size);
}

static int refuse_type(struct reader *reader, const char *name, const char *wanted,
                       const json_t *value) {
    char found[PHRASE_SIZE];
    describe_value(value, found);
    return reader_refuse(reader, "'%s' must be %s, not %s", name, wanted, found);
}

int reader_check_name(struct reader *reader, const json_t *value, enum names_kind names) {
    struct spelling known;
    names_list(names, &known);
    const char *text = json_string_value(value);
    for (size_t i = 0; i < known.count; i++) {
        if (strcmp(known.word[i], text) == 0) {
            return 0;
        }
    }
    char quoted[SPELLING_QUOTE_SIZE], advice[SPELLING_ADVICE_SIZE];
    spelling_quote(text, quoted);
    spelling_advise(&known, text, advice);
    const bool listed = strncmp(advice, "known: ", 7) == 0;
    return reader_refuse(reader, "unknown %s %s; %s%s", names_phrase(names), quoted,
                         advice, listed ? names_alternative(names) : "");
}

static int check_string(struct reader *reader, const struct schema_field *field,
                        const json_t *value) {
    if (!json_is_string(value)) {
        return refuse_type(reader, field->name, "a string", value);
    }
    if (field->names != NAMES_ANY) {
        return reader_check_name(reader, value, field->names);
    }
    return check_size(reader, field, json_string_length(value), "bytes");
}

/* The place is the list's. */
static int check_numbers(struct reader *reader, const struct schema_field *field,
                         const json_t *list) {
    if (!json_is_array(list)) {
        return refuse_type(reader, field->name, "a list of numbers: [ ... ]", list);
    }
    int rc = check_size(reader, field, json_array_size(list), "elements");
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
        place_push_index(&reader->place, i);
        rc = check_number(reader, field->name, json_array_get(list, i),
                          &(struct demand){.type = SCHEMA_NUMBER,
                                           .max = SCHEMA_NUMBERS_MAX,
                                           .unit = field->unit});
        if (rc == 0) {
            place_pop(&reader->place);
        }
    }
    return rc;
}

/* The place is the value's. */
static int check_value(struct reader *reader, const struct schema_field *field,
                       const json_t *value) {
    switch (field->type) {
    case SCHEMA_TIME:
        if (json_is_object(value)) {
            return 0;
        }
        /* fall through */
    case SCHEMA_INTEGER:
    case SCHEMA_NUMBER:
        return check_number(reader, field->name, value,
                            &(struct demand){.type = field->type,
                                             .min = field->min,
                                             .max = field->max,
                                             .unit = field->unit});
    case SCHEMA_BOOLEAN:
        return json_is_boolean(value)
                   ? 0
                   : refuse_type(reader, field->name, "true or false", value);
    case SCHEMA_STRING:
        return check_string(reader, field, value);
    case SCHEMA_LIST:
        return json_is_array(value)
                   ? check_size(reader, field, json_array_size(value), "elements")
                   : refuse_type(reader, field->name, "a list: [ ... ]", value);
    case SCHEMA_NUMBERS:
        return check_numbers(reader, field, value);
    case SCHEMA_MAP:
    case SCHEMA_SWEEP:
        return json_is_object(value)
                   ? check_size(reader, field, json_object_size(value), "members")
                   : refuse_type(reader, field->name, "an object: { ... }", value);
    case SCHEMA_OBJECT:
        return json_is_object(value)
                   ? 0
                   : refuse_type(reader, field->name, "an object: { ... }", value);
    case SCHEMA_TYPE_COUNT:
        break;
    }
    ASSERT(!"a row without a type");
    return ERR_INVALID;
}

/* A parameter of a machine or runtime. */
static int check_parameter(struct reader *reader, const struct field *field,
                           const json_t *value) {
    if (field->unit == FIELD_FLAG) {
        return json_is_boolean(value)
                   ? 0
                   : refuse_type(reader, field->name, "true or false", value);
    }
    const struct demand demand = {.type = field->unit == FIELD_COUNT ? SCHEMA_INTEGER
                                                                     : SCHEMA_NUMBER,
                                  .min = field->min,
                                  .max = field->max,
                                  .unit = field_unit_name(field->unit)};
    return check_number(reader, field->name, value, &demand);
}

/* --- objects ------------------------------------------------------------------ */

static int refuse_unknown(struct reader *reader, const char *name,
                          const struct spelling *known) {
    char quoted[SPELLING_QUOTE_SIZE], advice[SPELLING_ADVICE_SIZE];
    spelling_quote(name, quoted);
    spelling_advise(known, name, advice);
    return reader_refuse_member(reader, name, "unknown field %s; %s", quoted, advice);
}

int reader_check_member(struct reader *reader, const char *name, const json_t *value,
                        const struct schema_object *object) {
    const struct schema_field *field = schema_field_find(object, name);
    const struct field *parameter = NULL;
    if (field == NULL && object->parameters != NULL) {
        parameter = field_find(object->parameters, *object->parameter_count, name);
    }
    if (field == NULL && parameter == NULL) {
        struct spelling known = {0};
        schema_members_list(object, &known);
        return refuse_unknown(reader, name, &known);
    }
    place_push_name(&reader->place, name);
    const int rc = field != NULL ? check_value(reader, field, value)
                                 : check_parameter(reader, parameter, value);
    place_pop(&reader->place);
    return rc;
}

int reader_check_is_object(struct reader *reader, const json_t *value,
                           const char *phrase) {
    return json_is_object(value)
               ? 0
               : reader_refuse(reader, "%s must be an object: { ... }, not %s", phrase,
                               text_type_name(value));
}

int reader_check_required(struct reader *reader, const json_t *value,
                          const struct schema_object *object) {
    for (size_t i = 0; i < object->field_count; i++) {
        const struct schema_field *field = &object->fields[i];
        if (field->required && json_object_get(value, field->name) == NULL) {
            return reader_refuse(reader, "%s lacks '%s': %s", object->phrase, field->name,
                                 field->meaning);
        }
    }
    return 0;
}

int reader_check_object(struct reader *reader, const json_t *value,
                        const struct schema_object *object) {
    int rc = reader_check_is_object(reader, value, object->phrase);
    if (rc != 0) {
        return rc;
    }
    /* jansson's iteration takes a pointer to non-const but does not change the object. */
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, name, member) {
        rc = reader_check_member(reader, name, member, object);
        if (rc != 0) {
            return rc;
        }
    }
    return reader_check_required(reader, value, object);
}

/* --- variants ----------------------------------------------------------------- */

/* "'a', 'b' or 'c'"; or as many as fit and "...". */
static void list_choices(const struct schema_variants *variants,
                         char out[SPELLING_ADVICE_SIZE]) {
    static const char more[] = ", ...";
    size_t used = 0;
    for (size_t i = 0; i < variants->count; i++) {
        const char *between = i == 0 ? "" : i + 1 == variants->count ? " or " : ", ";
        const char *name = variants->variant[i].name;
        if (used + strlen(between) + strlen(name) + 2 + sizeof more >
            SPELLING_ADVICE_SIZE) {
            strcpy(out + used, more);
            return;
        }
        used += (size_t)snprintf(out + used, SPELLING_ADVICE_SIZE - used, "%s'%s'",
                                 between, name);
    }
}

/* No member tells what the object is. */
static int refuse_formless(struct reader *reader, const json_t *value,
                           const struct schema_variants *variants) {
    struct spelling known = {0};
    schema_variants_list(variants, &known);
    void *iter = json_object_iter((json_t *)(uintptr_t)value);
    while (iter != NULL) {
        const char *name = json_object_iter_key(iter);
        bool found = false;
        for (size_t i = 0; i < known.count && !found; i++) {
            found = strcmp(known.word[i], name) == 0;
        }
        if (!found) {
            return refuse_unknown(reader, name, &known);
        }
        iter = json_object_iter_next((json_t *)(uintptr_t)value, iter);
    }
    char choices[SPELLING_ADVICE_SIZE];
    list_choices(variants, choices);
    return reader_refuse(reader, "%s needs one of %s", variants->phrase, choices);
}

int reader_find_variant(struct reader *reader, const json_t *value,
                        const struct schema_variants *variants,
                        const struct schema_variant **out) {
    const int rc = reader_check_is_object(reader, value, variants->phrase);
    if (rc != 0) {
        return rc;
    }
    const struct schema_variant *found = NULL;
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, name, member) {
        const struct schema_variant *variant = schema_variant_find(variants, name);
        if (variant == NULL) {
            continue;
        }
        if (found != NULL) {
            return reader_refuse_member(reader, name,
                                        "%s has either '%s' or '%s', not both",
                                        variants->phrase, found->name, name);
        }
        found = variant;
    }
    if (found == NULL) {
        return refuse_formless(reader, value, variants);
    }
    *out = found;
    return 0;
}

int reader_check_variant(struct reader *reader, const json_t *value,
                         const struct schema_variants *variants,
                         const struct schema_variant **out) {
    const struct schema_variant *found = NULL;
    int rc = reader_find_variant(reader, value, variants, &found);
    if (rc == 0) {
        rc = reader_check_object(reader, value, &found->object);
    }
    if (rc == 0) {
        *out = found;
    }
    return rc;
}

/* --- fetching ----------------------------------------------------------------- */

double reader_get_number(const json_t *object, const struct schema_object *schema,
                         const char *name) {
    const json_t *value = json_object_get(object, name);
    if (value != NULL) {
        return json_number_value(value);
    }
    const struct schema_field *field = schema_field_find(schema, name);
    ASSERT(field != NULL && field->fallback != NULL);
    return strtod(field->fallback, NULL);
}

int64_t reader_get_integer(const json_t *object, const struct schema_object *schema,
                           const char *name) {
    const json_t *value = json_object_get(object, name);
    if (value != NULL) {
        return json_integer_value(value);
    }
    return (int64_t)reader_get_number(object, schema, name);
}

bool reader_get_flag(const json_t *object, const char *name) {
    return json_is_true(json_object_get(object, name));
}

const char *reader_get_string(const json_t *object, const struct schema_object *schema,
                              const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : schema_field_find(schema, name)->fallback;
}

void reader_get_parameters(const json_t *object, const struct schema_object *schema,
                           void *base) {
    for (size_t i = 0; i < *schema->parameter_count; i++) {
        const struct field *field = &schema->parameters[i];
        const json_t *value = json_object_get(object, field->name);
        if (value != NULL) {
            field_set(field, base,
                      json_is_number(value) ? json_number_value(value)
                                            : (double)json_is_true(value));
        }
    }
}
