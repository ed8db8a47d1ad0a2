/* SPDX-License-Identifier: MIT */
/* advice_view - findings and advice as JSON: what GET /runs/{id}/findings and
 * `gilscope findings --json` give. */
#ifndef SERVER_ADVICE_ADVICE_VIEW_H
#define SERVER_ADVICE_ADVICE_VIEW_H

#include "server/advice/advice.h"
#include "server/http/json_writer.h"

/* One object. */
void advice_view_write(struct json_writer *writer, const struct advice *advice);

#endif
