/* SPDX-License-Identifier: MIT */
/*
 * models - build tool: what GET /api/v1/models?parameters=cores answers, as far as the first
 * page of the dashboard is made of it, so that it can be made while the dashboard is built.
 *
 *     models OUT.json
 *
 * A file that has the same content already is not written again. Any failure ends it with one
 * line and exit status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/os/machine.h"
#include "engine/python/runtime_table.h"

static json_t *list_runtimes(void) {
    json_t *items = json_array();
    for (size_t i = 0; i < runtime_row_count; i++) {
        const struct runtime_row *row = &runtime_rows[i];
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:s}", "name", row->runtime.name,
                                        "title", row->title, "gil", row->gil));
    }
    return items;
}

static json_t *list_profiles(void) {
    const struct field *cores = field_find(machine_fields, machine_field_count, "cores");
    json_t *profiles = json_array();
    for (size_t i = 0; cores != NULL && i < machine_profile_count; i++) {
        const struct machine_profile *profile = &machine_profiles[i];
        const double value = field_get(cores, &profile->machine);
        json_array_append_new(profiles,
                              json_pack("{s:s, s:s, s:[{s:s, s:f}]}", "name",
                                        profile->name, "title", profile->title,
                                        "parameters", "name", "cores", "value", value));
    }
    return profiles;
}

static bool is_written(const char *path, const json_t *models) {
    json_t *before = json_load_file(path, 0, NULL);
    const bool same = before != NULL && json_equal(before, models) != 0;
    json_decref(before);
    return same;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("models: usage: models OUT.json\n", stderr);
        return EXIT_FAILURE;
    }
    json_t *models =
        json_pack("{s:o, s:o}", "items", list_runtimes(), "profiles", list_profiles());
    const bool done = models != NULL && (is_written(argv[1], models) ||
                                         json_dump_file(models, argv[1], 0) == 0);
    json_decref(models);
    if (!done) {
        fprintf(stderr, "models: %s cannot be written\n", argv[1]);
    }
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
