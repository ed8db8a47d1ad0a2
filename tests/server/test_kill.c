/* SPDX-License-Identifier: MIT */
/*
 * kill -9 at a random moment while several clients submit and rename experiments and write
 * notes, again and again on one store. What was acknowledged is there after each start, the store is sound,
 * and at the end all of it runs to its end.
 *
 * GILSCOPE_LONG: 50 times.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "http_client.h"
#include "process.h"
#include "scratch.h"
#include "tests/support/dice.h"
#include "tests/support/test.h"

enum { CLIENTS = 4, TEXT = 128, KEPT_MAX = 4096 };

/* What a client was told is stored. */
struct kept {
    char path[TEXT];  /* "/api/v1/experiments/e1", "/api/v1/notes/n1" */
    char member[8];   /* of the resource: "name", "text" */
    char value[TEXT]; /* its last acknowledged value */
    char asked[TEXT]; /* one that was sent but never answered; "": there is none */
};

struct client {
    pthread_t thread;
    struct dice dice;
    uint16_t port;
    int number, round;
    struct kept *kept;
    size_t count;
    char fault[512];
};

static atomic_uint acknowledged; /* by the server that is to be killed next */

/* --- clients --------------------------------------------------------------------- */

static bool ask(struct client *client, const char *method, const char *path,
                const char *body, json_t **out) {
    struct http_answer answer;
    if (!http_client_try(client->port, method, path, body, &answer)) {
        return false;
    }
    *out = json_loads(answer.body, 0, NULL);
    if (answer.status >= 300 || *out == NULL) {
        snprintf(client->fault, sizeof client->fault, "%s %s: %d: %.100s", method, path,
                 answer.status, answer.body);
    }
    http_answer_deinit(&answer);
    return client->fault[0] == '\0';
}

static const char *text_of(const json_t *json, const char *member) {
    const char *text = json_string_value(json_object_get(json, member));
    return text != NULL ? text : "";
}

static struct kept *keep(struct client *client, const char *folder, const json_t *made,
                         const char *member) {
    struct kept *kept = &client->kept[client->count++];
    assert_true(client->count < KEPT_MAX);
    *kept = (struct kept){0};
    snprintf(kept->path, sizeof kept->path, "/api/v1/%s/%s", folder, text_of(made, "id"));
    snprintf(kept->member, sizeof kept->member, "%s", member);
    snprintf(kept->value, sizeof kept->value, "%s", text_of(made, member));
    atomic_fetch_add(&acknowledged, 1);
    return kept;
}

/* Some are over at once, some are at work when the server dies. */
static bool submit(struct client *client, int number) {
    char document[512];
    json_t *made = NULL;
    snprintf(
        document, sizeof document,
        "{\"schema\":1,\"name\":\"%d of client %d, round %d\",\"seed\":%d,"
        "\"repetitions\":%d,\"record\":\"timeline\",\"strategies\":[{\"threads\":4}],"
        "\"workload\":{\"jobs\":{\"count\":40,\"steps\":[{\"repeat\":10,\"steps\":["
        "{\"python_us\":300},{\"io_us\":500}]}]}}}",
        number, client->number, client->round,
        client->round * 100000 + client->number * 10000 + number,
        (int)dice_magnitude(&client->dice, 20));
    if (!ask(client, "POST", "/api/v1/experiments", document, &made)) {
        json_decref(made);
        return false;
    }
    keep(client, "experiments", made, "name");
    json_decref(made);
    return true;
}

/* A run of an experiment that the client has submitted, or "". Old ones have runs already. */
static bool find_run(struct client *client, char out[TEXT]) {
    json_t *read = NULL;
    const int64_t newest = dice_between(&client->dice, 0, (int64_t)client->count - 1);
    const struct kept *kept = &client->kept[dice_between(&client->dice, 0, newest)];
    out[0] = '\0';
    if (strcmp(kept->member, "name") != 0) {
        return true;
    }
    const bool answered = ask(client, "GET", kept->path, NULL, &read);
    const json_t *cell = json_array_get(json_object_get(read, "cells"), 0);
    const json_t *run = json_array_get(json_object_get(cell, "runs"), 0);
    snprintf(out, TEXT, "%s", text_of(run, "id"));
    json_decref(read);
    return answered;
}

