/* SPDX-License-Identifier: MIT */
/* The command line beside a server, on one store: two real processes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "tests/support/test.h"

/* Many runs, each with a timeline: there is always something being written. */
static const char endless[] =
    "{\"schema\":1,\"name\":\"endless\",\"repetitions\":1000,\"record\":\"timeline\","
    "\"runtimes\":[\"cpython-3.9\",\"cpython-3.12\",\"cpython-3.14t\"],"
    "\"strategies\":[{\"threads\":8}],"
    "\"workload\":{\"jobs\":{\"count\":400,\"steps\":[{\"repeat\":10,\"steps\":["
    "{\"python_us\":300},{\"io_us\":{\"dist\":\"exponential\",\"mean\":500}}]}]}}}";

static const char small[] =
    "{\"schema\":1,\"name\":\"small\",\"record\":\"timeline\","
    "\"strategies\":[\"sequential\",{\"threads\":2}],"
    "\"workload\":{\"jobs\":{\"count\":4,\"steps\":[{\"python_us\":1000}]}}}";

static int set_up(void **state) {
    struct scratch *scratch = calloc(1, sizeof *scratch);
    assert_non_null(scratch);
    scratch_make(scratch);
    *state = scratch;
    return 0;
}

static int tear_down(void **state) {
    scratch_remove(*state);
    free(*state);
    return 0;
}

/* --- both sides ------------------------------------------------------------------ */

static int request(uint16_t port, const char *method, const char *id) {
    struct http_answer answer;
    char path[128];
    snprintf(path, sizeof path, "/api/v1/experiments/%s", id);
    http_client_request(port, method, path, NULL, &answer);
    const int status = answer.status;
    http_answer_deinit(&answer);
    return status;
}

static void submit(uint16_t port, const char *document, char id[32]) {
    struct http_answer answer;
    http_client_request(port, "POST", "/api/v1/experiments?again=true", document,
                        &answer);
    assert_int_equal(answer.status, 201);
    json_find_text(answer.body, "id", id, 32);
    http_answer_deinit(&answer);
}

static void wait_for(uint16_t port, const char *id, const char *wanted) {
    const int64_t started = monotonic_ms();
    for (;;) {
        struct http_answer answer;
        char path[128];
        char status[32] = "";
        snprintf(path, sizeof path, "/api/v1/experiments/%s", id);
        http_client_request(port, "GET", path, NULL, &answer);
        if (answer.status == 200) {
            json_find_text(answer.body, "status", status, sizeof status);
        }
        http_answer_deinit(&answer);
        if (strcmp(status, wanted) == 0) {
            return;
        }
        poll_pause(started);
    }
}

/* Runs a command to its end; the caller frees what it printed. */
static char *run_command(int code, const char *const *arguments) {
    struct process process;
    process_start(&process, arguments);
    char *text = process_read_all(&process);
    const int got = process_wait(&process);
    if (got != code) {
        fail_msg("gilscope %s ended with %d instead of %d: %s", arguments[0], got, code,
                 text);
    }
    return text;
}

#define RUN(code, ...) run_command(code, (const char *const[]){__VA_ARGS__, NULL})

static void expect(char *take_text, const char *word) {
    if (strstr(take_text, word) == NULL) {
        fail_msg("'%s' does not say '%s'", take_text, word);
    }
    free(take_text);
}

