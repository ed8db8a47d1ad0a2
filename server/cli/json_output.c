/* SPDX-License-Identifier: MIT */
#include "server/cli/json_output.h"

#include <stdlib.h>

int json_output_print(struct json_writer *writer, FILE *out, struct err *err) {
    char *text = NULL;
    size_t size = 0;
    const int code = json_writer_steal(writer, &text, &size, err);
    if (code == 0) {
        fwrite(text, 1, size, out);
        fputc('\n', out);
        free(text);
    }
    return code;
}
