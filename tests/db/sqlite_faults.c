/* SPDX-License-Identifier: MIT */
#include "tests/db/sqlite_faults.h"

#include <assert.h>
#include <stddef.h>

#include <sqlite3.h>

#include "tests/db/countdown.h"

/* --- calls --------------------------------------------------------------------- */

static struct countdown calls, statements;

void sqlite_calls_fail_after(int64_t after, bool for_good) {
    countdown_begin(&calls, after, for_good);
}

bool sqlite_calls_have_failed(void) { return calls.has_failed; }

void sqlite_statements_fail_after(int64_t after) {
    countdown_begin(&statements, after, false);
}

static bool call_must_fail(void) { return countdown_must_fail(&calls); }

static bool statement_must_fail(void) {
    return countdown_must_fail(&statements) || call_must_fail();
}

/* A call that the linker sends here, and that does nothing else than to return a code. */
#define WRAP(name, must_fail, code, parameters, arguments)                               \
    int __real_##name parameters;                                                        \
    int __wrap_##name parameters;                                                        \
    int __wrap_##name parameters {                                                       \
        return must_fail() ? (code) : __real_##name arguments;                           \
    }

WRAP(sqlite3_step, statement_must_fail, SQLITE_FULL, (sqlite3_stmt * stmt), (stmt))
WRAP(sqlite3_exec, statement_must_fail, SQLITE_FULL,
     (sqlite3 * db, const char *sql, int (*row)(void *, int, char **, char **),
      void *context, char **message),
     (db, sql, row, context, message))
WRAP(sqlite3_bind_int64, call_must_fail, SQLITE_NOMEM,
     (sqlite3_stmt * stmt, int at, sqlite3_int64 value), (stmt, at, value))
WRAP(sqlite3_bind_double, call_must_fail, SQLITE_NOMEM,
     (sqlite3_stmt * stmt, int at, double value), (stmt, at, value))
WRAP(sqlite3_bind_null, call_must_fail, SQLITE_NOMEM, (sqlite3_stmt * stmt, int at),
     (stmt, at))
WRAP(sqlite3_bind_text64, call_must_fail, SQLITE_NOMEM,
     (sqlite3_stmt * stmt, int at, const char *text, sqlite3_uint64 size,
      void (*release)(void *), unsigned char encoding),
     (stmt, at, text, size, release, encoding))
WRAP(sqlite3_bind_blob64, call_must_fail, SQLITE_NOMEM,
     (sqlite3_stmt * stmt, int at, const void *data, sqlite3_uint64 size,
      void (*release)(void *)),
     (stmt, at, data, size, release))
WRAP(sqlite3_declare_vtab, call_must_fail, SQLITE_NOMEM, (sqlite3 * db, const char *sql),
     (db, sql))

#undef WRAP

/* What such a call fills in is NULL when it fails. */
#define WRAP_MAKER(name, code, parameters, arguments, made)                              \
    int __real_##name parameters;                                                        \
    int __wrap_##name parameters;                                                        \
    int __wrap_##name parameters {                                                       \
        if (call_must_fail()) {                                                          \
            *(made) = NULL;                                                              \
            return (code);                                                               \
        }                                                                                \
        return __real_##name arguments;                                                  \
    }

WRAP_MAKER(sqlite3_open_v2, SQLITE_NOMEM,
           (const char *path, sqlite3 **db, int flags, const char *vfs),
           (path, db, flags, vfs), db)
WRAP_MAKER(sqlite3_prepare_v2, SQLITE_IOERR_READ,
           (sqlite3 * db, const char *sql, int size, sqlite3_stmt **stmt,
            const char **rest),
           (db, sql, size, stmt, rest), stmt)
WRAP_MAKER(sqlite3_prepare_v3, SQLITE_IOERR_READ,
           (sqlite3 * db, const char *sql, int size, unsigned flags, sqlite3_stmt **stmt,
            const char **rest),
           (db, sql, size, flags, stmt, rest), stmt)

#undef WRAP_MAKER

/* SQLite releases what a function or a module was given also when it does not take it. */
typedef void (*function_fn)(sqlite3_context *, int, sqlite3_value **);
typedef void (*final_fn)(sqlite3_context *);

