/* SPDX-License-Identifier: MIT */
#include "tests/db/fault_vfs.h"

#include <stddef.h>
#include <string.h>

#include <sqlite3.h>

/* One thread at a time. */
static int64_t countdown = -1;
static bool goes_on, has_failed;
static sqlite3_vfs *below;

void fault_vfs_fail_after(int64_t after, bool for_good) {
    countdown = after;
    goes_on = for_good;
    has_failed = false;
}

bool fault_vfs_has_failed(void) { return has_failed; }

static bool must_fail(void) {
    if (countdown < 0 || countdown-- > 0) {
        return false;
    }
    countdown = goes_on ? 0 : -1;
    has_failed = true;
    return true;
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
    return file_below(file)->pMethods->xRead(file_below(file), data, size, at);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) {
    return must_fail()
               ? SQLITE_FULL
               : file_below(file)->pMethods->xWrite(file_below(file), data, size, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return must_fail() ? SQLITE_IOERR_TRUNCATE
                       : file_below(file)->pMethods->xTruncate(file_below(file), size);
}

static int file_sync(sqlite3_file *file, int flags) {
    return must_fail() ? SQLITE_IOERR_FSYNC
                       : file_below(file)->pMethods->xSync(file_below(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    return file_below(file)->pMethods->xFileSize(file_below(file), size);
}

static int file_lock(sqlite3_file *file, int lock) {
    return file_below(file)->pMethods->xLock(file_below(file), lock);
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
    return file_below(file)->pMethods->xShmMap(file_below(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return file_below(file)->pMethods->xShmLock(file_below(file), offset, count, flags);
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
    const int code = below->xOpen(below, name, fault->below, flags, out_flags);
    fault->base.pMethods = fault->below->pMethods != NULL ? &methods : NULL;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
    (void)vfs;
    return must_fail() ? SQLITE_IOERR_DELETE : below->xDelete(below, name, sync_folder);
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
    sqlite3_vfs_register(&vfs, 1);
}
