/* SPDX-License-Identifier: MIT */
#include "server/api/schema_view.h"

#include <stdio.h>
#include <string.h>

#include "server/document/schema.h"

/* Shapes that are used in several places, or inside themselves. */
static const struct {
    const char *name;
    const struct schema_variants *variants;
} shared[] = {
    {"workload", &schema_workload},  {"actor", &schema_actors},
    {"object", &schema_objects},     {"step", &schema_steps},
    {"distribution", &schema_laws},  {"strategy", &schema_strategies},
    {"strategy_each", &schema_each},
};
enum { SHARED_COUNT = sizeof shared / sizeof shared[0] };

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_real(struct json_writer *writer, const char *key, double value) {
    json_writer_key(writer, key);
    json_writer_real(writer, value);
}

/* A bound of 0 says nothing of lengths and counts. */
static void write_bounds(struct json_writer *writer, const struct schema_field *field,
                         const char *least, const char *most) {
    if (field->min > 0) {
        write_real(writer, least, field->min);
    }
    write_real(writer, most, field->max);
}

static void write_names(struct json_writer *writer, enum names_kind kind) {
    struct spelling known;
    names_list(kind, &known);
    json_writer_key(writer, "enum");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < known.count; i++) {
        json_writer_string(writer, known.word[i]);
    }
    json_writer_end_array(writer);
}

static void write_ref(struct json_writer *writer,
                      const struct schema_variants *variants) {
    char text[64];
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        if (shared[i].variants == variants) {
            snprintf(text, sizeof text, "#/$defs/%s", shared[i].name);
            write_text(writer, "$ref", text);
        }
    }
}

/* --- values ---------------------------------------------------------------------- */

static void write_object(struct json_writer *writer, const struct schema_object *object,
                         const char *law);

/* What an element of a list may be: a word, an object, or one of several shapes. */
static void write_element(struct json_writer *writer, const struct schema_field *field) {
    json_writer_begin_object(writer);
    if (field->variants != NULL) {
        write_ref(writer, field->variants);
    } else if (field->names != NAMES_ANY) {
        json_writer_key(writer, "anyOf");
        json_writer_begin_array(writer);
        json_writer_begin_object(writer);
        write_names(writer, field->names);
        json_writer_end_object(writer);
        json_writer_begin_object(writer);
        write_object(writer, field->object, NULL);
        json_writer_end_object(writer);
        json_writer_end_array(writer);
    } else {
        write_object(writer, field->object, NULL);
    }
    json_writer_end_object(writer);
}

static void write_list(struct json_writer *writer, const struct schema_field *field) {
    write_text(writer, "type", "array");
    write_bounds(writer, field, "minItems", "maxItems");
    json_writer_key(writer, "items");
    if (field->type == SCHEMA_NUMBERS) {
        json_writer_begin_object(writer);
        write_text(writer, "type", "number");
        write_real(writer, "minimum", 0);
        write_real(writer, "maximum", SCHEMA_NUMBERS_MAX);
        json_writer_end_object(writer);
    } else {
        write_element(writer, field);
    }
}

/* Names with a shape each, or JSON pointers: to lists of values in a sweep, to one value in a
 * point of it. */
static void write_map(struct json_writer *writer, const struct schema_field *field) {
    write_text(writer, "type", "object");
    write_bounds(writer, field, "minProperties", "maxProperties");
    if (field->variants != NULL) {
        json_writer_key(writer, "additionalProperties");
        json_writer_begin_object(writer);
        write_ref(writer, field->variants);
        json_writer_end_object(writer);
        return;
    }
    json_writer_key(writer, "propertyNames");
    json_writer_begin_object(writer);
    write_text(writer, "pattern", "^/");
    json_writer_end_object(writer);
    if (field->type == SCHEMA_SWEEP) {
        json_writer_key(writer, "additionalProperties");
        json_writer_begin_object(writer);
        write_text(writer, "type", "array");
        write_real(writer, "minItems", 1);
        json_writer_end_object(writer);
    }
}

static void write_string(struct json_writer *writer, const struct schema_field *field) {
    write_text(writer, "type", "string");
    if (field->names != NAMES_ANY) {
        write_names(writer, field->names);
    } else {
        /* Ours are bytes of UTF-8, of which a character has at least one. */
        write_bounds(writer, field, "minLength", "maxLength");
    }
}

static void write_number(struct json_writer *writer, const char *type, double min,
                         double max) {
    write_text(writer, "type", type);
    write_real(writer, "minimum", min);
    write_real(writer, "maximum", max);
}

static void write_time(struct json_writer *writer, const struct schema_field *field) {
    json_writer_key(writer, "anyOf");
    json_writer_begin_array(writer);
    json_writer_begin_object(writer);
    write_number(writer, "number", field->min, field->max);
    json_writer_end_object(writer);
    json_writer_begin_object(writer);
    write_ref(writer, &schema_laws);
    json_writer_end_object(writer);
    json_writer_end_array(writer);
}

