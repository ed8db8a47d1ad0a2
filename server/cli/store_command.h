/* SPDX-License-Identifier: MIT */
/* store_command - what the commands that look after a store have in common. */
#ifndef SERVER_CLI_STORE_COMMAND_H
#define SERVER_CLI_STORE_COMMAND_H

#include "engine/base/err.h"
#include "server/cli/cli.h"

#include <stdatomic.h>

/* The store when none is named, as for `gilscope serve`. */
#define STORE_DEFAULT "gilscope.db"

/* True once SIGINT, SIGTERM or SIGHUP came; a second one ends the process. */
const atomic_bool *store_command_catch_signals(void);

/* Says what went wrong; the exit code for it. */
int store_command_fail(const struct err *err);

#endif