/* Gives what was kept another value. */
static bool change(struct client *client, const char *method, struct kept *kept,
                   int number) {
    char body[2 * TEXT];
    json_t *changed = NULL;
    snprintf(kept->asked, sizeof kept->asked, "%d, changed", number);
    snprintf(body, sizeof body, "{\"%s\":\"%s\"}", kept->member, kept->asked);
    const bool answered = ask(client, method, kept->path, body, &changed);
    if (answered) {
        memcpy(kept->value, kept->asked, sizeof kept->value);
        kept->asked[0] = '\0';
        atomic_fetch_add(&acknowledged, 1);
    }
    json_decref(changed);
    return answered;
}

/* A note, changed a moment later. */
static bool write_note(struct client *client, int number) {
    char run[TEXT];
    char path[2 * TEXT];
    json_t *made = NULL;
    if (!find_run(client, run)) {
        return false;
    }
    if (run[0] == '\0') {
        return true;
    }
    snprintf(path, sizeof path, "/api/v1/runs/%s/notes", run);
    if (!ask(client, "POST", path, "{\"text\":\"a note\"}", &made)) {
        json_decref(made);
        return false;
    }
    struct kept *kept = keep(client, "notes", made, "text");
    json_decref(made);
    return change(client, "PUT", kept, number);
}

/* One of its experiments, old or new, gets another name. */
static bool rename_one(struct client *client, int number) {
    struct kept *kept =
        &client->kept[dice_between(&client->dice, 0, (int64_t)client->count - 1)];
    return strcmp(kept->member, "name") != 0 || change(client, "PATCH", kept, number);
}

/* Until nobody answers any more. */
static void *client_main(void *context) {
    struct client *client = context;
    bool answered = true;
    for (int i = 0; answered; i++) {
        const int64_t what = client->count > 0 ? dice_between(&client->dice, 0, 3) : 0;
        answered = what == 1   ? write_note(client, i)
                   : what == 2 ? rename_one(client, i)
                               : submit(client, i);
    }
    return NULL;
}

/* --- what is there afterwards ------------------------------------------------------ */

static json_t *read_json(uint16_t port, const char *path) {
    struct http_answer answer;
    http_client_request(port, "GET", path, NULL, &answer);
    if (answer.status != 200) {
        fail_msg("%s: %d: %s", path, answer.status, answer.body);
    }
    json_t *json = json_loads(answer.body, 0, NULL);
    assert_non_null(json);
    http_answer_deinit(&answer);
    return json;
}

static bool is(const json_t *json, const char *member, const char *value) {
    return strcmp(text_of(json, member), value) == 0;
}

/* Whole, with a fingerprint, or marked; a new process may have begun others. */
static void check_runs(const json_t *experiment) {
    size_t i, j;
    const json_t *cell, *run;
    json_array_foreach(json_object_get(experiment, "cells"), i, cell) {
        json_array_foreach(json_object_get(cell, "runs"), j, run) {
            assert_true(is(run, "status", "interrupted") ||
                        is(run, "status", "running") ||
                        (is(run, "status", "done") && text_of(run, "fingerprint")[0]));
        }
    }
}

/* Of a change that was not answered it is now known whether it was made. */
static void check_kept(uint16_t port, struct client *client) {
    for (size_t i = 0; i < client->count; i++) {
        struct kept *kept = &client->kept[i];
        json_t *json = read_json(port, kept->path);
        if (kept->asked[0] != '\0' && is(json, kept->member, kept->asked)) {
            memcpy(kept->value, kept->asked, sizeof kept->value);
        }
        kept->asked[0] = '\0';
        if (!is(json, kept->member, kept->value)) {
            fail_msg("%s: %s is '%s', not '%s'", kept->path, kept->member,
                     text_of(json, kept->member), kept->value);
        }
        check_runs(json);
        json_decref(json);
    }
}

