/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test.h"

void scratch_make(struct scratch *scratch) {
    const char *parent = getenv("TMPDIR");
    snprintf(scratch->directory, sizeof scratch->directory, "%s/gilscope-test-XXXXXX",
             parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(scratch->directory));
    snprintf(scratch->database, sizeof scratch->database, "%s/test.db",
             scratch->directory);
}

void scratch_remove(const struct scratch *scratch) {
    DIR *directory = opendir(scratch->directory);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[2 * SCRATCH_PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", scratch->directory, entry->d_name);
        if (entry->d_name[0] != '.') {
            unlink(path);
        }
    }
    closedir(directory);
    assert_int_equal(rmdir(scratch->directory), 0);
}

unsigned scratch_count(const struct scratch *scratch, const char *part) {
    unsigned count = 0;
    DIR *directory = opendir(scratch->directory);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += strstr(entry->d_name, part) != NULL;
    }
    closedir(directory);
    return count;
}
