/* SPDX-License-Identifier: MIT */
/* gate_view - what became of a document's gates, as JSON. */
#ifndef SERVER_API_GATE_VIEW_H
#define SERVER_API_GATE_VIEW_H

#include "db/cell_store.h"
#include "server/http/json_writer.h"

/* Writes the member "gates" of an experiment with that document; ERR_NOMEM. */
int gate_view_write(struct json_writer *writer, const char *document,
                    const struct cell_list *cells, struct err *err) WARN_UNUSED;

#endif
