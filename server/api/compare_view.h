/* SPDX-License-Identifier: MIT */
/* compare_view - a comparison as JSON: GET /compare and `gilscope compare --json`. */
#ifndef SERVER_API_COMPARE_VIEW_H
#define SERVER_API_COMPARE_VIEW_H

#include "server/advice/compare.h"
#include "server/http/json_writer.h"

/* One object. ERR_NOMEM */
int compare_view_write(struct json_writer *writer, const struct comparison *comparison,
                       const struct compare_side *sides, struct err *err) WARN_UNUSED;

#endif
