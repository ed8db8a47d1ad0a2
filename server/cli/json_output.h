/* SPDX-License-Identifier: MIT */
/* json_output - what a command prints with --json: one value and the end of the line. */
#ifndef SERVER_CLI_JSON_OUTPUT_H
#define SERVER_CLI_JSON_OUTPUT_H

#include "server/http/json_writer.h"

#include <stdio.h>

/* The writer is empty afterwards. ERR_NOMEM; errors of `out` are the caller's to look for. */
int json_output_print(struct json_writer *writer, FILE *out, struct err *err) WARN_UNUSED;

#endif
