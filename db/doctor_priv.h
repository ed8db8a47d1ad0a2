/* SPDX-License-Identifier: MIT */
/* doctor - what the parts of an examination share. Inside db only. */
#ifndef DB_DOCTOR_PRIV_H
#define DB_DOCTOR_PRIV_H

#include "db/db_priv.h"
#include "db/doctor.h"

struct examination {
    struct db_reader *reader;
    struct connection *connection; /* of the reader */
    const struct doctor_options *options;
    struct doctor_report *report;
};

/* Counts a finding and tells of it; `place` has its kind, run, group and seq. */
void doctor_found(const struct examination *at, const struct doctor_finding *place,
                  const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ERR_CANCELLED when somebody asked to stop. */
int doctor_go_on(const struct examination *at, struct err *err) WARN_UNUSED;

/* Decodes every chunk and all that belongs to a run. */
int doctor_examine_runs(const struct examination *at, struct err *err) WARN_UNUSED;

#endif
