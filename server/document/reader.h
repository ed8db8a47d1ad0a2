/* SPDX-License-Identifier: MIT */
/*
 * reader - checks JSON values against the tables of schema.h and says where and how they
 * fail.
 *
 * A reader knows its place in the document. Whoever descends into a member or an element
 * pushes it on `place` and pops it afterwards; after an error the place no longer
 * matters. Once an object has passed reader_check_object() its members have the right
 * type and range, and the reader_get functions fetch them without further checks.
 */
#ifndef SERVER_DOCUMENT_READER_H
#define SERVER_DOCUMENT_READER_H

#include "engine/base/memory.h"
#include "server/document/place.h"
#include "server/document/schema.h"

#include <jansson.h>

struct reader {
    struct place place;
    struct err *err;
    struct arena *arena; /* of the plan that is being read; borrowed */
};

/* ERR_INVALID with the pointer of the reader's place. */
int reader_refuse(struct reader *reader, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same for a member of the object at the place. */
int reader_refuse_member(struct reader *reader, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* --- checking ----------------------------------------------------------------- */

/* Every member is known and right, and none is missing. Nested objects and elements of
 * lists are not looked into. */
int reader_check_object(struct reader *reader, const json_t *value,
                        const struct schema_object *object) WARN_UNUSED;

/* The parts of it: that it is an object at all; one member; that none is missing. */
int reader_check_is_object(struct reader *reader, const json_t *value,
                           const char *phrase) WARN_UNUSED;
int reader_check_member(struct reader *reader, const char *name, const json_t *value,
                        const struct schema_object *object) WARN_UNUSED;
int reader_check_required(struct reader *reader, const json_t *value,
                          const struct schema_object *object) WARN_UNUSED;

/* Which variant the value is, without a look at its members. */
int reader_find_variant(struct reader *reader, const json_t *value,
                        const struct schema_variants *variants,
                        const struct schema_variant **out) WARN_UNUSED;

/* Which variant the object is, after checking it as such. */
int reader_check_variant(struct reader *reader, const json_t *value,
                         const struct schema_variants *variants,
                         const struct schema_variant **out) WARN_UNUSED;

/* A string that is one of the names. */
int reader_check_name(struct reader *reader, const json_t *value,
                      enum names_kind names) WARN_UNUSED;

/* --- fetching ----------------------------------------------------------------- */

/* The member, or what its row says when it is not written; `object` may be NULL. The
 * string is NULL when the row says nothing. */
int64_t reader_get_integer(const json_t *object, const struct schema_object *schema,
                           const char *name);
double reader_get_number(const json_t *object, const struct schema_object *schema,
                         const char *name);

const char *reader_get_string(const json_t *object, const struct schema_object *schema,
                              const char *name);

/* False when the member is not written. */
bool reader_get_flag(const json_t *object, const char *name);

/* Stores the members that are parameters of a model (struct field) in `base`. */
void reader_get_parameters(const json_t *object, const struct schema_object *schema,
                           void *base);

#endif
