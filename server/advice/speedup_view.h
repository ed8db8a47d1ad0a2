/* SPDX-License-Identifier: MIT */
/* speedup_view - a virtual speed-up as JSON: what GET /runs/{id}/speedup and
 * `gilscope speedup --json` give. */
#ifndef SERVER_ADVICE_SPEEDUP_VIEW_H
#define SERVER_ADVICE_SPEEDUP_VIEW_H

#include "server/advice/speedup.h"
#include "server/http/json_writer.h"

/* One object. */
void speedup_view_write(struct json_writer *writer, const struct speedup *speedup);

#endif
