/* SPDX-License-Identifier: MIT */
/* doctor_command - `gilscope doctor`: is the store sound, and where does the space go? */
#include "server/cli/commands.h"

#include <stdio.h>

#include "db/doctor.h"
#include "server/api/resource_id.h"
#include "server/cli/json_output.h"
#include "server/cli/quantity.h"
#include "server/cli/store_command.h"
#include "server/cli/text_table.h"
#include "server/http/json_writer.h"

struct doctor_request {
    const char *file;
    bool json, repair;
    struct json_writer writer;
    struct doctor_repair repaired;
};

/* --- as text --------------------------------------------------------------------- */

static void print_finding(void *context, const struct doctor_finding *finding) {
    (void)context;
    printf("%s: %s%s\n", doctor_kind_name(finding->kind), finding->text,
           finding->repairable ? " (--repair)" : "");
}

static void print_repair(const struct doctor_repair *repair) {
    const struct {
        const char *what;
        int64_t count;
    } rows[] = {
        {"indexes built anew", repair->reindexed ? 1 : 0},
        {"experiments of dead processes marked as interrupted",
         repair->recovered.experiments},
        {"cells of dead processes marked as interrupted", repair->recovered.cells},
        {"runs of dead processes marked as interrupted", repair->recovered.runs},
        {"half timelines removed", repair->recovered.timelines},
        {"removals of experiments finished", repair->removed},
        {"rows removed that belonged to nothing", repair->rows},
        {"chunks removed that nobody could see", repair->chunks},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].count > 0) {
            printf("repaired: %lld %s\n", (long long)rows[i].count, rows[i].what);
            any = true;
        }
    }
    if (!any) {
        puts("repaired: nothing");
    }
}

static int print_report(const struct doctor_report *report, const char *file,
                        struct err *err) {
    struct text_table table = {.columns = 4, .right = 1U << 2 | 1U << 3};
    char sizes[3][QUANTITY_SIZE];
    quantity_format_size(report->file_bytes, sizes[0]);
    quantity_format_size(report->log_bytes, sizes[1]);
    quantity_format_size(report->space.free_pages * report->space.page_bytes, sizes[2]);
    printf("\n%s: %s, %s of it in free pages; write-ahead log %s; %lld chunks read\n",
           file, sizes[0], sizes[2], sizes[1], (long long)report->chunks);
    if (report->removing > 0) {
        printf("%lld experiments are being removed\n", (long long)report->removing);
    }
    text_table_add(&table, "experiment");
    text_table_add(&table, "name");
    text_table_add(&table, "runs");
    text_table_add(&table, "size");
    for (size_t i = 0; i < report->experiment_count; i++) {
        const struct doctor_experiment *row = &report->experiments[i];
        quantity_format_size(row->bytes, sizes[0]);
        text_table_add(&table, "e%lld", (long long)row->id);
        text_table_add(&table, "%s", row->name);
        text_table_add(&table, "%lld", (long long)row->runs);
        text_table_add(&table, "%s", sizes[0]);
    }
    putchar('\n');
    const int code =
        report->experiment_count > 0 ? text_table_print(&table, stdout, err) : 0;
    text_table_deinit(&table);
    printf("\n%s: %lld findings\n", report->findings == 0 ? "sound" : "not sound",
           (long long)report->findings);
    return code;
}

/* --- as JSON --------------------------------------------------------------------- */

static void write_int(struct json_writer *writer, const char *key, int64_t value) {
    json_writer_key(writer, key);
    json_writer_int(writer, value);
}

static void write_text(struct json_writer *writer, const char *key, const char *text) {
    json_writer_key(writer, key);
    json_writer_string(writer, text);
}

static void write_id(struct json_writer *writer, const char *key, enum resource_kind kind,
                     int64_t id) {
    char text[RESOURCE_ID_SIZE];
    resource_id_format(kind, id, text);
    write_text(writer, key, text);
}

static void write_finding(void *context, const struct doctor_finding *finding) {
    struct json_writer *writer = context;
    json_writer_begin_object(writer);
    write_text(writer, "kind", doctor_kind_name(finding->kind));
    write_text(writer, "text", finding->text);
    json_writer_key(writer, "repairable");
    json_writer_bool(writer, finding->repairable);
    if (finding->run != 0) {
        write_id(writer, "run", RESOURCE_RUN, finding->run);
    }
    if (finding->group >= 0) {
        write_int(writer, "lane_group", finding->group);
    }
    if (finding->seq >= 0) {
        write_int(writer, "seq", finding->seq);
    }
    json_writer_end_object(writer);
}

