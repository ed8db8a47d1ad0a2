/* SPDX-License-Identifier: MIT */
#include "server/cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "engine/analysis/run.h"

/* --- messages -------------------------------------------------------------------- */

void cli_complain(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fputs("gilscope: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

void cli_report(const struct err *err, const char *about) {
    if (about == NULL) {
        cli_complain("%s", err->text);
    } else if (err->pointer[0] != '\0') {
        cli_complain("%s: %s: %s", about, err->pointer, err->text);
    } else {
        cli_complain("%s: %s", about, err->text);
    }
}

bool cli_parse_number(const char *text, long min, long max, long *out) {
    errno = 0;
    const long value = strtol(text, NULL, 10);
    const bool is_number =
        text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && errno == 0;
    if (!is_number || value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

/* --- options --------------------------------------------------------------------- */

static void print_usage(const struct cli_usage *usage) {
    printf("usage: gilscope %s%s%s%s\n\n%s\n", usage->command,
           usage->option_count > 0 ? " [options]" : "",
           usage->arguments[0] != '\0' ? " " : "", usage->arguments, usage->summary);
    if (usage->option_count > 0) {
        puts("\noptions:");
    }
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct cli_option *option = &usage->options[i];
        char left[48];
        snprintf(left, sizeof left, "%s%s%s", option->name,
                 option->placeholder != NULL ? " " : "",
                 option->placeholder != NULL ? option->placeholder : "");
        printf("  %-21s %s\n", left, option->help);
    }
}

/* The option that `text` names, up to its '='; NULL when there is none. */
static const struct cli_option *find_option(const struct cli_usage *usage,
                                            const char *text) {
    const size_t length = strcspn(text, "=");
    for (size_t i = 0; i < usage->option_count; i++) {
        const char *name = usage->options[i].name;
        if (strlen(name) == length && memcmp(name, text, length) == 0) {
            return &usage->options[i];
        }
    }
    return NULL;
}

/* Where the value goes: the first free place if there may be several. */
static const char **find_place(const struct cli_option *option) {
    const char **place = option->value;
    if (strstr(option->placeholder, "...") == NULL) {
        return place;
    }
    for (int i = 0; i < CLI_REPEAT_MAX; i++, place++) {
        if (*place == NULL) {
            return place;
        }
    }
    return NULL;
}

/* Takes the option at argv[*at], and its value from the next word if need be. */
static bool take_option(const struct cli_usage *usage, int argc, char **argv, int *at) {
    const char *text = argv[*at];
    const char *value = strchr(text, '=');
    const struct cli_option *option = find_option(usage, text);
    if (option == NULL) {
        cli_complain("unknown option '%s'; see gilscope %s --help", text, usage->command);
        return false;
    }
    if (option->placeholder == NULL) {
        if (value != NULL) {
            cli_complain("%s takes no value", option->name);
            return false;
        }
        *option->given = true;
        return true;
    }
    if (value == NULL && *at + 1 == argc) {
        cli_complain("%s needs a value: %s", option->name, option->placeholder);
        return false;
    }
    const char **to = find_place(option);
    if (to == NULL) {
        cli_complain("%s comes more than %d times", option->name, CLI_REPEAT_MAX);
        return false;
    }
    *to = value != NULL ? value + 1 : argv[++*at];
    return true;
}

enum cli_parsed cli_parse(const struct cli_usage *usage, int argc, char **argv,
                          const char **arguments) {
    size_t count = 0;
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        if (!options_end && strcmp(text, "--") == 0) {
            options_end = true;
        } else if (!options_end &&
                   (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)) {
            print_usage(usage);
            return CLI_HELP_SHOWN;
        } else if (!options_end && text[0] == '-' && text[1] != '\0') {
            if (!take_option(usage, argc, argv, &i)) {
                return CLI_WRONG;
            }
        } else if (count == usage->arguments_max) {
            cli_complain("unexpected argument '%s'; see gilscope %s --help", text,
                         usage->command);
            return CLI_WRONG;
        } else {
            arguments[count++] = text;
        }
    }
    if (count < usage->arguments_min) {
        cli_complain("missing argument %s; see gilscope %s --help", usage->arguments,
                     usage->command);
        return CLI_WRONG;
    }
    return CLI_GO_ON;
}

/* --- commands -------------------------------------------------------------------- */

static void print_help(const struct cli_command *commands, size_t count) {
    puts("usage: gilscope COMMAND [options]\n\n"
         "Runs the same workload under every Python runtime and shows who held the GIL "
         "or\n"
         "blocked the event loop, and why.\n\ncommands:");
    for (size_t i = 0; i < count; i++) {
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    }
    puts("\n  --help     this text; gilscope COMMAND --help explains a command\n"
         "  --version  versions of the program, its engine and its database library\n\n"
         "exit codes:\n"
         "  0    everything went well\n"
         "  1    a run failed, or a file, the network or the database did\n"
         "  2    wrong usage, or a document that was refused (its pointer is printed)\n"
         "  3    a gate of the document does not hold\n"
         "  130  interrupted");
}

/* What was printed must have arrived: a full disk is an error. */
static int finish_output(int code) {
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_complain("standard output: %s", strerror(errno));
        return code == CLI_OK ? CLI_FAILED : code;
    }
    return code;
}

int cli_main(const struct cli_command *commands, size_t count, int argc, char **argv) {
    /* A file that grows beyond the limit of the process is an error like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        print_help(commands, count);
        return CLI_REFUSED;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        print_help(commands, count);
        return finish_output(CLI_OK);
    }
    if (strcmp(name, "--version") == 0) {
        printf("gilscope %s (engine %s, SQLite %s)\n", GILSCOPE_VERSION, ENGINE_VERSION,
               db_sqlite_version());
        return finish_output(CLI_OK);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return finish_output(commands[i].run(argc - 1, argv + 1));
        }
    }
    cli_complain("there is no command '%s'; see gilscope --help", name);
    return CLI_REFUSED;
}
