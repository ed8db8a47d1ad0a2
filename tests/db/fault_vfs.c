/* SPDX-License-Identifier: MIT */
#include "tests/db/fault_vfs.h"

#include <stddef.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/db/countdown.h"

static struct countdown countdown;
static _Atomic(enum fault_kind) kind_at_fault;
static sqlite3_vfs *below;

void fault_vfs_fail_after(enum fault_kind kind, int64_t after, bool for_good) {
    kind_at_fault = kind;
    countdown_begin(&countdown, after, for_good);
}

bool fault_vfs_has_failed(void) { return countdown.has_failed; }

static bool must_fail(enum fault_kind kind) {
    return kind == kind_at_fault && countdown_must_fail(&countdown);
}

/* A lock that cannot be had, for either reason; SQLITE_OK: try it. */
static int fault_of_lock(int code) {
    return must_fail(FAULT_LOCK) ? code : must_fail(FAULT_BUSY) ? SQLITE_BUSY : SQLITE_OK;
}

/* --- files ----------------------------------------------------------------------- */

/* The file below lies behind it. */
struct fault_file {
    sqlite3_file base;
    sqlite3_file *below;
};

static sqlite3_file *file_below(sqlite3_file *file) {
    return ((struct fault_file *)file)->below;
}

static int file_close(sqlite3_file *file) {
    return file_below(file)->pMethods->xClose(file_below(file));
}

static int file_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at) {
    if (must_fail(FAULT_READ)) {
        return SQLITE_IOERR_READ;
    }
    if (must_fail(FAULT_SHORT_READ)) {
        memset(data, 0, (size_t)size); /* SQLite asks for zeros where there is nothing */
        return SQLITE_IOERR_SHORT_READ;
    }
    return file_below(file)->pMethods->xRead(file_below(file), data, size, at);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) {
    return must_fail(FAULT_CHANGE)
               ? SQLITE_FULL
               : file_below(file)->pMethods->xWrite(file_below(file), data, size, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return must_fail(FAULT_CHANGE)
               ? SQLITE_IOERR_TRUNCATE
               : file_below(file)->pMethods->xTruncate(file_below(file), size);
}

static int file_sync(sqlite3_file *file, int flags) {
    return must_fail(FAULT_CHANGE)
               ? SQLITE_IOERR_FSYNC
               : file_below(file)->pMethods->xSync(file_below(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    return must_fail(FAULT_SIZE)
               ? SQLITE_IOERR_FSTAT
               : file_below(file)->pMethods->xFileSize(file_below(file), size);
}

static int file_lock(sqlite3_file *file, int lock) {
    const int code = fault_of_lock(SQLITE_IOERR_LOCK);
    return code != SQLITE_OK ? code
                             : file_below(file)->pMethods->xLock(file_below(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock) {
    return file_below(file)->pMethods->xUnlock(file_below(file), lock);
}

static int file_check(sqlite3_file *file, int *out) {
    return file_below(file)->pMethods->xCheckReservedLock(file_below(file), out);
}

static int file_control(sqlite3_file *file, int code, void *argument) {
    return file_below(file)->pMethods->xFileControl(file_below(file), code, argument);
}

static int file_sector(sqlite3_file *file) {
    return file_below(file)->pMethods->xSectorSize(file_below(file));
}

static int file_device(sqlite3_file *file) {
    return file_below(file)->pMethods->xDeviceCharacteristics(file_below(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend,
                        void volatile **out) {
    return must_fail(FAULT_MAP) ? SQLITE_IOERR_SHMMAP
                                : file_below(file)->pMethods->xShmMap(
                                      file_below(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    /* What is given back always can be. */
    const int code =
        (flags & SQLITE_SHM_LOCK) != 0 ? fault_of_lock(SQLITE_IOERR_SHMLOCK) : SQLITE_OK;
    return code != SQLITE_OK ? code
                             : file_below(file)->pMethods->xShmLock(file_below(file),
                                                                    offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) {
    file_below(file)->pMethods->xShmBarrier(file_below(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove) {
    return file_below(file)->pMethods->xShmUnmap(file_below(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* --- the file system ------------------------------------------------------------- */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *out_flags) {
    (void)vfs;
    struct fault_file *fault = (struct fault_file *)file;
    memset(fault, 0, sizeof *fault);
    fault->below = (sqlite3_file *)(fault + 1);
    if (must_fail(FAULT_OPEN)) {
        return SQLITE_CANTOPEN;
    }
    const int code = below->xOpen(below, name, fault->below, flags, out_flags);
    fault->base.pMethods = fault->below->pMethods != NULL ? &methods : NULL;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
    (void)vfs;
    return must_fail(FAULT_CHANGE) ? SQLITE_IOERR_DELETE
                                   : below->xDelete(below, name, sync_folder);
}

static int vfs_sleep(sqlite3_vfs *vfs, int us) {
    (void)vfs;
    return us;
}

void fault_vfs_install(void) {
    static sqlite3_vfs vfs;
    if (below != NULL) {
        return;
    }
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof(struct fault_file) + below->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xSleep = vfs_sleep;
    sqlite3_vfs_register(&vfs, 1);
}