static void write_document(const struct scratch *scratch, const char *text,
                           char path[SCRATCH_PATH_SIZE]) {
    snprintf(path, SCRATCH_PATH_SIZE, "%s/document.json", scratch->directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* --- tests ----------------------------------------------------------------------- */

static void test_store_commands_work_beside_a_server(void **state) {
    const struct scratch *scratch = *state;
    const char *store = scratch->database;
    struct process server;
    char id[32], copy[SCRATCH_PATH_SIZE], document[SCRATCH_PATH_SIZE];
    write_document(scratch, small, document);
    snprintf(copy, sizeof copy, "%s/copy.db", scratch->directory);
    const uint16_t port = process_start_server(&server, store);
    submit(port, endless, id);
    wait_for(port, id, "running");

    /* The run is the command's own work: the server sees it and keeps off. */
    expect(RUN(0, "run", "--json", "--database", store, document), "\"status\":\"done\"");
    wait_for(port, "e2", "done");
    expect(RUN(0, "run", "--json", "--database", store, document), "\"id\":\"e3\"");
    expect(RUN(0, "backup", store, copy), "a copy of");
    expect(RUN(1, "doctor", copy), "its process is dead"); /* e1 runs in the store only */
    expect(RUN(0, "doctor", "--repair", copy), "marked as interrupted");
    expect(RUN(0, "doctor", "--json", store), "\"sound\":true");
    expect(RUN(0, "prune", "--keep-count", "2", store), "0 experiments removed");
    expect(RUN(0, "prune", "--keep-count", "1", store), "experiment e2");
    assert_int_equal(request(port, "GET", "e2"), 404);
    expect(RUN(0, "vacuum", store), "was");
    free(RUN(1, "vacuum", "--whole", store));
    free(RUN(1, "prune", "--experiment", id, store)); /* it runs */
    assert_int_equal(request(port, "DELETE", id), 409);
    assert_int_equal(request(port, "DELETE", "e3"), 204);
    assert_int_equal(request(port, "GET", "e3"), 404);
    assert_int_equal(request(port, "DELETE", "e3"), 404);
    wait_for(port, id, "running");
    assert_int_equal(process_end(&server, SIGTERM), 0);
    expect(RUN(0, "doctor", "--repair", store), "sound: 0 findings");
    expect(RUN(0, "vacuum", "--whole", store), "was");
    expect(RUN(0, "doctor", "--json", store), "\"removing\":0");
}

/* A command dies; the server, which goes on, says so. */
static void test_store_commands_that_are_killed_are_noticed(void **state) {
    const struct scratch *scratch = *state;
    struct process server, command;
    char document[SCRATCH_PATH_SIZE];
    write_document(scratch, endless, document);
    const uint16_t port = process_start_server(&server, scratch->database);
    const char *const arguments[] = {"run",    "--quiet", "--database", scratch->database,
                                     document, NULL};
    process_start(&command, arguments);
    wait_for(port, "e1", "running");
    assert_int_equal(process_end(&command, SIGKILL), 1000 + SIGKILL);
    wait_for(port, "e1", "interrupted");
    assert_int_equal(process_end(&server, SIGTERM), 0);
    expect(RUN(0, "doctor", scratch->database), "sound: 0 findings");
}

/* The server dies; what it left queued is the other server's. */
static void test_store_commands_inherit_what_was_queued(void **state) {
    const struct scratch *scratch = *state;
    struct process first, second;
    char running[32], queued[32];
    const uint16_t port = process_start_server(&first, scratch->database);
    submit(port, endless, running);
    wait_for(port, running, "running");
    submit(port, small, queued);
    const uint16_t other = process_start_server(&second, scratch->database);
    wait_for(other, queued, "queued");
    assert_int_equal(process_end(&first, SIGKILL), 1000 + SIGKILL);
    wait_for(other, running, "interrupted");
    wait_for(other, queued, "done");
    assert_int_equal(process_end(&second, SIGTERM), 0);
}

/* A server with a rule keeps to it by itself. */
static void test_store_commands_have_rules_in_a_server(void **state) {
    const struct scratch *scratch = *state;
    struct process server;
    const char *const arguments[] = {"serve", "--port",     "0",  "--keep-count",
                                     "2",     "--database", NULL, NULL};
    const char *with_store[8];
    char document[SCRATCH_PATH_SIZE], line[128] = "";
    write_document(scratch, small, document);
    memcpy(with_store, arguments, sizeof with_store);
    with_store[6] = scratch->database;
    for (int i = 0; i < 4; i++) {
        free(RUN(0, "run", "--quiet", "--database", scratch->database, document));
    }
    process_start(&server, with_store);
    for (size_t size = 0; size + 1 < sizeof line && strchr(line, '\n') == NULL; size++) {
        assert_int_equal(read(server.output, line + size, 1), 1);
    }
    const uint16_t port = (uint16_t)strtoul(strrchr(line, ':') + 1, NULL, 10);
    for (const int64_t started = monotonic_ms(); request(port, "GET", "e2") != 404;) {
        poll_pause(started);
    }
    assert_int_equal(request(port, "GET", "e1"), 404);
    assert_int_equal(request(port, "GET", "e3"), 200);
    assert_int_equal(process_end(&server, SIGTERM), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_store_commands_work_beside_a_server),
        TEST(test_store_commands_that_are_killed_are_noticed),
        TEST(test_store_commands_inherit_what_was_queued),
        TEST(test_store_commands_have_rules_in_a_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
