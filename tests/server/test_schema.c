/* SPDX-License-Identifier: MIT */
/* The tables of documents are complete, so that a schema or a form can be made from them.
 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/program/plan.h"
#include "server/document/schema.h"

enum { MAX_OBJECTS = 96 };

/* Objects seen so far, in the order of discovery. */
struct tour {
    const struct schema_object *object[MAX_OBJECTS];
    size_t count;
};

static void visit(struct tour *tour, const struct schema_object *object) {
    for (size_t i = 0; i < tour->count; i++) {
        if (tour->object[i] == object) {
            return;
        }
    }
    assert_true(tour->count < MAX_OBJECTS);
    tour->object[tour->count++] = object;
}

static void visit_children(struct tour *tour, const struct schema_field *field) {
    if (field->object != NULL) {
        visit(tour, field->object);
    }
    for (size_t i = 0; field->variants != NULL && i < field->variants->count; i++) {
        visit(tour, &field->variants->variant[i].object);
    }
}

/* Every object that a document can contain. */
static void make_tour(struct tour *tour) {
    *tour = (struct tour){0};
    visit(tour, &schema_document);
    for (size_t i = 0; i < tour->count; i++) {
        for (size_t j = 0; j < tour->object[i]->field_count; j++) {
            visit_children(tour, &tour->object[i]->fields[j]);
        }
    }
}

static void test_schema_leads_to_every_object(void **state) {
    (void)state;
    struct tour tour;
    make_tour(&tour);
    const size_t variants = schema_strategies.count + schema_each.count +
                            schema_workload.count + schema_objects.count +
                            schema_actors.count + schema_steps.count + schema_laws.count;
    /* document, machine, runtime, limits, gate, where, jobs, arrivals, task, signal */
    assert_int_equal(tour.count, 10 + variants);
}

static void check_field(const struct schema_object *object,
                        const struct schema_field *field) {
    assert_non_null(field->name);
    assert_true(field->type < SCHEMA_TYPE_COUNT);
    assert_non_null(field->meaning);
    assert_true(strlen(field->meaning) > 5);
    assert_non_null(field->unit);
    assert_true(field->min <= field->max);
    assert_false(field->required && field->fallback != NULL);
    assert_ptr_equal(schema_field_find(object, field->name), field);
    if (field->type == SCHEMA_LIST || field->type == SCHEMA_OBJECT) {
        assert_true(field->object != NULL || field->variants != NULL);
    }
    if (field->type == SCHEMA_INTEGER || field->type == SCHEMA_NUMBER ||
        field->type == SCHEMA_TIME || field->type == SCHEMA_LIST ||
        field->type == SCHEMA_NUMBERS) {
        assert_true(field->max > 0);
    }
}

static void test_schema_describes_every_member(void **state) {
    (void)state;
    struct tour tour;
    make_tour(&tour);
    for (size_t i = 0; i < tour.count; i++) {
        assert_non_null(tour.object[i]->phrase);
        assert_true(tour.object[i]->field_count > 0);
        for (size_t j = 0; j < tour.object[i]->field_count; j++) {
            check_field(tour.object[i], &tour.object[i]->fields[j]);
        }
    }
}

/* A default is what the document would say: of the right type and in range. */
static void check_fallback(const struct schema_field *field) {
    if (field->fallback == NULL) {
        return;
    }
    if (field->type == SCHEMA_STRING) {
        struct spelling known;
        names_list(field->names, &known);
        bool found = field->names == NAMES_ANY;
        for (size_t i = 0; i < known.count; i++) {
            found = found || strcmp(known.word[i], field->fallback) == 0;
        }
        assert_true(found);
        return;
    }
    json_t *value = json_loads(field->fallback, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    if (json_is_number(value)) {
        assert_true(json_number_value(value) >= field->min);
        assert_true(json_number_value(value) <= field->max);
        assert_true(field->type == SCHEMA_NUMBER || json_is_integer(value));
    }
    json_decref(value);
}

static void test_schema_defaults_are_valid(void **state) {
    (void)state;
    struct tour tour;
    make_tour(&tour);
    for (size_t i = 0; i < tour.count; i++) {
        for (size_t j = 0; j < tour.object[i]->field_count; j++) {
            check_fallback(&tour.object[i]->fields[j]);
        }
    }
}

/* A variant is told by a member that it requires and no other variant has. */
static void check_variants(const struct schema_variants *variants) {
    for (size_t i = 0; i < variants->count; i++) {
        const char *name = variants->variant[i].name;
        for (size_t j = 0; j < variants->count; j++) {
            const struct schema_field *field =
                schema_field_find(&variants->variant[j].object, name);
            assert_int_equal(field != NULL, i == j);
            assert_true(field == NULL || field->required);
        }
    }
}

static void test_schema_variants_can_be_told_apart(void **state) {
    (void)state;
    check_variants(&schema_strategies);
    check_variants(&schema_workload);
    check_variants(&schema_objects);
    check_variants(&schema_actors);
    check_variants(&schema_steps);
    for (size_t i = 0; i < schema_laws.count; i++) {
        assert_non_null(schema_field_find(&schema_laws.variant[i].object, "dist"));
    }
    for (size_t i = 0; i < schema_steps.count; i++) {
        const struct schema_variant *step = &schema_steps.variant[i];
        assert_true(step->contexts == SCHEMA_ANYWHERE || step->instead != NULL);
    }
}

/* A step of the engine that no word stands for could not be used; a C call of another kind
 * is told by its member "gil". */
static void test_schema_has_every_kind_of_step(void **state) {
    (void)state;
    for (int kind = 0; kind < STEP_KIND_COUNT; kind++) {
        size_t words = kind == STEP_C_RELEASED || kind == STEP_C_BY_SIZE ? 1 : 0;
        for (size_t i = 0; i < schema_steps.count; i++) {
            words += schema_steps.variant[i].kind == kind ? 1 : 0;
            for (int j = 0; j < SCHEMA_MORE_BODIES; j++) {
                words += schema_steps.variant[i].more[j].name != NULL &&
                         schema_steps.variant[i].more[j].kind == kind;
            }
        }
        assert_int_equal(words, kind == STEP_NOTIFY ? 2 : 1);
    }
}

static bool is_listed(enum names_kind names, const char *word) {
    struct spelling known;
    names_list(names, &known);
    for (size_t i = 0; i < known.count; i++) {
        if (strcmp(known.word[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* Every kind of object can be written alone, or with its value, or both; what it means
 * alone is a value that could be written. */
static void test_schema_has_every_kind_of_object(void **state) {
    (void)state;
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        const char *name = object_kind_name((enum object_kind)kind);
        const struct schema_variant *sized = schema_variant_find(&schema_objects, name);
        assert_int_equal(is_listed(NAMES_OBJECTS, name),
                         sized == NULL || sized->alone != NULL);
        if (sized == NULL) {
            continue;
        }
        assert_int_equal(sized->kind, kind);
        const struct schema_field *field = schema_field_find(&sized->object, name);
        if (sized->alone != NULL && field->type == SCHEMA_STRING) {
            assert_true(is_listed(field->names, sized->alone));
        } else if (sized->alone != NULL) {
            assert_true(atof(sized->alone) >= field->min);
            assert_true(atof(sized->alone) <= field->max);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_leads_to_every_object),
        cmocka_unit_test(test_schema_describes_every_member),
        cmocka_unit_test(test_schema_defaults_are_valid),
        cmocka_unit_test(test_schema_variants_can_be_told_apart),
        cmocka_unit_test(test_schema_has_every_kind_of_step),
        cmocka_unit_test(test_schema_has_every_kind_of_object),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
