/* SPDX-License-Identifier: MIT */
/*
 * claim - whose work a row is. Inside db only.
 *
 * What a connection that writes makes queued, running or half recorded is its own: it puts
 * the number of its owner (db/owner_priv.h) into the row. Triggers do it, so that no
 * statement can forget it; they are temporary, for the plain file belongs to nobody.
 *
 *     experiment.owner   who submitted it, then who runs it; its cells have the same owner
 *     run.owner          who runs it, then who records it once more
 *
 * Two functions are known to all statements:
 *
 *     owner_self()       our own number, 0 for who only reads
 *     owner_lives(n)     1 when that owner is at work, perhaps ourselves; 0 when it is dead
 */
#ifndef DB_CLAIM_PRIV_H
#define DB_CLAIM_PRIV_H

#include "db/connection_priv.h"
#include "db/owner_priv.h"

/* The functions. `owner` is borrowed for the life of the connection. */
int claim_define(struct connection *connection, struct owner *owner,
                 struct err *err) WARN_UNUSED;

/* The triggers, once the tables are there. */
int claim_mark(struct connection *connection, struct err *err) WARN_UNUSED;

#endif
