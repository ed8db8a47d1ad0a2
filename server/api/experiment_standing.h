/* SPDX-License-Identifier: MIT */
/*
 * experiment_standing - where experiments stand, from the store: for a stream that begins, and
 * for what happens in other processes.
 *
 * Job queues tell what they do themselves. What another process does on the same store - a
 * command, a second server - is seen by looking: what it runs, and what it has ended since the
 * last look, becomes the same events. One that waited, began and ended between two looks is not
 * seen, and nobody tells which cells of the others began and ended.
 */
#ifndef SERVER_API_EXPERIMENT_STANDING_H
#define SERVER_API_EXPERIMENT_STANDING_H

#include "db/db.h"
#include "server/jobs/job.h"

/* As JOB_EVENT_PROGRESS. ERR_NOT_FOUND: there is no such experiment. */
int experiment_standing_read(struct db_reader *reader, int64_t id, struct job_event *out,
                             struct err *err) WARN_UNUSED;

bool experiment_standing_has_ended(const struct job_event *standing);

/* What others were at when somebody looked. Zeroed: nothing. */
struct other_processes {
    int64_t newest;          /* the largest id of an experiment */
    struct job_event *known; /* owned; what they run, by id */
    size_t count;
};
void other_processes_deinit(struct other_processes *others);

/* To begin with: what has ended before is no news. */
int other_processes_begin(struct other_processes *others, struct db_reader *reader,
                          struct err *err) WARN_UNUSED;

/* Tells what is different from the last look. After an error the next look tells. */
int other_processes_look(struct other_processes *others, struct db_reader *reader,
                         const struct job_listener *listener,
                         struct err *err) WARN_UNUSED;

#endif
