/* SPDX-License-Identifier: MIT */
#include "db/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/db_priv.h"

/* A step copies 4 MB; the pause lets others at the disk. Whoever has locked the copy, which
 * nobody should, is waited for as long as for anybody else. */
enum { STEP_PAGES = 1024, PAUSE_MS = 2, BUSY_TIMEOUT_MS = 5000, SUFFIX_MAX = 16 };

struct backup {
    const struct backup_options *options;
    const char *source;
    char *partial; /* the copy while it is made */
    int lock;      /* on it */
};

static char *with_suffix(const char *path, const char *suffix) {
    const size_t size = strlen(path) + SUFFIX_MAX;
    char *text = memory_resize(NULL, size, 1);
    if (text != NULL) {
        snprintf(text, size, "%s%s", path, suffix);
    }
    return text;
}

static int fail(const char *path, struct err *err) {
    return err_set(err, ERR_IO, "cannot write %s: %s: check the disk and the path", path,
                   strerror(errno));
}

/* --- the target ------------------------------------------------------------------ */

/* A log beside the target belongs to it: the copy would be read together with it. */
static int check_log(const char *target, const char *suffix, struct err *err) {
    struct stat log;
    char *path = with_suffix(target, suffix);
    if (path == NULL) {
        return err_set_nomem(err);
    }
    const bool there = lstat(path, &log) == 0;
    memory_free(path);
    return !there
               ? 0
               : err_set(err, ERR_CONFLICT,
                         "%s is in use, %s%s is there: close the program that uses it, "
                         "or name another file",
                         target, target, suffix);
}

static int check_file(const struct backup *backup, struct err *err) {
    const char *target = backup->options->target;
    struct stat source, there;
    if (stat(target, &there) != 0) {
        return 0;
    }
    if (stat(backup->source, &source) == 0 && source.st_dev == there.st_dev &&
        source.st_ino == there.st_ino) {
        return err_set(err, ERR_CONFLICT, "%s is the store itself: name another file",
                       target);
    }
    if (!S_ISREG(there.st_mode)) {
        return err_set(err, ERR_CONFLICT, "%s is no file: name another one", target);
    }
    return backup->options->replace
               ? 0
               : err_set(err, ERR_CONFLICT,
                         "%s exists: name another file, or say that it may be replaced",
                         target);
}

static int check_target(const struct backup *backup, struct err *err) {
    int rc = check_file(backup, err);
    if (rc == 0) {
        rc = check_log(backup->options->target, "-wal", err);
    }
    return rc == 0 ? check_log(backup->options->target, "-journal", err) : rc;
}

