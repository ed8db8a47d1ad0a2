/* SPDX-License-Identifier: MIT */
/* models_command - `gilscope models`: runtimes and machine profiles, and what they
 * assume. */
#include "server/cli/commands.h"

#include <stdio.h>

#include "engine/os/machine.h"
#include "engine/python/runtime_table.h"
#include "server/cli/cli.h"
#include "server/cli/text_table.h"

static int print(struct text_table *table) {
    struct err err = {0};
    const int code = text_table_print(table, stdout, &err);
    text_table_deinit(table);
    if (code != 0) {
        cli_report(&err, NULL);
        return CLI_FAILED;
    }
    return CLI_OK;
}

static int list_models(void) {
    struct text_table table = {.columns = 4};
    text_table_add(&table, "name");
    text_table_add(&table, "kind");
    text_table_add(&table, "GIL");
    text_table_add(&table, "title");
    for (size_t i = 0; i < runtime_row_count; i++) {
        text_table_add(&table, "%s", runtime_rows[i].runtime.name);
        text_table_add(&table, "runtime");
        text_table_add(&table, "%s", runtime_rows[i].gil);
        text_table_add(&table, "%s%s", runtime_rows[i].title,
                       runtime_rows[i].hypothetical ? " (hypothetical)" : "");
    }
    for (size_t i = 0; i < machine_profile_count; i++) {
        text_table_add(&table, "%s", machine_profiles[i].name);
        text_table_add(&table, "profile");
        text_table_add(&table, "-");
        text_table_add(&table, "%s", machine_profiles[i].title);
    }
    return print(&table);
}

static int print_parameters(const struct field *fields, size_t count, const void *base) {
    struct text_table table = {.columns = 5, .right = 1u << 1};
    text_table_add(&table, "parameter");
    text_table_add(&table, "value");
    text_table_add(&table, "unit");
    text_table_add(&table, "meaning");
    text_table_add(&table, "source");
    for (size_t i = 0; i < count; i++) {
        text_table_add(&table, "%s", fields[i].name);
        text_table_add(&table, "%.6g", field_get(&fields[i], base));
        text_table_add(&table, "%s", field_unit_name(fields[i].unit));
        text_table_add(&table, "%s", fields[i].meaning);
        text_table_add(&table, "%s", fields[i].source);
    }
    return print(&table);
}

static int show_model(const char *name) {
    const struct runtime_row *row = runtime_row_find(name);
    if (row != NULL) {
        printf("%s (%sruntime, GIL: %s)\n\n", row->title,
               row->hypothetical ? "hypothetical " : "", row->gil);
        return print_parameters(runtime_fields, runtime_field_count, &row->runtime);
    }
    const struct machine_profile *profile = machine_profile_find(name);
    if (profile != NULL) {
        printf("%s (machine profile)\n\n", profile->title);
        return print_parameters(machine_fields, machine_field_count, &profile->machine);
    }
    cli_complain("there is no model '%s'; gilscope models lists them", name);
    return CLI_REFUSED;
}

int models_command(int argc, char **argv) {
    const char *name = NULL;
    const struct cli_usage usage = {
        .command = "models",
        .arguments = "[NAME]",
        .summary = "Lists the runtimes and machine profiles that documents can name. "
                   "With NAME:\n"
                   "every parameter of it with value, unit, meaning and source.",
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &name)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    return name != NULL ? show_model(name) : list_models();
}
