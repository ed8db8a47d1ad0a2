/* SPDX-License-Identifier: MIT */
/* test_preview - a preview says what the run would say, is capped, and keeps nothing. */
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "server/jobs/preview.h"
#include "tests/support/test.h"

#define JOBS(count, us)                                                                  \
    "\"runtimes\":[\"cpython-3.12\"],\"strategies\":[{\"threads\":4},\"sequential\"],"   \
    "\"workload\":{\"jobs\":{\"count\":" #count ",\"steps\":[{\"python_us\":" #us        \
    "},{\"io_us\":500}]}}"

static const char small[] = "{\"schema\":1,\"repetitions\":2," JOBS(12, 2000) "}";
/* Each run meets the preview's limit of transitions. */
static const char large[] = "{\"schema\":1,\"repetitions\":100," JOBS(1000000, 50) "}";

static int run(struct preview *out, struct previews *previews, const char *text,
               const char *client, struct err *err) {
    const struct preview_request request = {
        .text = text, .size = strlen(text), .client = client};
    return preview_run(out, previews, &request, err);
}

static struct previews *open_previews(void) {
    struct previews *previews = NULL;
    struct err err = {0};
    assert_int_equal(previews_create(&previews, &err), 0);
    return previews;
}

/* The fingerprint of a run that somebody else executes. */
static uint64_t fingerprint(const char *text, size_t cell, uint32_t repetition) {
    struct document *document = NULL;
    struct grid *grid = NULL;
    struct plan plan;
    struct run_result result;
    struct err err = {0};
    const struct run_options options = {.repetition = repetition};
    assert_int_equal(document_parse(&document, text, strlen(text), &err), 0);
    assert_int_equal(grid_create(&grid, document, &err), 0);
    assert_int_equal(grid_cell_plan(grid, cell, &plan, &err), 0);
    assert_int_equal(run_execute(&result, &plan, &options, &err), 0);
    const uint64_t print = result.fingerprint;
    run_result_deinit(&result);
    plan_deinit(&plan);
    grid_destroy(grid);
    document_destroy(document);
    return print;
}

/* Where others use the processor its time may be over before its last run begins: once more. */
static void run_whole(struct preview *out, struct previews *previews,
                      struct memory_rows *rows) {
    const int64_t started = monotonic_ms();
    struct err err = {0};
    for (;;) {
        assert_int_equal(run(out, previews, small, "a", &err), 0);
        assert_int_equal(memory_job_rows(out->memory, rows, &err), 0);
        if (rows->experiment.status != EXPERIMENT_INTERRUPTED) {
            return;
        }
        memory_rows_deinit(rows);
        preview_deinit(out);
        poll_pause(started);
    }
}

static void test_preview_is_the_run(void **state) {
    (void)state;
    struct previews *previews = open_previews();
    struct preview preview;
    struct memory_rows rows;
    run_whole(&preview, previews, &rows);
    assert_int_equal(rows.experiment.status, EXPERIMENT_DONE);
    assert_int_equal(rows.cells.count, 2);
    assert_int_equal(rows.runs.count, 4);
    for (size_t i = 0; i < rows.runs.count; i++) {
        char print[32];
        snprintf(print, sizeof print, "%016llx",
                 (unsigned long long)fingerprint(small, i / 2, (uint32_t)(i % 2)));
        assert_string_equal(rows.runs.items[i].fingerprint, print);
    }
    memory_rows_deinit(&rows);
    preview_deinit(&preview);
    previews_destroy(previews);
}

/* Pictures change nothing, and are of the first repetition. */
static void test_preview_gives_pictures(void **state) {
    (void)state;
    struct previews *previews = open_previews();
    const struct preview_request request = {
        .text = small, .size = strlen(small), .picture = {100, 4}};
    struct preview preview;
    struct memory_rows rows;
    struct err err = {0};
    assert_int_equal(preview_run(&preview, previews, &request, &err), 0);
    assert_int_equal(memory_job_rows(preview.memory, &rows, &err), 0);
    for (size_t i = 0; i < rows.runs.count; i++) {
        const struct run_row *row = &rows.runs.items[i];
        char print[32];
        snprintf(print, sizeof print, "%016llx",
                 (unsigned long long)fingerprint(small, i / 2, (uint32_t)(i % 2)));
        assert_string_equal(row->fingerprint, print);
        assert_int_equal(row->picture != NULL, row->repetition == 0);
        if (row->picture != NULL) {
            assert_int_equal(row->picture->window.to_ns, row->duration_ns);
        }
    }
    /* Four workers and the GIL are more than fit; one after the other has a thread. */
    assert_int_equal(rows.runs.items[0].picture->view.lane_count, 4);
    assert_int_equal(rows.runs.items[2].picture->view.lane_count, 2);
    memory_rows_deinit(&rows);
    preview_deinit(&preview);
    previews_destroy(previews);
}

/* The longest one ends, with what it has so far. */
static void test_preview_is_capped(void **state) {
    (void)state;
    struct previews *previews = open_previews();
    struct preview preview;
    struct memory_rows rows;
    struct err err = {0};
    assert_int_equal(run(&preview, previews, large, NULL, &err), 0);
    assert_int_equal(memory_job_rows(preview.memory, &rows, &err), 0);
    assert_int_equal(rows.experiment.status, EXPERIMENT_INTERRUPTED);
    assert_in_range(rows.runs.count, 1, 199);
    assert_int_equal(rows.runs.items[0].state, RUN_STATE_LIMITED);
    assert_in_range(rows.runs.items[0].transitions, PREVIEW_EVENTS_MAX / 2,
                    PREVIEW_EVENTS_MAX + 1000);
    memory_rows_deinit(&rows);
    preview_deinit(&preview);
    previews_destroy(previews);
}