static void check_sound(const char *database) {
    struct process process;
    const char *const arguments[] = {"doctor", database, NULL};
    process_start(&process, arguments);
    char *text = process_read_all(&process);
    if (process_wait(&process) != 0) {
        fail_msg("%s", text);
    }
    free(text);
}

/* Goes on with what was interrupted, and waits for its end. */
static void finish(uint16_t port, const struct kept *kept) {
    char path[2 * TEXT];
    const int64_t started = monotonic_ms();
    for (;;) {
        json_t *json = read_json(port, kept->path);
        const bool interrupted = is(json, "status", "interrupted");
        const bool done = is(json, "status", "done");
        assert_false(is(json, "status", "failed"));
        json_decref(json);
        if (done) {
            return;
        }
        if (interrupted) {
            struct http_answer answer;
            snprintf(path, sizeof path, "%s/resume", kept->path);
            http_client_request(port, "POST", path, NULL, &answer);
            assert_int_equal(answer.status, 202);
            http_answer_deinit(&answer);
        }
        poll_pause(started);
    }
}

/* --- rounds ---------------------------------------------------------------------- */

/* Clients work until the process is dead. */
static void kill_under_load(struct process *process, struct client *clients,
                            struct dice *dice) {
    const unsigned wanted = (unsigned)dice_magnitude(dice, 60);
    atomic_store(&acknowledged, 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(
            pthread_create(&clients[i].thread, NULL, client_main, &clients[i]), 0);
    }
    for (const int64_t started = monotonic_ms(); atomic_load(&acknowledged) < wanted;) {
        poll_pause(started);
    }
    /* Not always just after an answer. */
    nanosleep(&(struct timespec){.tv_nsec = dice_between(dice, 0, 5000000)}, NULL);
    assert_int_equal(process_end(process, SIGKILL), 1000 + SIGKILL);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_string_equal(clients[i].fault, "");
    }
}

static void test_kill_under_load_loses_nothing_acknowledged(void **state) {
    const int rounds = getenv("GILSCOPE_LONG") != NULL ? 50 : 4;
    const int64_t seed = dice_only_seed() >= 0 ? dice_only_seed() : (int64_t)time(NULL);
    struct dice dice = dice_make((uint64_t)seed);
    struct client clients[CLIENTS] = {0};
    struct scratch scratch;
    struct process process;
    (void)state;
    print_message("GILSCOPE_TEST_SEED=%lld\n", (long long)seed);
    scratch_make(&scratch);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].kept = calloc(KEPT_MAX, sizeof *clients[i].kept);
        assert_non_null(clients[i].kept);
    }
    uint16_t port = process_start_server(&process, scratch.database);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            clients[i].port = port;
            clients[i].number = i;
            clients[i].round = round;
            clients[i].dice = dice_make(dice_roll(&dice));
        }
        kill_under_load(&process, clients, &dice);
        port = process_start_server(&process, scratch.database);
        for (int i = 0; i < CLIENTS; i++) {
            check_kept(port, &clients[i]);
        }
        check_sound(scratch.database);
    }
    size_t experiments = 0;
    size_t notes = 0;
    for (int i = 0; i < CLIENTS; i++) {
        for (size_t k = 0; k < clients[i].count; k++) {
            if (strcmp(clients[i].kept[k].member, "name") == 0) {
                finish(port, &clients[i].kept[k]);
                experiments++;
            } else {
                notes++;
            }
        }
        check_kept(port, &clients[i]);
        free(clients[i].kept);
    }
    print_message("%zu experiments, %zu notes\n", experiments, notes);
    assert_int_equal(process_end(&process, SIGTERM), 0);
    check_sound(scratch.database);
    scratch_remove(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill_under_load_loses_nothing_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
