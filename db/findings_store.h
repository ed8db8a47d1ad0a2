/* SPDX-License-Identifier: MIT */
/* findings_store - what was found out about a run, as the JSON text that is shown: made once,
 * kept as long as the run. */
#ifndef DB_FINDINGS_STORE_H
#define DB_FINDINGS_STORE_H

#include "db/db.h"

/* `*out` is NULL when nothing is stored, else freed with memory_free(). */
int findings_store_read(struct db_reader *reader, int64_t run, char **out,
                        struct err *err) WARN_UNUSED;

/* Replaces what is stored. ERR_NOT_FOUND: the run is gone; ERR_INVALID: no JSON. */
int findings_store_write(struct db *db, int64_t run, const char *json,
                         struct err *err) WARN_UNUSED;

#endif
