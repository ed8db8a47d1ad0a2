/* SPDX-License-Identifier: MIT */
/* analysis_store - what was found out about a run, as the JSON text that is shown: made once,
 * kept as long as the run. */
#ifndef DB_ANALYSIS_STORE_H
#define DB_ANALYSIS_STORE_H

#include "db/db.h"

enum analysis_kind { ANALYSIS_FINDINGS, ANALYSIS_SPEEDUP, ANALYSIS_KIND_COUNT };

/* "findings", "speedup": as it is stored, and the member of the answers of the API. */
const char *analysis_kind_name(enum analysis_kind kind);

/* `*out` is NULL when nothing is stored, else freed with memory_free(). */
int analysis_store_read(struct db_reader *reader, int64_t run, enum analysis_kind kind,
                        char **out, struct err *err) WARN_UNUSED;

/* Replaces what is stored. ERR_NOT_FOUND: the run is gone; ERR_INVALID: no JSON. */
int analysis_store_write(struct db *db, int64_t run, enum analysis_kind kind,
                         const char *json, struct err *err) WARN_UNUSED;

#endif
