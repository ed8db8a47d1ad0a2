/* SPDX-License-Identifier: MIT */
/*
 * replay - runs a fuzz target once over each file that is named, without a fuzzing
 * engine.
 *
 * It makes the collected inputs of tests/fuzz/<parser>/ ordinary tests of every build.
 */
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

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]) != 0) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return EXIT_FAILURE;
        }
    }
    printf("replayed %d inputs\n", argc - 1);
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