static void write_value(struct json_writer *writer, const struct schema_field *field) {
    switch (field->type) {
    case SCHEMA_INTEGER:
        write_number(writer, "integer", field->min, field->max);
        break;
    case SCHEMA_NUMBER:
        write_number(writer, "number", field->min, field->max);
        break;
    case SCHEMA_BOOLEAN:
        write_text(writer, "type", "boolean");
        break;
    case SCHEMA_STRING:
        write_string(writer, field);
        break;
    case SCHEMA_TIME:
        write_time(writer, field);
        break;
    case SCHEMA_OBJECT:
        if (field->variants != NULL) {
            write_ref(writer, field->variants);
        } else {
            write_object(writer, field->object, NULL);
        }
        break;
    case SCHEMA_LIST:
    case SCHEMA_NUMBERS:
        write_list(writer, field);
        break;
    case SCHEMA_MAP:
    case SCHEMA_SWEEP:
        write_map(writer, field);
        break;
    case SCHEMA_TYPE_COUNT:
        break;
    }
}

/* The tables have strings without their quotes. */
static void write_default(struct json_writer *writer, const struct schema_field *field) {
    if (field->fallback == NULL) {
        return;
    }
    json_writer_key(writer, "default");
    if (field->type == SCHEMA_STRING) {
        json_writer_string(writer, field->fallback);
    } else {
        json_writer_raw(writer, field->fallback, strlen(field->fallback));
    }
}

/* --- objects --------------------------------------------------------------------- */

/* `law`: the only value of "dist" then; else NULL. */
static void write_member(struct json_writer *writer, const struct schema_field *field,
                         const char *law) {
    json_writer_key(writer, field->name);
    json_writer_begin_object(writer);
    write_text(writer, "description", field->meaning);
    if (law != NULL && field->names == NAMES_LAWS) {
        write_text(writer, "const", law);
    } else {
        write_value(writer, field);
        write_default(writer, field);
    }
    json_writer_end_object(writer);
}

static void write_parameter(struct json_writer *writer, const struct field *field) {
    json_writer_key(writer, field->name);
    json_writer_begin_object(writer);
    write_text(writer, "description", field->meaning);
    if (field->unit == FIELD_FLAG) {
        write_text(writer, "type", "boolean");
    } else {
        write_number(writer, field->unit == FIELD_COUNT ? "integer" : "number",
                     field->min, field->max);
    }
    json_writer_end_object(writer);
}

static void write_required(struct json_writer *writer,
                           const struct schema_object *object) {
    json_writer_key(writer, "required");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < object->field_count; i++) {
        if (object->fields[i].required) {
            json_writer_string(writer, object->fields[i].name);
        }
    }
    json_writer_end_array(writer);
}

static void write_object(struct json_writer *writer, const struct schema_object *object,
                         const char *law) {
    write_text(writer, "type", "object");
    write_text(writer, "title", object->phrase);
    json_writer_key(writer, "properties");
    json_writer_begin_object(writer);
    for (size_t i = 0; i < object->field_count; i++) {
        write_member(writer, &object->fields[i], law);
    }
    for (size_t i = 0; object->parameters != NULL && i < *object->parameter_count; i++) {
        write_parameter(writer, &object->parameters[i]);
    }
    json_writer_end_object(writer);
    write_required(writer, object);
    json_writer_key(writer, "additionalProperties");
    json_writer_bool(writer, false);
}

static void write_variants(struct json_writer *writer,
                           const struct schema_variants *variants) {
    json_writer_begin_object(writer);
    write_text(writer, "title", variants->phrase);
    json_writer_key(writer, "anyOf");
    json_writer_begin_array(writer);
    if (variants->names != NAMES_ANY) {
        json_writer_begin_object(writer);
        write_names(writer, variants->names);
        json_writer_end_object(writer);
    }
    for (size_t i = 0; i < variants->count; i++) {
        const struct schema_variant *variant = &variants->variant[i];
        json_writer_begin_object(writer);
        write_object(writer, &variant->object,
                     variants == &schema_laws ? variant->name : NULL);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

void schema_view_write(struct json_writer *writer) {
    json_writer_begin_object(writer);
    write_text(writer, "$schema", "https://json-schema.org/draft/2020-12/schema");
    write_text(writer, "$id", "urn:gilscope:document:1");
    write_text(
        writer, "description",
        "An experiment of gilscope. The server knows some rules that a schema cannot "
        "say, and refuses what breaks them with a JSON pointer.");
    write_object(writer, &schema_document, NULL);
    json_writer_key(writer, "$defs");
    json_writer_begin_object(writer);
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        json_writer_key(writer, shared[i].name);
        write_variants(writer, shared[i].variants);
    }
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}