/* Empty and ours. */
static int open_partial(struct backup *backup, struct err *err) {
    backup->lock = open(backup->partial, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (backup->lock < 0) {
        return fail(backup->partial, err);
    }
    if (flock(backup->lock, LOCK_EX | LOCK_NB) != 0) {
        close(backup->lock);
        backup->lock = -1;
        return err_set(err, ERR_CONFLICT, "another backup writes %s: wait for it",
                       backup->partial);
    }
    return ftruncate(backup->lock, 0) == 0 ? 0 : fail(backup->partial, err);
}

/* Flushes the folder, so that the name survives a power cut. Not every file system can. */
static void flush_folder(const char *path) {
    char *folder = memory_strdup(path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    const int fd = folder == NULL ? -1 : open(slash != NULL ? folder : ".", O_RDONLY);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    memory_free(folder);
}

/* link() does not replace what came into being meanwhile, rename() does. */
static int give_name(const struct backup *backup, struct err *err) {
    const char *target = backup->options->target;
    if (fsync(backup->lock) != 0) {
        return fail(backup->partial, err);
    }
    if (backup->options->replace) {
        if (rename(backup->partial, target) != 0) {
            return fail(target, err);
        }
    } else if (link(backup->partial, target) == 0) {
        unlink(backup->partial);
    } else if (errno == EEXIST || rename(backup->partial, target) != 0) {
        return fail(target, err); /* renamed where a file has only one name */
    }
    flush_folder(target);
    return 0;
}

/* --- copying --------------------------------------------------------------------- */

static void wait_ms(int ms) {
    const struct timespec pause = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&pause, NULL);
}

static int copy_pages(sqlite3_backup *copy, const struct backup *backup,
                      struct err *err) {
    const atomic_bool *cancel = backup->options->cancel;
    int code = SQLITE_OK;
    while (code == SQLITE_OK) {
        if (cancel != NULL && atomic_load(cancel)) {
            return err_set(err, ERR_CANCELLED, "the backup was interrupted");
        }
        code = sqlite3_backup_step(copy, STEP_PAGES);
        if (code == SQLITE_OK) {
            wait_ms(PAUSE_MS);
        }
    }
    return 0; /* sqlite3_backup_finish() tells what was wrong */
}

/* Without a journal: a copy that fails is thrown away. */
static const char SETTINGS[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;";

static int copy_into(sqlite3 *target, sqlite3 *source, const struct backup *backup,
                     int64_t *bytes, struct err *err) {
    sqlite3_busy_timeout(target, BUSY_TIMEOUT_MS);
    int code = sqlite3_exec(target, SETTINGS, NULL, NULL, NULL);
    sqlite3_backup *copy =
        code == SQLITE_OK ? sqlite3_backup_init(target, "main", source, "main") : NULL;
    if (copy == NULL) {
        code = code != SQLITE_OK ? code : sqlite3_extended_errcode(target);
        return connection_say(backup->partial, target, code, err);
    }
    const int rc = copy_pages(copy, backup, err);
    const int64_t pages = sqlite3_backup_pagecount(copy);
    code = sqlite3_backup_finish(copy);
    if (rc == 0 && code != SQLITE_OK) {
        return connection_say(backup->partial, target, code, err);
    }
    *bytes = pages;
    return rc;
}

/* The read transaction holds the moment; without it every commit would start the copy all
 * over again. */
static int copy(struct db_reader *reader, const struct backup *backup, int64_t *bytes,
                struct err *err) {
    static const char TOUCH[] = "SELECT count(*) FROM sqlite_schema";
    static const char PAGE_SIZE[] = "PRAGMA page_size";
    struct connection *connection = db_reader_connection(reader);
    sqlite3 *target = NULL;
    int64_t ignored, page = 0;
    int rc = db_reader_begin(reader, err);
    if (rc != 0) {
        return rc;
    }
    rc = connection_read_number(connection, TOUCH, &ignored, err);
    if (rc == 0) {
        rc = connection_read_number(connection, PAGE_SIZE, &page, err);
    }
    if (rc == 0) {
        const int code =
            sqlite3_open_v2(backup->partial, &target, SQLITE_OPEN_READWRITE, NULL);
        rc = code == SQLITE_OK
                 ? copy_into(target, connection_sqlite(connection), backup, bytes, err)
                 : connection_say(backup->partial, target, code, err);
        sqlite3_close(target);
        *bytes *= page;
    }
    db_reader_end(reader);
    return rc;
}

/* --- the whole ------------------------------------------------------------------- */

int backup_write(struct db_reader *reader, const struct backup_options *options,
                 int64_t *bytes, struct err *err) {
    struct backup backup = {
        .options = options,
        .source = connection_path(db_reader_connection(reader)),
        .partial = with_suffix(options->target, "-partial"),
        .lock = -1,
    };
    int64_t size = 0;
    if (backup.partial == NULL) {
        return err_set_nomem(err);
    }
    int rc = check_target(&backup, err);
    if (rc == 0) {
        rc = open_partial(&backup, err);
    }
    if (backup.lock >= 0) {
        if (rc == 0) {
            rc = copy(reader, &backup, &size, err);
        }
        if (rc == 0) {
            rc = give_name(&backup, err);
        }
        if (rc != 0) {
            unlink(backup.partial);
        }
        close(backup.lock);
    }
    memory_free(backup.partial);
    if (rc == 0 && bytes != NULL) {
        *bytes = size;
    }
    return rc;
}