static void write_repair(struct json_writer *writer, const struct doctor_repair *repair) {
    json_writer_key(writer, "repaired");
    json_writer_begin_object(writer);
    write_int(writer, "indexes", repair->reindexed ? 1 : 0);
    write_int(writer, "dead_experiments", repair->recovered.experiments);
    write_int(writer, "dead_cells", repair->recovered.cells);
    write_int(writer, "dead_runs", repair->recovered.runs);
    write_int(writer, "half_timelines", repair->recovered.timelines);
    write_int(writer, "removals_finished", repair->removed);
    write_int(writer, "rows_of_nothing", repair->rows);
    write_int(writer, "unseen_chunks", repair->chunks);
    json_writer_end_object(writer);
}

static void write_report(struct json_writer *writer, const struct doctor_report *report) {
    json_writer_key(writer, "sound");
    json_writer_bool(writer, report->findings == 0);
    write_int(writer, "chunks", report->chunks);
    write_int(writer, "removing", report->removing);
    write_int(writer, "file_bytes", report->file_bytes);
    write_int(writer, "log_bytes", report->log_bytes);
    write_int(writer, "page_bytes", report->space.page_bytes);
    write_int(writer, "pages", report->space.pages);
    write_int(writer, "free_pages", report->space.free_pages);
    json_writer_key(writer, "experiments");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < report->experiment_count; i++) {
        const struct doctor_experiment *row = &report->experiments[i];
        json_writer_begin_object(writer);
        write_id(writer, "id", RESOURCE_EXPERIMENT, row->id);
        write_text(writer, "name", row->name);
        write_int(writer, "runs", row->runs);
        write_int(writer, "bytes", row->bytes);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

/* --- the command ----------------------------------------------------------------- */

static int repair(struct doctor_request *request, struct err *err) {
    struct db *db = NULL;
    int code = db_open(&db, request->file, DB_OWN, err);
    if (code == 0) {
        code = doctor_repair(db, &request->repaired, err);
    }
    db_close(db);
    return code;
}

static int examine(struct doctor_request *request, struct doctor_report *report,
                   struct err *err) {
    const struct doctor_options options = {
        .listener = {.context = &request->writer,
                     .found = request->json ? write_finding : print_finding},
        .cancel = store_command_catch_signals(),
    };
    struct db *db = NULL;
    struct db_reader *reader = NULL;
    int code = db_open(&db, request->file, DB_READ, err);
    if (code == 0) {
        code = db_reader_open(&reader, db, err);
    }
    if (code == 0) {
        code = doctor_examine(reader, &options, report, err);
    }
    db_reader_close(reader);
    db_close(db);
    return code;
}

static int execute_as_text(struct doctor_request *request, struct doctor_report *report,
                           struct err *err) {
    if (request->repair) {
        print_repair(&request->repaired);
    }
    const int code = examine(request, report, err);
    return code == 0 ? print_report(report, request->file, err) : code;
}

static int execute_as_json(struct doctor_request *request, struct doctor_report *report,
                           struct err *err) {
    struct json_writer *writer = &request->writer;
    json_writer_begin_object(writer);
    if (request->repair) {
        write_repair(writer, &request->repaired);
    }
    json_writer_key(writer, "findings");
    json_writer_begin_array(writer);
    const int code = examine(request, report, err);
    if (code != 0) {
        json_writer_deinit(writer);
        return code;
    }
    json_writer_end_array(writer);
    write_report(writer, report);
    json_writer_end_object(writer);
    return json_output_print(writer, stdout, err);
}

static int execute(struct doctor_request *request) {
    struct doctor_report report = {0};
    struct err err = {0};
    int code = request->repair ? repair(request, &err) : 0;
    if (code == 0) {
        code = request->json ? execute_as_json(request, &report, &err)
                             : execute_as_text(request, &report, &err);
    }
    const bool sound = report.findings == 0;
    doctor_report_deinit(&report);
    if (code != 0) {
        return store_command_fail(&err);
    }
    return sound ? CLI_OK : CLI_FAILED;
}

int doctor_command(int argc, char **argv) {
    struct doctor_request request = {0};
    const struct cli_option options[] = {
        {"--json", NULL, "print one JSON object", NULL, &request.json},
        {"--repair", NULL, "put right what loses nothing that was stored", NULL,
         &request.repair},
    };
    const struct cli_usage usage = {
        .command = "doctor",
        .arguments = "[FILE]",
        .summary =
            "Examines the store FILE (default gilscope.db), also while a server uses "
            "it:\n"
            "the file itself, whether every chunk of every timeline can be read, rows\n"
            "that belong to nothing, what dead processes left, and where the space "
            "goes.\n"
            "Exit code 0 when it is sound, 1 when something was found or the file "
            "cannot\n"
            "be examined. --repair builds indexes anew, removes rows and chunks that\n"
            "belong to nothing, marks what dead processes left running, and says what "
            "it\n"
            "did; damaged chunks stay, a backup may have them whole.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .arguments_max = 1,
    };
    switch (cli_parse(&usage, argc, argv, &request.file)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (request.file == NULL) {
        request.file = STORE_DEFAULT;
    }
    return execute(&request);
}
