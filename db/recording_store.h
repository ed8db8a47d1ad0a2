/* SPDX-License-Identifier: MIT */
/*
 * recording_store - reads the spans of a stored run back into memory, for analyses.
 *
 * Chunk after chunk is decoded, and what the recording does not want is dropped at once:
 * memory is that of the spans which are kept, at most span_limit of them. A damaged chunk is
 * left out: an analysis then knows nothing of what ended in its time.
 */
#ifndef DB_RECORDING_STORE_H
#define DB_RECORDING_STORE_H

#include "db/damage.h"
#include "db/db.h"
#include "engine/record/recording.h"

/*
 * Fills a recording whose filters (kinds, window, limit) are set and which is empty. The
 * times for which lanes were held come from their totals, so that `was_held` is about the
 * whole run. What is missing is added to `damages`. ERR_NOT_FOUND: no such run, or no timeline of
 * it. ERR_LIMIT, ERR_CORRUPT, ERR_NOMEM; after an error it must still be released.
 */
int recording_store_read(struct db_reader *reader, int64_t run, struct recording *out,
                         struct damage_list *damages, struct err *err) WARN_UNUSED;

#endif
