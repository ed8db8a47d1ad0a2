/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "db/owner_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/memory.h"

enum {
    WAIT_MS = 10,
    WAITS = 200,
    ACQUIRE_TURNS = 100 /* each means that an owner ended between our open and our lock */
};

bool owner_waited_enough(int attempt) {
    if (attempt >= WAITS) {
        return true;
    }
    const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000};
    nanosleep(&pause, NULL);
    return false;
}

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

/* --- the byte of an owner -------------------------------------------------------- */

static int make_number(int64_t *out, struct err *err) {
    uint32_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        return err_set(err, ERR_IO, "the system has no random numbers");
    }
    *out = (int64_t)getpid() << 32 | random;
    return 0;
}

static long process_of(int64_t number) { return (long)(number >> 32); }

static bool lock_byte(int fd, int64_t number) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    lock.l_start = number;
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* The first owner from `from` on among so many numbers (0: all), other than that of `fd`;
 * 0 when there is none. */
static int64_t find_owner(int fd, int64_t from, int64_t count) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = count};
    lock.l_start = from;
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) {
        return 0;
    }
    return lock.l_start;
}

bool owner_lives(const struct owner *owner, int64_t number) {
    if (number <= 0) {
        return false;
    }
    if (owner->fd >= 0) {
        return number == owner->number || find_owner(owner->fd, number, 1) != 0;
    }
    /* Nothing holds the name to one file while we look on: it is followed each time. */
    const int fd = open(owner->path, O_RDONLY | O_CLOEXEC);
    const bool lives = fd >= 0 && find_owner(fd, number, 1) != 0;
    if (fd >= 0) {
        close(fd);
    }
    return lives;
}

/* --- the file as a whole --------------------------------------------------------- */

int owner_say_who(const struct owner *owner, struct err *err) {
    static const size_t suffix = sizeof "-owner" - 1;
    const int name = (int)(strlen(owner->path) - suffix);
    char text[32] = "";
    long pid = process_of(find_owner(owner->fd, 0, 0));
    /* An older gilscope writes its number instead. */
    if (pid == 0 && pread(owner->fd, text, sizeof text - 1, 0) > 0 &&
        sscanf(text, "%ld", &pid) != 1) {
        pid = 0;
    }
    if (pid > 0) {
        return err_set(
            err, ERR_CONFLICT,
            "%.*s is in use by process %ld: stop that process, or use another file", name,
            owner->path, pid);
    }
    return err_set(err, ERR_CONFLICT,
                   "%.*s is in use by another process: stop it, or use another file",
                   name, owner->path);
}

bool owner_be_alone(struct owner *owner) {
    return flock(owner->fd, LOCK_EX | LOCK_NB) == 0;
}

int owner_share(struct owner *owner, struct err *err) {
    for (int attempt = 0; flock(owner->fd, LOCK_SH | LOCK_NB) != 0; attempt++) {
        if (errno != EWOULDBLOCK) {
            return err_set(err, ERR_IO, "cannot lock %s: %s", owner->path,
                           strerror(errno));
        }
        if (owner_waited_enough(attempt)) {
            return owner_say_who(owner, err);
        }
    }
    return 0;
}

/* Does the name still lead to the file that is locked? */
static bool is_current(const struct owner *owner) {
    struct stat locked, named;
    return fstat(owner->fd, &locked) == 0 && stat(owner->path, &named) == 0 &&
           locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* --- life ------------------------------------------------------------------------ */

/* 1: acquired; 0: start over. The descriptor stays with the owner in either case. */
static int try_acquire(struct owner *owner, struct err *err) {
    owner->fd = open(owner->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (owner->fd < 0) {
        return err_set(err, ERR_IO, "cannot create the lock file %s: %s", owner->path,
                       strerror(errno));
    }
    int rc = owner_share(owner, err);
    if (rc == 0) {
        rc = make_number(&owner->number, err);
    }
    if (rc == 0 && !lock_byte(owner->fd, owner->number)) {
        rc = err_set(err, ERR_IO, "cannot lock %s: %s", owner->path, strerror(errno));
    }
    if (rc != 0) {
        return rc;
    }
    return is_current(owner) ? 1 : 0;
}

int owner_acquire(struct owner *out, const char *db_path, struct err *err) {
    struct owner owner = {.path = lock_path(db_path), .fd = -1};
    if (owner.path == NULL) {
        return err_set_nomem(err);
    }
    int rc = 0;
    for (int turn = 0; rc == 0 && turn < ACQUIRE_TURNS; turn++) {
        rc = try_acquire(&owner, err);
        if (rc != 1 && owner.fd >= 0) {
            close(owner.fd);
        }
    }
    if (rc == 1) {
        *out = owner;
        return 0;
    }
    if (rc == 0) {
        rc = err_set(err, ERR_IO, "cannot lock %s: it is replaced all the time",
                     owner.path);
    }
    memory_free(owner.path);
    return rc;
}

int owner_observe(struct owner *out, const char *db_path, struct err *err) {
    char *path = lock_path(db_path);
    if (path == NULL) {
        return err_set_nomem(err);
    }
    *out = (struct owner){.path = path, .fd = -1};
    return 0;
}

void owner_release(struct owner *owner) {
    if (owner->path != NULL && owner->fd >= 0) {
        /* One that waits in owner_share() has no lock on the whole, but one on its byte. */
        if (owner_be_alone(owner) && find_owner(owner->fd, 0, 0) == 0) {
            unlink(owner->path);
        }
        close(owner->fd);
    }
    memory_free(owner->path);
    *owner = (struct owner){0};
}
