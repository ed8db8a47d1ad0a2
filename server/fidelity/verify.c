/* SPDX-License-Identifier: MIT */
#include "server/fidelity/verify.h"

#include "server/cli/cli.h"
#include "server/fidelity/measured_report.h"
#include "server/fidelity/published_report.h"

static int verify_measured(const char *path, bool all, bool as_json, struct err *err) {
    struct measured measured;
    struct score score;
    int rc = measured_read(&measured, path, err);
    if (rc != 0) {
        return rc;
    }
    rc = score_make(&score, &measured, all ? SCORE_SEEDS_ALL : SCORE_SEEDS_LIGHT, err);
    if (rc == 0) {
        rc = as_json ? measured_report_json(&score, stdout, err)
                     : measured_report_print(&score, err);
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
    bool as_json = false, published = false, all = false;
    const struct cli_option options[] = {
        {"--measured", "FILE", "JSON Lines, as tests/fidelity/measure.py writes them",
         &path, NULL},
        {"--published", NULL, "figures that others published, beside the model's", NULL,
         &published},
        {"--all", NULL,
         "with --measured: 20 seeds also of groups of millions of operations (minutes)",
         NULL, &all},
        {"--json", NULL, "one JSON object instead of tables", NULL, &as_json},
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
    struct err err = {0};
    const int rc = published ? verify_published(as_json, &err)
                             : verify_measured(path, all, as_json, &err);
    if (rc != 0) {
        cli_report(&err, published ? "published figures" : path);
        return CLI_FAILED;
    }
    return CLI_OK;
}
