/* SPDX-License-Identifier: MIT */
/*
 * replay - runs a fuzz target once over each file of the folders that are named, without a
 * fuzzing engine.
 *
 * It makes the collected inputs of tests/fuzz/<parser>/ ordinary tests of every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    int status = -1;
    uint8_t *data = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        const long end = ftell(file);
        rewind(file);
        const size_t size = end > 0 ? (size_t)end : 0;
        /* Exactly as long as the input, so that a sanitizer sees the first byte past it.
         */
        data = malloc(size > 0 ? size : 1);
        if (data != NULL && fread(data, 1, size, file) == size) {
            LLVMFuzzerTestOneInput(data, size);
            status = 0;
        }
    }
    free(data);
    fclose(file);
    return status;
}

/* How many inputs, or -1. */
static int replay_folder(const char *folder) {
    int count = 0;
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        perror(folder);
        return -1;
    }
    for (const struct dirent *entry;
         count >= 0 && (entry = readdir(directory)) != NULL;) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            count = replay(path) == 0 ? count + 1 : -1;
        }
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv) {
    int sum = 0;
    for (int i = 1; i < argc; i++) {
        const int count = replay_folder(argv[i]);
        if (count <= 0) {
            fprintf(stderr, "%s: there is no input, or it cannot be read\n", argv[i]);
            return EXIT_FAILURE;
        }
        sum += count;
    }
    printf("replayed %d inputs\n", sum);
    return sum > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
