/* SPDX-License-Identifier: MIT */
/* scratch - a directory of a test's own, removed with what is in it. */
#ifndef TESTS_SERVER_SCRATCH_H
#define TESTS_SERVER_SCRATCH_H

enum { SCRATCH_PATH_SIZE = 512 };

struct scratch {
    char directory[SCRATCH_PATH_SIZE / 2];
    char database[SCRATCH_PATH_SIZE]; /* a file name in it */
};

void scratch_make(struct scratch *scratch);
void scratch_remove(const struct scratch *scratch);

/* How many files in it have `part` in their names. */
unsigned scratch_count(const struct scratch *scratch, const char *part);

#endif
