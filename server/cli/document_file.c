/* SPDX-License-Identifier: MIT */
#include "server/cli/document_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One byte more than a document may have, so that the reader sees that it is too large.
 */
enum { READ_MAX = DOCUMENT_MAX_BYTES + 1 };

static int read_all(FILE *file, char **out, size_t *size, struct err *err) {
    char *text = malloc(READ_MAX);
    if (text == NULL) {
        return err_set_nomem(err);
    }
    *size = fread(text, 1, READ_MAX, file);
    if (ferror(file)) {
        free(text);
        return err_set(err, ERR_IO, "%s", strerror(errno));
    }
    *out = text;
    return 0;
}

int document_file_read(struct document **out, const char *path, struct err *err) {
    const bool standard_input = strcmp(path, "-") == 0;
    FILE *file = standard_input ? stdin : fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;
    if (file == NULL) {
        return err_set(err, ERR_IO, "%s", strerror(errno));
    }
    int code = read_all(file, &text, &size, err);
    if (!standard_input) {
        fclose(file);
    }
    if (code == 0) {
        code = document_parse(out, text, size, err);
        free(text);
    }
    return code;
}