int __real_sqlite3_create_function_v2(sqlite3 *db, const char *name, int count,
                                      int encoding, void *context, function_fn call,
                                      function_fn step, final_fn final,
                                      void (*release)(void *));
int __wrap_sqlite3_create_function_v2(sqlite3 *db, const char *name, int count,
                                      int encoding, void *context, function_fn call,
                                      function_fn step, final_fn final,
                                      void (*release)(void *));
int __wrap_sqlite3_create_function_v2(sqlite3 *db, const char *name, int count,
                                      int encoding, void *context, function_fn call,
                                      function_fn step, final_fn final,
                                      void (*release)(void *)) {
    if (call_must_fail()) {
        if (release != NULL) {
            release(context);
        }
        return SQLITE_NOMEM;
    }
    return __real_sqlite3_create_function_v2(db, name, count, encoding, context, call,
                                             step, final, release);
}

int __real_sqlite3_create_module_v2(sqlite3 *db, const char *name,
                                    const sqlite3_module *module, void *context,
                                    void (*release)(void *));
int __wrap_sqlite3_create_module_v2(sqlite3 *db, const char *name,
                                    const sqlite3_module *module, void *context,
                                    void (*release)(void *));
int __wrap_sqlite3_create_module_v2(sqlite3 *db, const char *name,
                                    const sqlite3_module *module, void *context,
                                    void (*release)(void *)) {
    if (call_must_fail()) {
        if (release != NULL) {
            release(context);
        }
        return SQLITE_NOMEM;
    }
    return __real_sqlite3_create_module_v2(db, name, module, context, release);
}

/* A copy that has failed says so again when it is finished. */
static _Atomic int copy_code;

sqlite3_backup *__real_sqlite3_backup_init(sqlite3 *to, const char *to_name,
                                           sqlite3 *from, const char *from_name);
sqlite3_backup *__wrap_sqlite3_backup_init(sqlite3 *to, const char *to_name,
                                           sqlite3 *from, const char *from_name);
sqlite3_backup *__wrap_sqlite3_backup_init(sqlite3 *to, const char *to_name,
                                           sqlite3 *from, const char *from_name) {
    copy_code = SQLITE_OK;
    /* A database that is not there: so `to` has an error. */
    return __real_sqlite3_backup_init(to, call_must_fail() ? "nowhere" : to_name, from,
                                      from_name);
}

int __real_sqlite3_backup_step(sqlite3_backup *copy, int pages);
int __wrap_sqlite3_backup_step(sqlite3_backup *copy, int pages);
int __wrap_sqlite3_backup_step(sqlite3_backup *copy, int pages) {
    if (call_must_fail()) {
        copy_code = SQLITE_FULL;
        return SQLITE_FULL;
    }
    return __real_sqlite3_backup_step(copy, pages);
}

int __real_sqlite3_backup_finish(sqlite3_backup *copy);
int __wrap_sqlite3_backup_finish(sqlite3_backup *copy);
int __wrap_sqlite3_backup_finish(sqlite3_backup *copy) {
    const int code = __real_sqlite3_backup_finish(copy);
    return copy_code != SQLITE_OK ? copy_code : code;
}

/* --- memory -------------------------------------------------------------------- */

static struct countdown memory;
static sqlite3_mem_methods below;

void sqlite_memory_fail_after(int64_t after, bool for_good) {
    countdown_begin(&memory, after, for_good);
}

bool sqlite_memory_has_failed(void) { return memory.has_failed; }

static void *get(int size) {
    return countdown_must_fail(&memory) ? NULL : below.xMalloc(size);
}

static void *resize(void *old, int size) {
    return countdown_must_fail(&memory) ? NULL : below.xRealloc(old, size);
}

void sqlite_memory_install(void) {
    int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &below);
    sqlite3_mem_methods counted = below;
    counted.xMalloc = get;
    counted.xRealloc = resize;
    if (code == SQLITE_OK) {
        code = sqlite3_config(SQLITE_CONFIG_MALLOC, &counted);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    }
    assert(code == SQLITE_OK);
    (void)code;
}
