/* SPDX-License-Identifier: MIT */
#include "server/cli/sql_output.h"
#include "server/cli/json_output.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/sql_view.h"
#include "server/cli/text_table.h"

static const char *const format_names[] = {"table", "csv", "json"};
static_assert(sizeof format_names / sizeof format_names[0] == SQL_FORMAT_COUNT,
              "a name each");

enum sql_format sql_format_find(const char *name) {
    int i = 0;
    while (i < SQL_FORMAT_COUNT && strcmp(format_names[i], name) != 0) {
        i++;
    }
    return (enum sql_format)i;
}

static void print_hex(FILE *out, const struct sql_value *value) {
    for (size_t i = 0; i < value->size; i++) {
        fprintf(out, "%02x", (unsigned char)value->text[i]);
    }
}

/* --- table --------------------------------------------------------------------- */

enum { CELL_MAX = 200, REAL_DIGITS = 15 };

/* On one line and not endlessly wide. */
static void add_text(struct text_table *table, const struct sql_value *value) {
    char text[CELL_MAX + 4];
    size_t size = value->size < CELL_MAX ? value->size : CELL_MAX;
    while (size < value->size && size > 0 &&
           ((unsigned char)value->text[size] & 0xC0) == 0x80) {
        size--; /* not inside a character */
    }
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)value->text[i];
        text[i] = (char)(c < ' ' || c == 0x7f ? ' ' : c);
    }
    strcpy(text + size, size < value->size ? "..." : "");
    text_table_add(table, "%s", text);
}

static void add_blob(struct text_table *table, const struct sql_value *value) {
    text_table_add(table, "(%zu bytes)", value->size);
}

static void add_cell(struct text_table *table, const struct sql_value *value) {
    switch (value->type) {
    case SQL_INTEGER:
        text_table_add(table, "%lld", (long long)value->integer);
        break;
    case SQL_REAL:
        text_table_add(table, "%.*g", REAL_DIGITS, value->real);
        break;
    case SQL_TEXT:
        add_text(table, value);
        break;
    case SQL_BLOB:
        add_blob(table, value);
        break;
    case SQL_NULL:
        text_table_add(table, "%s", "");
        break;
    }
}

static int print_table(struct sql_session *session, size_t columns, FILE *out,
                       struct err *err) {
    struct text_table table = {.columns = columns};
    int rc;
    for (size_t i = 0; i < columns; i++) {
        text_table_add(&table, "%s", sql_session_column_name(session, i));
    }
    while (!table.failed && (rc = sql_session_next(session, err)) == 1) {
        for (size_t i = 0; i < columns; i++) {
            const struct sql_value value = sql_session_value(session, i);
            const bool number = value.type == SQL_INTEGER || value.type == SQL_REAL;
            table.right |= number && i < 32 ? 1u << i : 0;
            add_cell(&table, &value);
        }
    }
    if (table.failed) {
        rc = err_set_nomem(err);
    } else if (rc == 0) {
        rc = text_table_print(&table, out, err);
    }
    text_table_deinit(&table);
    return rc;
}

/* --- csv ----------------------------------------------------------------------- */

static void print_csv_text(FILE *out, const char *text, size_t size) {
    if (size > 0 && memchr(text, '"', size) == NULL && memchr(text, ',', size) == NULL &&
        memchr(text, '\n', size) == NULL && memchr(text, '\r', size) == NULL) {
        fwrite(text, 1, size, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < size; i++) {
        fputs(text[i] == '"' ? "\"" : "", out);
        fputc(text[i], out);
    }
    fputc('"', out);
}

/* Fifteen digits when they tell the double, else the seventeen that always do. */
static void print_csv_real(FILE *out, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.*g", REAL_DIGITS, value);
    if (strtod(text, NULL) != value) {
        snprintf(text, sizeof text, "%.17g", value);
    }
    fputs(text, out);
}

static void print_csv_cell(FILE *out, const struct sql_value *value) {
    switch (value->type) {
    case SQL_INTEGER:
        fprintf(out, "%lld", (long long)value->integer);
        break;
    case SQL_REAL:
        print_csv_real(out, value->real);
        break;
    case SQL_TEXT:
        print_csv_text(out, value->text, value->size);
        break;
    case SQL_BLOB:
        print_hex(out, value);
        break;
    case SQL_NULL:
        break;
    }
}

static int print_csv(struct sql_session *session, size_t columns, FILE *out,
                     struct err *err) {
    int rc;
    for (size_t i = 0; i < columns; i++) {
        const char *name = sql_session_column_name(session, i);
        fputs(i > 0 ? "," : "", out);
        print_csv_text(out, name, strlen(name));
    }
    fputc('\n', out);
    while ((rc = sql_session_next(session, err)) == 1) {
        for (size_t i = 0; i < columns; i++) {
            const struct sql_value value = sql_session_value(session, i);
            fputs(i > 0 ? "," : "", out);
            print_csv_cell(out, &value);
        }
        fputc('\n', out);
    }
    return rc;
}

/* --- json ---------------------------------------------------------------------- */

static int print_object(struct sql_session *session, size_t columns, FILE *out,
                        struct err *err) {
    struct json_writer writer = {0};
    json_writer_begin_object(&writer);
    for (size_t i = 0; i < columns; i++) {
        const struct sql_value value = sql_session_value(session, i);
        json_writer_key(&writer, sql_session_column_name(session, i));
        sql_view_write(&writer, &value);
    }
    json_writer_end_object(&writer);
    return json_output_print(&writer, out, err);
}

static int print_json(struct sql_session *session, size_t columns, FILE *out,
                      struct err *err) {
    int rc;
    while ((rc = sql_session_next(session, err)) == 1 &&
           (rc = print_object(session, columns, out, err)) == 0) {
    }
    return rc;
}

/* --- formats ------------------------------------------------------------------- */

int sql_output_print(struct sql_session *session, enum sql_format format, FILE *out,
                     struct err *err) {
    static int (*const printers[])(struct sql_session *, size_t, FILE *,
                                   struct err *) = {print_table, print_csv, print_json};
    static_assert(sizeof printers / sizeof printers[0] == SQL_FORMAT_COUNT, "one each");
    /* Asked for now: the statement is gone after an error. */
    const size_t columns = sql_session_column_count(session);
    return printers[format](session, columns, out, err);
}
