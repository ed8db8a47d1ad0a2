/* SPDX-License-Identifier: MIT */
#include "engine/base/field.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    double scale; /* held = written * scale */
} units[] = {
    {"us", 1e3},
    {"ratio", 1e6},
    {"count", 1.0},
    {"flag", 1.0},
};
static_assert(sizeof units / sizeof units[0] == FIELD_UNIT_COUNT, "a row per unit");

const char *field_unit_name(enum field_unit unit) { return units[unit].name; }

const struct field *field_find(const struct field *table, size_t count,
                               const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

double field_get(const struct field *field, const void *base) {
    int64_t held;
    memcpy(&held, (const char *)base + field->offset, sizeof held);
    return (double)held / units[field->unit].scale;
}

void field_set(const struct field *field, void *base, double value) {
    const int64_t held = (int64_t)llround(value * units[field->unit].scale);
    memcpy((char *)base + field->offset, &held, sizeof held);
}
