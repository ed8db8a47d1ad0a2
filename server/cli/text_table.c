/* SPDX-License-Identifier: MIT */
#include "server/cli/text_table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"

enum { CELL_MAX = 512, GAP = 2, RIGHT_BITS = 32 };

void text_table_deinit(struct text_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct text_table){0};
}

void text_table_add(struct text_table *table, const char *fmt, ...) {
    char text[CELL_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (table->count == table->capacity) {
        const size_t capacity = table->capacity > 0 ? table->capacity * 2 : 64;
        char **cells = realloc(table->cells, capacity * sizeof *cells);
        if (cells == NULL) {
            table->failed = true;
            return;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        table->failed = true;
        return;
    }
    table->cells[table->count++] = copy;
}

static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80 ? 1 : 0;
    }
    return width;
}

static void pad(FILE *out, size_t count, char c) {
    while (count-- > 0) {
        fputc(c, out);
    }
}

static void print_row(const struct text_table *table, size_t row, const size_t *widths,
                      FILE *out) {
    for (size_t column = 0; column < table->columns; column++) {
        const char *text = table->cells[row * table->columns + column];
        const size_t fill = widths[column] - width_of(text);
        const bool right = column < RIGHT_BITS && (table->right >> column & 1) != 0;
        const bool last = column + 1 == table->columns;
        pad(out, right ? fill : 0, ' ');
        fputs(text, out);
        pad(out, last ? 0 : (right ? 0 : fill) + GAP, ' ');
    }
    fputc('\n', out);
}

int text_table_print(const struct text_table *table, FILE *out, struct err *err) {
    if (table->failed) {
        return err_set_nomem(err);
    }
    ASSERT(table->columns > 0 && table->count % table->columns == 0);
    size_t *widths = calloc(table->columns, sizeof *widths);
    if (widths == NULL) {
        return err_set_nomem(err);
    }
    for (size_t i = 0; i < table->count; i++) {
        const size_t width = width_of(table->cells[i]);
        if (width > widths[i % table->columns]) {
            widths[i % table->columns] = width;
        }
    }
    for (size_t row = 0; row < table->count / table->columns; row++) {
        print_row(table, row, widths, out);
        if (row == 0) {
            for (size_t column = 0; column < table->columns; column++) {
                pad(out, widths[column], '-');
                pad(out, column + 1 < table->columns ? GAP : 0, ' ');
            }
            fputc('\n', out);
        }
    }
    free(widths);
    return 0;
}
