/* SPDX-License-Identifier: MIT */
/*
 * readiness - whether jobs can begin and what comes out of them can be kept: when the server
 * should be sent requests.
 *
 * Only writing shows that a store can be written: a disk may be full, read-only or gone, a quota
 * used up, a file locked. So the store is touched when somebody asks, at most once a second.
 */
#ifndef SERVER_API_READINESS_H
#define SERVER_API_READINESS_H

#include "db/db.h"
#include "engine/base/err.h"
#include "server/jobs/job_queue.h"

struct readiness;

/* Both must outlive it. */
int readiness_create(struct readiness **out, struct db *db, struct job_queue *queue,
                     struct err *err) WARN_UNUSED;
/* NULL is accepted. */
void readiness_destroy(struct readiness *readiness);

/* 0, or why not, in a sentence for who runs the server. From any thread; may wait for the
 * disk. */
int readiness_check(struct readiness *readiness, struct err *err) WARN_UNUSED;

#endif