/* A lower limit of the document stays, and what is wrong in it is named. */
static void test_preview_reads_as_the_server_does(void **state) {
    (void)state;
    static const struct {
        const char *text, *pointer;
    } cases[] = {
        {"{\"schema\":1,\"repetitions\":129," JOBS(1, 1) "}", "/repetitions"},
        {"{\"schema\":1,\"limits\":[]," JOBS(1, 1) "}", "/limits"},
        {"{\"schema\":1,\"limits\":{\"events\":-1}," JOBS(1, 1) "}", "/limits/events"},
        {"{\"schema\":1,\"limits\":{\"events\":0.5}," JOBS(1, 1) "}", "/limits/events"},
        {"{\"schema\":1,\"x\":1," JOBS(1, 1) "}", "/x"},
        {"{\"schema\":1,", ""},
        {"", ""},
    };
    struct previews *previews = open_previews();
    struct preview preview;
    struct memory_rows rows;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        assert_int_equal(run(&preview, previews, cases[i].text, NULL, &err), ERR_INVALID);
        assert_string_equal(err.pointer, cases[i].pointer);
    }
    struct err err = {0};
    assert_int_equal(run(&preview, previews,
                         "{\"schema\":1,\"limits\":{\"events\":20}," JOBS(5000, 100) "}",
                         NULL, &err),
                     0);
    assert_int_equal(memory_job_rows(preview.memory, &rows, &err), 0);
    assert_in_range(rows.runs.items[0].transitions, 1, 1000);
    memory_rows_deinit(&rows);
    preview_deinit(&preview);
    previews_destroy(previews);
}

struct asked {
    struct previews *previews;
    const char *client;
    int code;
};

static void *ask(void *context) {
    struct asked *asked = context;
    struct preview preview;
    asked->code = run(&preview, asked->previews, large, asked->client, NULL);
    if (asked->code == 0) {
        preview_deinit(&preview);
    }
    return NULL;
}

/* The client's next one ends the one before; another client's does not. */
static void test_preview_is_replaced(void **state) {
    (void)state;
    int replaced = 0;
    for (int i = 0; i < 20 && replaced < 3; i++) {
        struct asked first = {open_previews(), "a", 0};
        struct asked other = {first.previews, "b", 0};
        struct preview preview;
        pthread_t threads[2];
        assert_int_equal(pthread_create(&threads[0], NULL, ask, &first), 0);
        assert_int_equal(pthread_create(&threads[1], NULL, ask, &other), 0);
        const struct timespec pause = {0, 20 * 1000 * 1000};
        nanosleep(&pause, NULL);
        const int code = run(&preview, first.previews, small, "a", NULL);
        if (code == 0) {
            preview_deinit(&preview);
        }
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        /* On a busy machine the thread's may be the later one. */
        assert_true(code == 0 || (code == ERR_CONFLICT && first.code == 0));
        assert_true(first.code == 0 || first.code == ERR_CONFLICT);
        assert_int_equal(other.code, 0);
        replaced += code == ERR_CONFLICT || first.code == ERR_CONFLICT;
        previews_destroy(first.previews);
    }
    assert_int_equal(replaced, 3);
}

struct client {
    struct previews *previews;
    const char *name;
    atomic_bool stop;
};

/* One preview after the other, whatever becomes of them. */
static void *ask_again(void *context) {
    struct client *client = context;
    while (!atomic_load(&client->stop)) {
        struct preview preview;
        if (run(&preview, client->previews, large, client->name, NULL) == 0) {
            preview_deinit(&preview);
        }
    }
    return NULL;
}

/* A stranger is refused when every place is taken. */
static void wait_until_full(struct previews *previews) {
    int code = 0;
    for (int64_t started = monotonic_ms(); code == 0; poll_pause(started)) {
        struct preview preview;
        code = run(&preview, previews, small, "d", NULL);
        if (code == 0) {
            preview_deinit(&preview);
        }
    }
    assert_int_equal(code, ERR_LIMIT);
}

/* With every place taken, the client's next one takes that of its own. */
static void test_preview_takes_the_place_of_its_own(void **state) {
    (void)state;
    static const char *const names[PREVIEW_AT_ONCE] = {"a", "b", "c"};
    struct previews *previews = open_previews();
    struct client clients[PREVIEW_AT_ONCE];
    pthread_t threads[PREVIEW_AT_ONCE];
    for (int i = 0; i < PREVIEW_AT_ONCE; i++) {
        clients[i] = (struct client){.previews = previews, .name = names[i]};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_again, &clients[i]), 0);
    }
    for (int i = 0; i < 10; i++) {
        struct preview preview;
        wait_until_full(previews);
        const int code = run(&preview, previews, small, "a", NULL);
        if (code == 0) {
            preview_deinit(&preview);
        }
        assert_true(code == 0 || code == ERR_CONFLICT);
    }
    for (int i = 0; i < PREVIEW_AT_ONCE; i++) {
        atomic_store(&clients[i].stop, true);
        pthread_join(threads[i], NULL);
    }
    previews_destroy(previews);
}

static void test_preview_of_a_closed_server(void **state) {
    (void)state;
    struct previews *previews = open_previews();
    struct preview preview;
    struct err err = {0};
    previews_close(previews);
    assert_int_equal(run(&preview, previews, small, NULL, &err), ERR_CANCELLED);
    previews_destroy(previews);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preview_is_the_run),
        cmocka_unit_test(test_preview_gives_pictures),
        cmocka_unit_test(test_preview_is_capped),
        cmocka_unit_test(test_preview_reads_as_the_server_does),
        cmocka_unit_test(test_preview_is_replaced),
        cmocka_unit_test(test_preview_takes_the_place_of_its_own),
        cmocka_unit_test(test_preview_of_a_closed_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
