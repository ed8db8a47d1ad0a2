/* SPDX-License-Identifier: MIT */
/* serve_token - where `gilscope serve` finds its bearer token: a file or the environment. */
#ifndef SERVER_CLI_SERVE_TOKEN_H
#define SERVER_CLI_SERVE_TOKEN_H

#include "engine/base/err.h"
#include "server/http/access.h"

/*
 * Reads the token from `file`, whose first line it is, or, when that is NULL, from the
 * variable GILSCOPE_TOKEN; "" when there is neither. ERR_IO: the file cannot be read;
 * ERR_INVALID: others may read it, or that is no token. No text repeats a secret.
 */
int serve_token_read(const char *file, char out[ACCESS_TOKEN_MAX + 1],
                     struct err *err) WARN_UNUSED;

#endif
