/* SPDX-License-Identifier: MIT */
/*
 * text_table - rows of text with aligned columns, for a terminal.
 *
 * Cells are added row by row, `columns` for each row; the first row is the head. Widths
 * are counted in code points. Failure (out of memory) is sticky and told by
 * text_table_print().
 */
#ifndef SERVER_CLI_TEXT_TABLE_H
#define SERVER_CLI_TEXT_TABLE_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text_table {
    size_t columns;
    unsigned right; /* bit per column, of the first 32: aligned to the right */
    char **cells;   /* owned, row by row */
    size_t count, capacity;
    bool failed;
};

/* A struct with `columns` and `right` set and the rest zero is an empty table. */
void text_table_deinit(struct text_table *table);

void text_table_add(struct text_table *table, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Two spaces between columns, none at the end of a line, a rule under the head. */
int text_table_print(const struct text_table *table, FILE *out,
                     struct err *err) WARN_UNUSED;

#endif
