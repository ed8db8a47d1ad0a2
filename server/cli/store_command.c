/* SPDX-License-Identifier: MIT */
#include "server/cli/store_command.h"

#include <signal.h>

static atomic_bool interrupted;

static void on_signal(int number) {
    (void)number;
    atomic_store(&interrupted, true);
}

const atomic_bool *store_command_catch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        sigaction(numbers[i], &action, NULL);
    }
    return &interrupted;
}

int store_command_fail(const struct err *err) {
    cli_report(err, NULL);
    return err->code == ERR_CANCELLED ? CLI_INTERRUPTED : CLI_FAILED;
}
