/* SPDX-License-Identifier: MIT */
#include "db/claim_priv.h"

static int64_t call_self(void *context, const int64_t *arguments) {
    (void)arguments;
    const struct owner *owner = context;
    return owner->number;
}

static int64_t call_lives(void *context, const int64_t *arguments) {
    return owner_lives(context, arguments[0]) ? 1 : 0;
}

int claim_define(struct connection *connection, struct owner *owner, struct err *err) {
    static const struct connection_function self = {"owner_self", 0, call_self};
    static const struct connection_function lives = {"owner_lives", 1, call_lives};
    const int rc = connection_define(connection, &self, owner, err);
    return rc == 0 ? connection_define(connection, &lives, owner, err) : rc;
}

static const char MARKS[] =
    "CREATE TEMP TRIGGER own_experiment AFTER INSERT ON main.experiment BEGIN"
    "  UPDATE experiment SET owner = owner_self() WHERE id = new.id;"
    "END;"
    "CREATE TEMP TRIGGER own_begun_experiment AFTER UPDATE OF status ON main.experiment"
    "  WHEN new.status IN ('queued', 'running') BEGIN"
    "  UPDATE experiment SET owner = owner_self() WHERE id = new.id;"
    "END;"
    "CREATE TEMP TRIGGER own_run AFTER INSERT ON main.run"
    "  WHEN new.status = 'running' BEGIN"
    "  UPDATE run SET owner = owner_self() WHERE id = new.id;"
    "END;"
    "CREATE TEMP TRIGGER own_recording AFTER UPDATE OF timeline ON main.run"
    "  WHEN new.timeline = 1 BEGIN"
    "  UPDATE run SET owner = owner_self() WHERE id = new.id;"
    "END;";

int claim_mark(struct connection *connection, struct err *err) {
    return connection_exec(connection, MARKS, err);
}
