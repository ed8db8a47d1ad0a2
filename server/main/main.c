/* SPDX-License-Identifier: MIT */
/* main - the table of commands, and how the process keeps memory. */
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "server/bench/bench.h"
#include "server/cli/cli.h"
#include "server/cli/commands.h"
#include "server/fidelity/verify.h"

static const struct cli_command commands[] = {
    {"serve", serve_command, "serve the dashboard and the REST interface"},
    {"run", run_command, "run a document and print its outcome"},
    {"findings", findings_command, "say what the cells of a document suffer from"},
    {"compare", compare_command, "cells side by side, or what one change does"},
    {"speedup", speedup_command, "what a faster step would bring"},
    {"sql", sql_command, "query a result file"},
    {"export", export_command, "write a result file in another format"},
    {"backup", backup_command, "copy a store while it is in use"},
    {"doctor", doctor_command, "examine a store, and repair what can be"},
    {"prune", prune_command, "remove experiments from a store"},
    {"vacuum", vacuum_command, "give free space of a store back to the disk"},
    {"models", models_command, "list runtimes and machine profiles, or explain one"},
    {"schema", schema_command, "print what a document may contain, as JSON Schema"},
    {"verify", fidelity_command, "compare predictions with measurements of real Python"},
    {"bench", bench_command, "measure how fast the program is"},
    {"examples", examples_command, "list the example documents, or print one"},
};

/* What is freed at the end of the heap stays for the next answer, up to 8 MB for each of the
 * allocator's arenas, and blocks below 4 MB come from there: the pages of a large one would be
 * given back and fetched again each time, which takes as long as the answer. A refusal leaves
 * what was there, and either setting alone would end glibc's own adjustment of the other. */
static void keep_freed_memory(void) {
#ifdef __GLIBC__
    (void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
    (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

int main(int argc, char **argv) {
    keep_freed_memory();
    return cli_main(commands, sizeof commands / sizeof commands[0], argc, argv);
}
