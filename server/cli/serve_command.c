/* SPDX-License-Identifier: MIT */
/* serve_command - `gilscope serve`: the server, until a signal ends it. */
#include "server/cli/commands.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "server/api/service.h"
#include "server/cli/cli.h"
#include "server/cli/quantity.h"
#include "server/log/log.h"

/* Signals that end the server. Blocked in every thread; the main thread waits for them.
 */
static void block_signals(sigset_t *signals) {
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int serve(const struct service_options *options) {
    struct service *service = NULL;
    struct err err = {0};
    sigset_t signals;
    int number;
    log_init();
    block_signals(&signals);
    if (service_start(&service, options, &err) != 0) {
        cli_report(&err, NULL);
        return CLI_FAILED;
    }
    printf("gilscope: serving http://127.0.0.1:%u\n", service_port(service));
    fflush(stdout);
    sigwait(&signals, &number);
    /* A second signal ends a process that takes too long to stop. */
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    service_stop(service);
    return CLI_OK;
}

int serve_command(int argc, char **argv) {
    const char *port = "8737";
    const char *database = "gilscope.db";
    bool load_examples = false;
    struct retention_options keep = {0};
    struct retention retention;
    long number;
    const struct cli_option options[] = {
        {"--port", "N", "port on 127.0.0.1 (default 8737; 0: any free one)", &port, NULL},
        {"--database", "FILE", "where experiments are kept (default gilscope.db)",
         &database, NULL},
        {"--load-examples", NULL, "run the examples that are not stored yet", NULL,
         &load_examples},
        RETENTION_OPTIONS(keep),
    };
    const struct cli_usage usage = {
        .command = "serve",
        .arguments = "",
        .summary =
            "Serves the dashboard and the REST interface on 127.0.0.1 and runs what is\n"
            "submitted. Prints one line with the address when it is ready. Experiments\n"
            "that a dead process left queued are run. Other processes may use the same\n"
            "file meanwhile. SIGINT or SIGTERM stops it: "
            "runs\n"
            "at work are marked as interrupted. GILSCOPE_LOG (error, warn, info, debug)\n"
            "says how much is logged on standard error.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    switch (cli_parse(&usage, argc, argv, NULL)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (!cli_parse_number(port, 0, 65535, &number)) {
        cli_complain("--port must be a number from 0 to 65535, not '%s'", port);
        return CLI_REFUSED;
    }
    if (!retention_options_read(&keep, &retention)) {
        return CLI_REFUSED;
    }
    const struct service_options service = {.database = database,
                                            .port = (uint16_t)number,
                                            .load_examples = load_examples,
                                            .retention = retention};
    return serve(&service);
}
