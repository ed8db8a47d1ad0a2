/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http_client.h"
#include "tests/support/test.h"

enum { ARGUMENTS_MAX = 16 };

static _Noreturn void run_child(const char *const *arguments, int output) {
    char *argv[ARGUMENTS_MAX] = {strdup("gilscope")};
    const char *binary = getenv("GILSCOPE_BIN");
    for (int i = 0; arguments[i] != NULL && i + 2 < ARGUMENTS_MAX; i++) {
        argv[i + 1] = strdup(arguments[i]);
    }
    dup2(output, STDOUT_FILENO);
    execv(binary, argv);
    _exit(127);
}

void process_start(struct process *process, const char *const *arguments) {
    int ends[2];
    assert_non_null(getenv("GILSCOPE_BIN"));
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    process->pid = fork();
    assert_true(process->pid >= 0);
    if (process->pid == 0) {
        run_child(arguments, ends[1]);
    }
    close(ends[1]);
    process->output = ends[0];
}

char *process_read_all(const struct process *process) {
    size_t size = 0;
    size_t capacity = 65536;
    char *text = malloc(capacity);
    ssize_t got;
    assert_non_null(text);
    while ((got = read(process->output, text + size, capacity - size - 1)) > 0) {
        size += (size_t)got;
        if (capacity - size < 2) {
            capacity *= 2;
            text = realloc(text, capacity);
            assert_non_null(text);
        }
    }
    text[size] = '\0';
    return text;
}

uint16_t process_start_server_with(struct process *process, const char *database,
                                   const char *const *options) {
    const char *arguments[ARGUMENTS_MAX] = {"serve", "--port", "0", "--database",
                                            database};
    for (size_t i = 0; options[i] != NULL; i++) {
        assert_true(i + 6 < ARGUMENTS_MAX);
        arguments[i + 5] = options[i];
    }
    char line[256];
    size_t size = 0;
    char c;
    process_start(process, arguments);
    while (size + 1 < sizeof line && read(process->output, &c, 1) == 1 && c != '\n') {
        line[size++] = c;
    }
    line[size] = '\0';
    static const char expected[] = "gilscope: serving http://127.0.0.1:";
    assert_memory_equal(line, expected, sizeof expected - 1);
    return (uint16_t)strtoul(line + sizeof expected - 1, NULL, 10);
}

uint16_t process_start_server(struct process *process, const char *database) {
    static const char *const none[] = {NULL};
    return process_start_server_with(process, database, none);
}

int process_wait(struct process *process) {
    int status = 0;
    const int64_t started = monotonic_ms();
    while (waitpid(process->pid, &status, WNOHANG) == 0) {
        poll_pause(started);
    }
    close(process->output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int process_end(struct process *process, int signal_number) {
    assert_int_equal(kill(process->pid, signal_number), 0);
    return process_wait(process);
}
