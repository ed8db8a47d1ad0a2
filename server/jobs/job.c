/* SPDX-License-Identifier: MIT */
#include "server/jobs/job.h"

#include <stdlib.h>

int job_create(struct job **out, const struct grid *grid, uint32_t repetitions,
               struct err *err) {
    const size_t cells = grid_cell_count(grid);
    struct job *job = calloc(1, sizeof *job);
    bool *skip = calloc(cells, sizeof *skip);
    if (job == NULL || skip == NULL) {
        free(job);
        free(skip);
        return err_set_nomem(err);
    }
    *job = (struct job){.grid = grid, .skip = skip, .repetitions = repetitions};
    for (size_t i = 0; i < cells; i++) {
        skip[i] = grid_cell(grid, i)->reason != NULL;
    }
    *out = job;
    return 0;
}

void job_destroy(struct job *job) {
    if (job == NULL) {
        return;
    }
    if (job->keeper.close != NULL) {
        job->keeper.close(job->keeper.context);
    }
    while (job->owed != NULL) {
        struct cell_outcome *outcome = job->owed;
        job->owed = outcome->owed_next;
        free(outcome);
    }
    free(job->cell_ids);
    free(job->skip);
    free(job);
}
