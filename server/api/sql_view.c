/* SPDX-License-Identifier: MIT */
#include "server/api/sql_view.h"

#include <stdlib.h>

static void write_blob(struct json_writer *writer, const struct sql_value *value) {
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * value->size + 1);
    if (text == NULL) {
        writer->failed = true;
        return;
    }
    for (size_t i = 0; i < value->size; i++) {
        const unsigned char byte = (unsigned char)value->text[i];
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 0xf];
    }
    json_writer_string_n(writer, text, 2 * value->size);
    free(text);
}

void sql_view_write(struct json_writer *writer, const struct sql_value *value) {
    switch (value->type) {
    case SQL_INTEGER:
        json_writer_int(writer, value->integer);
        break;
    case SQL_REAL:
        json_writer_real(writer, value->real);
        break;
    case SQL_TEXT:
        json_writer_string_n(writer, value->text, value->size);
        break;
    case SQL_BLOB:
        write_blob(writer, value);
        break;
    case SQL_NULL:
        json_writer_null(writer);
        break;
    }
}
