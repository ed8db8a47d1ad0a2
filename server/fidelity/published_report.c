/* SPDX-License-Identifier: MIT */
#include "server/fidelity/published_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "server/cli/text_table.h"

static size_t count_verdict(const struct published *published,
                            enum published_verdict verdict, const char *section) {
    size_t count = 0;
    for (size_t i = 0; i < published->count; i++) {
        const struct published_row *row = &published->rows[i];
        count +=
            row->verdict == verdict &&
            (section == NULL || strcmp(published_text(row, "section"), section) == 0);
    }
    return count;
}

static bool is_first_of_section(const struct published *published, size_t index) {
    const char *section = published_text(&published->rows[index], "section");
    for (size_t i = 0; i < index; i++) {
        if (strcmp(published_text(&published->rows[i], "section"), section) == 0) {
            return false;
        }
    }
    return true;
}

/* --- text ---------------------------------------------------------------------- */

static void add_number(struct text_table *table, double value) {
    if (isnan(value)) {
        text_table_add(table, "-");
    } else {
        text_table_add(table, "%.4g", value);
    }
}

static void add_error(struct text_table *table, const struct published_row *row) {
    if (isnan(row->predicted)) {
        text_table_add(table, "-");
    } else if (isfinite(row->error)) {
        text_table_add(table, "%.1f %%", 100.0 * row->error);
    } else {
        text_table_add(table, "%+.3g", row->predicted - row->published);
    }
}

/* What the row was judged by; written down before the model was run. */
static void add_tolerance(struct text_table *table, const struct published_row *row) {
    if (row->verdict == PUBLISHED_INPUT || row->verdict == PUBLISHED_NEEDS) {
        text_table_add(table, "-");
    } else if (row->expect != PUBLISHED_VALUE) {
        text_table_add(table, row->expect == PUBLISHED_AT_MOST ? "at most" : "at least");
    } else if (isnan(row->factor)) {
        text_table_add(table, "+-%g", row->absolute);
    } else if (isnan(row->absolute)) {
        text_table_add(table, "x%g", row->factor);
    } else {
        text_table_add(table, "x%g or +-%g", row->factor, row->absolute);
    }
}

static void add_row(struct text_table *table, const struct published_row *row) {
    text_table_add(table, "%s", row->label);
    add_number(table, row->published);
    add_number(table, row->predicted);
    text_table_add(table, "%s", published_text(row, "unit"));
    add_error(table, row);
    add_tolerance(table, row);
    text_table_add(table, "%s", published_verdict_name(row->verdict));
}

static void print_head(const struct published_row *row) {
    const json_t *experiment = json_object_get(row->table, "experiment");
    const char *document = published_text(row, "document");
    const char *note = published_text(row, "note");
    printf("\n%s", published_text(row, "section"));
    if (json_is_integer(experiment)) {
        printf(", experiment %d", (int)json_integer_value(experiment));
    }
    printf(": %s\n[%s] %s%s%s\n", published_text(row, "what"), published_text(row, "tag"),
           published_text(row, "source"), document[0] == '\0' ? "" : "; document ",
           document);
    if (note[0] != '\0') {
        printf("%s\n", note);
    }
    if (document[0] == '\0') {
        printf("Not stated. Needs %s.\n", published_text(row, "needs"));
    }
    putchar('\n');
}

/* The rows of one table, which lie side by side. */
static int print_table(const struct published_row *rows, size_t count, struct err *err) {
    static const char *const heads[] = {"",      "published", "predicted", "unit",
                                        "error", "tolerance", "verdict"};
    enum { COLUMNS = sizeof heads / sizeof heads[0] };
    struct text_table table = {.columns = COLUMNS,
                               .right = 1u << 1 | 1u << 2 | 1u << 4 | 1u << 5};
    for (int i = 0; i < COLUMNS; i++) {
        text_table_add(&table, "%s", heads[i]);
    }
    for (size_t i = 0; i < count; i++) {
        add_row(&table, &rows[i]);
    }
    print_head(&rows[0]);
    const int rc = text_table_print(&table, stdout, err);
    text_table_deinit(&table);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].verdict == PUBLISHED_MISSES) {
            printf("%s\n", published_text(&rows[i], "gap"));
            break;
        }
    }
    return rc;
}

static void print_counts(const struct published *published, const char *section) {
    printf("%-10s", section == NULL ? "all" : section);
    for (int i = 0; i < PUBLISHED_VERDICT_COUNT; i++) {
        printf(" %7zu", count_verdict(published, (enum published_verdict)i, section));
    }
    putchar('\n');
}

int published_report_print(const struct published *published, struct err *err) {
    for (size_t i = 0, end; i < published->count; i = end) {
        end = i + 1;
        while (end < published->count &&
               published->rows[end].table == published->rows[i].table) {
            end++;
        }
        const int rc = print_table(&published->rows[i], end - i, err);
        if (rc != 0) {
            return rc;
        }
    }
    printf("\n%-10s", "section");
    for (int i = 0; i < PUBLISHED_VERDICT_COUNT; i++) {
        printf(" %7s", published_verdict_name((enum published_verdict)i));
    }
    putchar('\n');
    print_counts(published, NULL);
    for (size_t i = 0; i < published->count; i++) {
        if (is_first_of_section(published, i)) {
            print_counts(published, published_text(&published->rows[i], "section"));
        }
    }
    return 0;
}

/* --- JSON ---------------------------------------------------------------------- */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *row_object(const struct published_row *row) {
    static const char *const copied[] = {"section", "experiment", "document", "what",
                                         "source",  "tag",        "note",     "needs",
                                         "metric",  "unit",       "expect",   "gap"};
    json_t *object =
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "cell", row->label, "published",
                  number(row->published), "predicted", number(row->predicted), "error",
                  number(row->error), "factor", number(row->factor), "absolute",
                  number(row->absolute), "verdict", published_verdict_name(row->verdict));
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++) {
        json_t *value = json_object_get(row->table, copied[i]);
        if (value != NULL) {
            json_object_set(object, copied[i], value);
        }
    }
    return object;
}

static json_t *counts_object(const struct published *published, const char *section) {
    json_t *object = json_object();
    for (int i = 0; i < PUBLISHED_VERDICT_COUNT; i++) {
        const enum published_verdict verdict = (enum published_verdict)i;
        json_object_set_new(
            object, published_verdict_name(verdict),
            json_integer((json_int_t)count_verdict(published, verdict, section)));
    }
    return object;
}

int published_report_json(const struct published *published, FILE *out, struct err *err) {
    json_t *rows = json_array();
    json_t *sections = json_object();
    for (size_t i = 0; i < published->count; i++) {
        json_array_append_new(rows, row_object(&published->rows[i]));
        if (is_first_of_section(published, i)) {
            const char *section = published_text(&published->rows[i], "section");
            json_object_set_new(sections, section, counts_object(published, section));
        }
    }
    json_t *summary = counts_object(published, NULL);
    json_object_set_new(summary, "by_section", sections);
    json_t *report = json_pack("{s:o, s:o}", "rows", rows, "summary", summary);
    int rc = 0;
    if (report == NULL) {
        rc = err_set_nomem(err);
    } else if (json_dumpf(report, out, JSON_REAL_PRECISION(6) | JSON_INDENT(1)) != 0) {
        rc = err_set(err, ERR_IO, "cannot write the report");
    }
    json_decref(report);
    fputc('\n', out);
    return rc;
}
