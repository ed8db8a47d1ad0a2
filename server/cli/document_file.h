/* SPDX-License-Identifier: MIT */
/* document_file - reads a document from a file, or from standard input for "-". */
#ifndef SERVER_CLI_DOCUMENT_FILE_H
#define SERVER_CLI_DOCUMENT_FILE_H

#include "engine/base/err.h"
#include "server/document/document.h"

/* ERR_IO, or the errors of document_parse(). Free with document_destroy(). */
int document_file_read(struct document **out, const char *path,
                       struct err *err) WARN_UNUSED;

#endif
