/* SPDX-License-Identifier: MIT */
#include "server/cli/serve_token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int check_mode(FILE *file, const char *path, struct err *err) {
    struct stat status;
    if (fstat(fileno(file), &status) != 0) {
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return err_set(err, ERR_INVALID,
                       "%s: others may read the token; run: chmod 600 %s", path, path);
    }
    return 0;
}

/* The first line; one that is too long is no token either. */
static int read_file(const char *path, char *out, size_t size, struct err *err) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    int code = check_mode(file, path, err);
    if (code == 0) {
        out[0] = '\0';
        if (fgets(out, (int)size, file) == NULL && ferror(file)) {
            code = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        }
        out[strcspn(out, "\r\n")] = '\0';
    }
    fclose(file);
    return code;
}

int serve_token_read(const char *file, char out[ACCESS_TOKEN_MAX + 1], struct err *err) {
    char text[ACCESS_TOKEN_MAX + 2] = "";
    const char *variable = getenv("GILSCOPE_TOKEN");
    if (file == NULL && variable == NULL) {
        out[0] = '\0';
        return 0;
    }
    if (file == NULL) {
        snprintf(text, sizeof text, "%s", variable);
    } else {
        const int code = read_file(file, text, sizeof text, err);
        if (code != 0) {
            return code;
        }
    }
    if (!access_token_is_valid(text)) {
        return err_set(err, ERR_INVALID,
                       "the token in %s must be " ACCESS_TOKEN_RULE
                       "; \"openssl rand -hex 32\" makes one",
                       file != NULL ? file : "GILSCOPE_TOKEN");
    }
    strcpy(out, text);
    return 0;
}
