/* SPDX-License-Identifier: MIT */
#include "server/fidelity/verify.h"

#include "server/cli/cli.h"
#include "server/fidelity/error_table.h"
#include "server/fidelity/measured_report.h"
#include "server/fidelity/published_report.h"

/* What is printed of the measurements. */
struct measured_options {
    bool all, as_json, errors;
};

static int report_measured(const struct score *score,
                           const struct measured_options *options, struct err *err) {
    if (options->errors) {
        error_table_write(score, stdout);
        return 0;
    }
    return options->as_json ? measured_report_json(score, stdout, err)
                            : measured_report_print(score, err);
}

static enum score_seeds seeds_of(const struct measured_options *options) {
    if (options->errors) {
        return SCORE_SEEDS_NONE; /* only groups that are not eligible have them */
    }
    return options->all ? SCORE_SEEDS_ALL : SCORE_SEEDS_LIGHT;
}

static int verify_measured(const char *path, const struct measured_options *options,
                           struct err *err) {
    struct measured measured;
    struct score score;
    int rc = measured_read(&measured, path, err);
    if (rc != 0) {
        return rc;
    }
    rc = score_make(&score, &measured, seeds_of(options), err);
    if (rc == 0) {
        rc = report_measured(&score, options, err);
        score_deinit(&score);
    }
    measured_deinit(&measured);
    return rc;
}

static int verify_published(bool as_json, struct err *err) {
    struct published published;
    int rc = published_make(&published, err);
    if (rc == 0) {
        rc = as_json ? published_report_json(&published, stdout, err)
                     : published_report_print(&published, err);
        published_deinit(&published);
    }
    return rc;
}

int fidelity_command(int argc, char **argv) {
    const char *path = NULL;
    bool published = false;
    struct measured_options measured = {0};
    const struct cli_option options[] = {
        {"--measured", "FILE", "JSON Lines, as tests/fidelity/measure.py writes them",
         &path, NULL},
        {"--published", NULL, "figures that others published, beside the model's", NULL,
         &published},
        {"--all", NULL,
         "with --measured: 20 seeds also of groups of millions of operations (minutes)",
         NULL, &measured.all},
        {"--json", NULL, "one JSON object instead of tables", NULL, &measured.as_json},
        {"--errors", NULL,
         "with --measured: the table of errors that recommendations quote, as CSV", NULL,
         &measured.errors},
    };
    const struct cli_usage usage = {
        .command = "verify",
        .arguments = "--measured FILE | --published",
        .summary =
            "Predicts every workload that was measured on real Python and prints "
            "measured\ntime, prediction and error, beside a naive predictor. "
            "tests/fidelity/measured.jsonl\nholds the project's own measurements. Or "
            "predicts what was published about\nCPython since 2009. The exit code does "
            "not depend on how good the figures are.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    const enum cli_parsed parsed = cli_parse(&usage, argc, argv, NULL);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_HELP_SHOWN ? CLI_OK : CLI_REFUSED;
    }
    if ((path == NULL) == !published) {
        cli_complain("verify needs either --measured FILE or --published; see gilscope "
                     "verify --help");
        return CLI_REFUSED;
    }
    if (measured.errors && (published || measured.as_json)) {
        cli_complain("--errors is CSV, of --measured only; see gilscope verify --help");
        return CLI_REFUSED;
    }
    struct err err = {0};
    const int rc = published ? verify_published(measured.as_json, &err)
                             : verify_measured(path, &measured, &err);
    if (rc != 0) {
        cli_report(&err, published ? "published figures" : path);
        return CLI_FAILED;
    }
    return CLI_OK;
}
