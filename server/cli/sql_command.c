/* SPDX-License-Identifier: MIT */
/* sql_command - `gilscope sql`: a query over a result file, beside a server if need be. */
#include "server/cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/record/sink.h"
#include "server/cli/cli.h"
#include "server/cli/sql_output.h"

enum { QUERY_MAX = 128 * 1024 };

/* The query itself, or what standard input has: `*take_text` is to be freed. */
static int read_query(const char *argument, char **take_text, struct sql_request *request,
                      struct err *err) {
    if (strcmp(argument, "-") != 0) {
        *request = (struct sql_request){.text = argument, .size = strlen(argument)};
        return 0;
    }
    char *text = *take_text = malloc(QUERY_MAX);
    if (text == NULL) {
        return err_set_nomem(err);
    }
    const size_t size = fread(text, 1, QUERY_MAX, stdin);
    if (ferror(stdin)) {
        return err_set(err, ERR_IO, "standard input: %s", strerror(errno));
    }
    if (size == QUERY_MAX) {
        return err_set(err, ERR_INVALID, "a query has at most %d bytes", QUERY_MAX - 1);
    }
    *request = (struct sql_request){.text = text, .size = size};
    return 0;
}

/* The line of the query, and a mark under the place. */
static void show_place(const struct sql_request *request, const struct err *err) {
    const char *line = request->text;
    const char *end = request->text + request->size;
    for (int i = 1; i < err->text_line; i++) {
        line = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
    }
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    const size_t size = (size_t)((stop != NULL ? stop : end) - line);
    fprintf(stderr, "  %.*s\n  %*s^\n", (int)size, line, err->text_column - 1, "");
}

static void report(const struct sql_request *request, const struct err *err) {
    if (err->text_line == 0) {
        cli_report(err, NULL);
        return;
    }
    cli_complain("line %d, column %d: %s", err->text_line, err->text_column, err->text);
    show_place(request, err);
}

/* Rows that are missing are nothing that an exit code could tell. */
static void warn(const struct damage_list *damages) {
    for (size_t i = 0; i < damages->count; i++) {
        const struct damage *it = &damages->items[i];
        char lanes[64] = "";
        if (it->group >= 0) {
            snprintf(lanes, sizeof lanes, " of lanes %lld to %lld",
                     (long long)it->group * LANE_GROUP_LANES,
                     (long long)it->group * LANE_GROUP_LANES + LANE_GROUP_LANES - 1);
        }
        fprintf(stderr,
                "warning: run %lld: a chunk of %s%s from %lld to %lld ns is missing, %s: "
                "SELECT * FROM damages\n",
                (long long)it->run, damage_kind_name(it), lanes, (long long)it->from_ns,
                (long long)it->to_ns, it->what);
    }
}

static int query(const char *file, const char *argument, enum sql_format format) {
    char *text = NULL;
    struct sql_request request = {0};
    struct sql_session *session = NULL;
    struct db *db = NULL;
    struct err err = {0};
    int rc;
    if ((rc = read_query(argument, &text, &request, &err)) == 0 &&
        (rc = db_open(&db, file, DB_READ, &err)) == 0 &&
        (rc = sql_session_open(&session, db, &err)) == 0 &&
        (rc = sql_session_begin(session, &request, &err)) == 0) {
        rc = sql_output_print(session, format, stdout, &err);
        fflush(stdout); /* rows come before what is missing, and before what ended them */
        warn(sql_session_damages(session));
    }
    sql_session_close(session);
    db_close(db);
    if (rc != 0) {
        report(&request, &err);
    }
    free(text);
    return rc == 0 ? CLI_OK : rc == ERR_INVALID ? CLI_REFUSED : CLI_FAILED;
}

int sql_command(int argc, char **argv) {
    const char *arguments[2] = {NULL, NULL};
    const char *format_name = "table";
    const struct cli_option options[] = {
        {"--format", "NAME", "table (default), csv, or json: an object a line",
         &format_name, NULL},
    };
    const struct cli_usage usage = {
        .command = "sql",
        .arguments = "[FILE] QUERY|-",
        .summary =
            "Runs one SQL query over a result file (default gilscope.db) and prints its "
            "rows.\n"
            "- reads the query from standard input. The file is only read: a server may "
            "have\n"
            "it open. Exit code 2 when the query was refused, with the place. Chunks "
            "that are\n"
            "damaged are left out, with a warning for each.\n\n"
            "tables:\n"
            "  spans        run_id, lane, start_ns, end_ns, dur_ns, state, resource, "
            "by,\n"
            "               site; hidden: site_path, lane_name, lane_kind\n"
            "  instants     run_id, lane, at_ns, kind, by; hidden: lane_name, lane_kind\n"
            "  counters     run_id, lane, counter, at_ns, value; hidden: lane_name,\n"
            "               lane_kind\n"
            "  flows        run_id, kind, from_lane, to_lane, left_ns, at_ns\n"
            "  span_time(run_id, lane, t0, t1)   state, ns: time in each state\n"
            "  damages      run_id, kind, lane_group, from_ns, to_ns, what: left out\n"
            "  lanes        run_id, lane, kind, name, parent, born_ns, died_ns\n"
            "  runs         run_id, cell_id, experiment_id, repetition, status, ...\n"
            "  cells        cell_id, experiment_id, position, key, runtime, strategy, "
            "...\n"
            "  experiments  experiment_id, name, status, created_ms, document, ...\n"
            "  metrics      run_id, name, value\n"
            "  sites        run_id, site, path",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_min = 1,
        .arguments_max = 2,
    };
    switch (cli_parse(&usage, argc, argv, arguments)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    const enum sql_format format = sql_format_find(format_name);
    if (format == SQL_FORMAT_COUNT) {
        cli_complain("--format must be table, csv or json, not '%s'", format_name);
        return CLI_REFUSED;
    }
    return arguments[1] != NULL ? query(arguments[0], arguments[1], format)
                                : query("gilscope.db", arguments[0], format);
}
