/* SPDX-License-Identifier: MIT */
#include "db/sql/fault.h"

#include <stddef.h>

#include "db/sql/sqlite_api.h"

/* A code goes back to SQLite as the first row with ours: what it cannot tell, the text
 * does. */
static const struct {
    int sqlite;
    int ours;
} codes[] = {
    {SQLITE_NOMEM, ERR_NOMEM},     {SQLITE_INTERRUPT, ERR_CANCELLED},
    {SQLITE_CORRUPT, ERR_CORRUPT}, {SQLITE_NOTADB, ERR_CORRUPT},
    {SQLITE_IOERR, ERR_IO},        {SQLITE_BUSY, ERR_CONFLICT},
    {SQLITE_LOCKED, ERR_CONFLICT}, {SQLITE_TOOBIG, ERR_LIMIT},
    {SQLITE_FULL, ERR_IO},         {SQLITE_CANTOPEN, ERR_IO},
};

int fault_of_sqlite(struct sqlite3 *sqlite, int code, struct err *err) {
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].sqlite == (code & 0xff)) {
            return err_set(err, codes[i].ours, "%s", sqlite3_errstr(code));
        }
    }
    return err_set(err, ERR_DB, "%s", sqlite3_errmsg(sqlite));
}

int fault_damaged(long long run, const char *what, struct err *err) {
    return err_set(err, ERR_CORRUPT, "run %lld is damaged: %s", run, what);
}

int fault_to_sqlite(struct sqlite3_vtab *table, const struct err *err) {
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", err->text);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].ours == err->code) {
            return codes[i].sqlite == SQLITE_CORRUPT ? SQLITE_CORRUPT_VTAB
                                                     : codes[i].sqlite;
        }
    }
    return SQLITE_ERROR;
}
