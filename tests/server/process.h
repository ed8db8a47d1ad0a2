/* SPDX-License-Identifier: MIT */
/* process - starts the executable under test (GILSCOPE_BIN) and reads what it prints. */
#ifndef TESTS_SERVER_PROCESS_H
#define TESTS_SERVER_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    int output; /* its standard output */
};

/* `arguments` ends with NULL and does not contain the program. */
void process_start(struct process *process, const char *const *arguments);

/* Reads its standard output to the end; heap, NUL-terminated. */
char *process_read_all(const struct process *process);

/* Starts `serve --port 0 --database FILE` and waits for its line; returns the port. */
uint16_t process_start_server(struct process *process, const char *database);

/* The same with more options, which end with NULL. */
uint16_t process_start_server_with(struct process *process, const char *database,
                                   const char *const *options);

/* Waits for its end: the exit code, or 1000 + the signal that killed it. */
int process_wait(struct process *process);

/* Sends a signal and waits. */
int process_end(struct process *process, int signal_number);

#endif
