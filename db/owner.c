/* SPDX-License-Identifier: MIT */
#include "db/owner_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/memory.h"

/* Every turn means that an owner ended between our open and our lock. */
enum { ACQUIRE_TURNS = 100 };

static char *lock_path(const char *db_path) {
    static const char suffix[] = "-owner";
    const size_t length = strlen(db_path);
    char *path = memory_resize(NULL, length + sizeof suffix, 1);
    if (path != NULL) {
        memcpy(path, db_path, length);
        memcpy(path + length, suffix, sizeof suffix);
    }
    return path;
}

/* Who has the lock? Only for the message: the number may be missing or old. */
static int say_who(int fd, const char *db_path, struct err *err) {
    char text[32] = "";
    long pid = 0;
    const ssize_t size = pread(fd, text, sizeof text - 1, 0);
    if (size > 0 && sscanf(text, "%ld", &pid) == 1 && pid > 0) {
        return err_set(
            err, ERR_CONFLICT,
            "%s is in use by process %ld: stop that process, or use another file",
            db_path, pid);
    }
    return err_set(err, ERR_CONFLICT,
                   "%s is in use by another process: stop it, or use another file",
                   db_path);
}

/* Does the name still lead to the file that is locked? */
static bool is_current(int fd, const char *path) {
    struct stat locked, named;
    return fstat(fd, &locked) == 0 && stat(path, &named) == 0 &&
           locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static void write_pid(int fd) {
    char text[32];
    const int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)size, 0) != size) {
        return; /* A full disk: the lock holds without the number. */
    }
}

/* 1: acquired; 0: start over. */
static int try_acquire(int *out_fd, const char *path, const char *db_path,
                       struct err *err) {
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        return err_set(err, ERR_IO, "cannot create the lock file %s: %s", path,
                       strerror(errno));
    }
    int rc = 1;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int why = errno;
        rc = why == EWOULDBLOCK
                 ? say_who(fd, db_path, err)
                 : err_set(err, ERR_IO, "cannot lock %s: %s", path, strerror(why));
    } else if (!is_current(fd, path)) {
        rc = 0;
    }
    if (rc == 1) {
        write_pid(fd);
        *out_fd = fd;
    } else {
        close(fd);
    }
    return rc;
}

int owner_acquire(struct owner *out, const char *db_path, struct err *err) {
    char *path = lock_path(db_path);
    if (path == NULL) {
        return err_set_nomem(err);
    }
    int fd = -1;
    int rc = 0;
    for (int turn = 0; rc == 0 && turn < ACQUIRE_TURNS; turn++) {
        rc = try_acquire(&fd, path, db_path, err);
    }
    if (rc == 1) {
        *out = (struct owner){.path = path, .fd = fd};
        return 0;
    }
    if (rc == 0) {
        rc = err_set(err, ERR_IO, "cannot lock %s: it is replaced all the time", path);
    }
    memory_free(path);
    return rc;
}

void owner_release(struct owner *owner) {
    if (owner->path != NULL) {
        unlink(owner->path);
        close(owner->fd);
        memory_free(owner->path);
    }
    *owner = (struct owner){0};
}
