/* SPDX-License-Identifier: MIT */
/* serve_command - `gilscope serve`: the server, until a signal ends it. */
#include "server/cli/commands.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "server/api/service.h"
#include "server/cli/cli.h"
#include "server/cli/quantity.h"
#include "server/cli/serve_token.h"
#include "server/http/guard.h"
#include "server/http/listener.h"
#include "server/log/log.h"

/* Of one address that is not this machine's. */
enum { DEFAULT_CONNECTIONS = 128, DEFAULT_RATE = 100 };

static bool is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Signals that end the server. Blocked in every thread; the main thread waits for them. Who
 * started us with the end of the terminal ignored, as nohup does, wants us to outlive it: a
 * signal that is blocked would come although it is ignored. */
static void block_signals(sigset_t *signals) {
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    if (!is_ignored(SIGHUP)) {
        sigaddset(signals, SIGHUP);
    }
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void announce(const struct listener *listener) {
    if (!listener->everywhere) {
        printf("gilscope: serving http://%s:%u\n", listener->host, listener->port);
    } else {
        printf("gilscope: serving http://127.0.0.1:%u and all other addresses of this "
               "machine\n",
               listener->port);
    }
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
    announce(service_listener(service));
    fflush(stdout);
    sigwait(&signals, &number);
    /* A second signal ends a process that takes too long to stop. */
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    service_stop(service);
    return CLI_OK;
}

/* --- what is asked for ----------------------------------------------------------- */

struct serve_arguments {
    const char *address, *port, *token_file, *database, *drain;
    const char *connections, *rate;
    const char *hosts[CLI_REPEAT_MAX];
    bool load_examples;
    struct retention_options keep;
};

static enum cli_parsed read_arguments(int argc, char **argv,
                                      struct serve_arguments *given) {
    const struct cli_option options[] = {
        {"--address", "A",
         "address to listen on (default 127.0.0.1); one that others can reach\n"
         "                        needs a token: --token-file or GILSCOPE_TOKEN",
         &given->address, NULL},
        {"--port", "N", "port to listen on (default 8737; 0: any free one)", &given->port,
         NULL},
        {"--token-file", "FILE",
         "demand the bearer token in this file, which only its owner may read",
         &given->token_file, NULL},
        {"--host", "NAME...",
         "answer to this name, too: a proxy's or this machine's; repeatable",
         given->hosts, NULL},
        {"--database", "FILE", "where experiments are kept (default gilscope.db)",
         &given->database, NULL},
        {"--limit-connections", "N",
         "connections of one address (default 128, of this machine any\n"
         "                        number; 0: any number)",
         &given->connections, NULL},
        {"--limit-rate", "N",
         "requests a second of one address (default 100, of this machine any\n"
         "                        number; 0: any number); twice as many at once",
         &given->rate, NULL},
        {"--drain-seconds", "N",
         "when stopped, wait so long for answers that are being sent (default 5)",
         &given->drain, NULL},
        {"--load-examples", NULL, "run the examples that are not stored yet", NULL,
         &given->load_examples},
        RETENTION_OPTIONS(given->keep),
    };
    const struct cli_usage usage = {
        .command = "serve",
        .arguments = "",
        .summary =
            "Serves the dashboard and the REST interface, on 127.0.0.1 unless told\n"
            "otherwise, and runs what is submitted. Prints one line with the address "
            "when\n"
            "it is ready. Experiments that a dead process left queued are run. Other\n"
            "processes may use the same file meanwhile.\n\n"
            "SIGINT, SIGTERM or SIGHUP stops it: new requests are refused, runs at work\n"
            "are marked as interrupted, and answers that were begun are sent. A second\n"
            "signal ends it at once. Under nohup it outlives its terminal: SIGHUP is "
            "ignored.\n\n"
            "GILSCOPE_LOG (error, warn, info, debug) says how much is logged on "
            "standard\n"
            "error. GILSCOPE_TOKEN is a bearer token, like --token-file: when there is "
            "one,\n"
            "clients send it (Authorization: Bearer TOKEN), and the page asks for it.",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    return cli_parse(&usage, argc, argv, NULL);
}

/* What is said holds for this machine, too; what is not said does not. */
static bool read_limit(const char *name, const char *text, unsigned *out,
                       unsigned *loopback) {
    long number;
    if (text == NULL) {
        return true;
    }
    if (!cli_parse_number(text, 0, 1000 * 1000, &number)) {
        cli_complain("%s must be a number from 0 to 1000000, not '%s'", name, text);
        return false;
    }
    *out = *loopback = (unsigned)number;
    return true;
}

static bool read_limits(const struct serve_arguments *given, struct http_limits *out) {
    *out = (struct http_limits){.connections = DEFAULT_CONNECTIONS, .rate = DEFAULT_RATE};
    return read_limit("--limit-connections", given->connections, &out->connections,
                      &out->loopback_connections) &&
           read_limit("--limit-rate", given->rate, &out->rate, &out->loopback_rate);
}

/* Fills what does not come from files. False: it was complained about. */
static bool read_network(const struct serve_arguments *given,
                         struct service_options *out) {
    long port, drain;
    if (!cli_parse_number(given->port, 0, 65535, &port)) {
        cli_complain("--port must be a number from 0 to 65535, not '%s'", given->port);
        return false;
    }
    if (!cli_parse_number(given->drain, 0, 3600, &drain)) {
        cli_complain("--drain-seconds must be a number from 0 to 3600, not '%s'",
                     given->drain);
        return false;
    }
    out->drain_ms = drain * 1000;
    out->address = given->address;
    out->port = (uint16_t)port;
    out->hosts = given->hosts;
    while (out->host_count < CLI_REPEAT_MAX && given->hosts[out->host_count] != NULL) {
        const char *name = given->hosts[out->host_count++];
        if (!guard_name_is_valid(name)) {
            cli_complain("--host must be a name without scheme and port, such as "
                         "gilscope.example.org, not '%s'",
                         name);
            return false;
        }
    }
    return true;
}

int serve_command(int argc, char **argv) {
    struct serve_arguments given = {
        .address = "127.0.0.1", .port = "8737", .database = "gilscope.db", .drain = "5"};
    struct service_options options = {0};
    struct err err = {0};
    char token[ACCESS_TOKEN_MAX + 1];
    switch (read_arguments(argc, argv, &given)) {
    case CLI_HELP_SHOWN:
        return CLI_OK;
    case CLI_WRONG:
        return CLI_REFUSED;
    case CLI_GO_ON:
        break;
    }
    if (!read_network(&given, &options) || !read_limits(&given, &options.limits) ||
        !retention_options_read(&given.keep, &options.retention)) {
        return CLI_REFUSED;
    }
    int code = serve_token_read(given.token_file, token, &err);
    options.token = code == 0 && token[0] != '\0' ? token : NULL;
    if (code == 0) {
        code = service_check(&options, &err);
    }
    if (code != 0) {
        cli_report(&err, NULL);
        return code == ERR_INVALID ? CLI_REFUSED : CLI_FAILED;
    }
    options.database = given.database;
    options.load_examples = given.load_examples;
    return serve(&options);
}
