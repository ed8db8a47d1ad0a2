/* SPDX-License-Identifier: MIT */
/*
 * cli - the frame of the command line: the table of commands, options, exit codes.
 *
 * Commands and options are rows of const tables, from which the help texts are printed,
 * so that help cannot drift from what is accepted.
 */
#ifndef SERVER_CLI_CLI_H
#define SERVER_CLI_CLI_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* What the process ends with; `gilscope --help` lists them. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,  /* a run failed, or an I/O or database error */
    CLI_REFUSED = 2, /* wrong usage, or a document that was refused */
    CLI_GATE = 3,    /* a gate of the document did not hold */
    CLI_INTERRUPTED = 130
};

struct cli_command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the name; returns an exit code */
    const char *help;                  /* one line */
};

/* Runs the command that argv names, or prints help or version. Returns an exit code. */
int cli_main(const struct cli_command *commands, size_t count, int argc, char **argv);

enum { CLI_REPEAT_MAX = 16 };

/* An option: a flag (`placeholder` NULL, sets *given) or one with a value (sets *value). One
 * whose placeholder ends in "..." may come several times: `value` is then an array of
 * CLI_REPEAT_MAX, filled from the left, of NULLs at first. */
struct cli_option {
    const char *name;        /* "--json" */
    const char *placeholder; /* "FILE" */
    const char *help;
    const char **value;
    bool *given;
};

struct cli_usage {
    const char *command;
    const char *arguments; /* "FILE|-" */
    const char *summary;   /* what it does, full sentences */
    const struct cli_option *options;
    size_t option_count;
    size_t arguments_min, arguments_max;
};

enum cli_parsed { CLI_GO_ON, CLI_HELP_SHOWN, CLI_WRONG };

/*
 * Reads options ("--name VALUE", "--name=VALUE") and arguments; `--help` prints the
 * usage. What is wrong is said on standard error. `arguments` has room for
 * `arguments_max`, NULL where not given.
 */
enum cli_parsed cli_parse(const struct cli_usage *usage, int argc, char **argv,
                          const char **arguments);

/* "gilscope: ..." on standard error. */
void cli_complain(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Reads a whole number from `min` to `max`; false if `text` is none. */
bool cli_parse_number(const char *text, long min, long max, long *out);

/* Says what went wrong on standard error; `about` is a file, or NULL. */
void cli_report(const struct err *err, const char *about);

#endif
