/* SPDX-License-Identifier: MIT */
#include "server/api/export_files.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct export_file {
    struct export_files *files;
    bool has_place; /* else another one has it */
    int descriptor; /* -1: it is being written */
    uint64_t next;  /* when this much has been taken, */
    int64_t due_ms; /* which should be by then, there is more time */
};

struct export_files {
    pthread_mutex_t mutex; /* guards all files, too */
    struct export_file *places[EXPORT_FILES_MAX];
};

int export_files_create(struct export_files **out, struct err *err) {
    struct export_files *files = calloc(1, sizeof *files);
    if (files == NULL) {
        return err_set_nomem(err);
    }
    pthread_mutex_init(&files->mutex, NULL);
    *out = files;
    return 0;
}

void export_files_destroy(struct export_files *files) {
    if (files != NULL) {
        pthread_mutex_destroy(&files->mutex);
        free(files);
    }
}

/* --- places, with the mutex held --------------------------------------------------- */

static struct export_file **find_place(struct export_files *files,
                                       const struct export_file *file) {
    for (int i = 0; i < EXPORT_FILES_MAX; i++) {
        if (files->places[i] == file) {
            return &files->places[i];
        }
    }
    return NULL;
}

/* Of who has been slow for the longest time; NULL: nobody is. */
static struct export_file **find_slow(struct export_files *files, int64_t now_ms) {
    struct export_file **slow = NULL;
    for (int i = 0; i < EXPORT_FILES_MAX; i++) {
        struct export_file *file = files->places[i];
        if (file->descriptor >= 0 && file->due_ms < now_ms &&
            (slow == NULL || file->due_ms < (*slow)->due_ms)) {
            slow = &files->places[i];
        }
    }
    return slow;
}

/* `lost`: a descriptor of our own of the file that lost the place, which its owner may close
 * as soon as the mutex is not held; -1: none. */
static struct export_file **make_place(struct export_files *files, int64_t now_ms,
                                       int *lost) {
    struct export_file **place = find_place(files, NULL);
    if (place == NULL && (place = find_slow(files, now_ms)) != NULL) {
        (*place)->has_place = false;
        *lost = fcntl((*place)->descriptor, F_DUPFD_CLOEXEC, 0);
    }
    return place;
}

/* --- files ------------------------------------------------------------------------- */

/* Without the mutex, which all who send a file need for each piece: it takes the longer the more
 * there is to give back. One that cannot be emptied is there until its connection times out. */
static void empty(int lost) {
    if (lost >= 0) {
        (void)!ftruncate(lost, 0);
        close(lost);
    }
}

int export_files_enter(struct export_files *files, int64_t now_ms,
                       struct export_file **out, struct err *err) {
    struct export_file *file = malloc(sizeof *file);
    if (file == NULL) {
        return err_set_nomem(err);
    }
    *file = (struct export_file){.files = files, .has_place = true, .descriptor = -1};
    int lost = -1;
    pthread_mutex_lock(&files->mutex);
    struct export_file **place = make_place(files, now_ms, &lost);
    if (place != NULL) {
        *place = file;
    }
    pthread_mutex_unlock(&files->mutex);
    empty(lost);
    if (place == NULL) {
        free(file);
        return err_set(err, ERR_LIMIT, "%d files are being sent already",
                       EXPORT_FILES_MAX);
    }
    *out = file;
    return 0;
}

void export_file_send(struct export_file *file, int descriptor, int64_t now_ms) {
    pthread_mutex_lock(&file->files->mutex);
    file->descriptor = descriptor;
    file->next = EXPORT_FILES_PIECE;
    file->due_ms = now_ms + EXPORT_FILES_PATIENCE_MS;
    pthread_mutex_unlock(&file->files->mutex);
}

void export_file_taken(struct export_file *file, uint64_t position, int64_t now_ms) {
    pthread_mutex_lock(&file->files->mutex);
    if (position >= file->next) {
        file->next = position + EXPORT_FILES_PIECE;
        file->due_ms = now_ms + EXPORT_FILES_PATIENCE_MS;
    }
    pthread_mutex_unlock(&file->files->mutex);
}

void export_file_close(struct export_file *file) {
    struct export_files *files = file->files;
    pthread_mutex_lock(&files->mutex);
    if (file->has_place) {
        *find_place(files, file) = NULL;
    }
    pthread_mutex_unlock(&files->mutex);
    free(file);
}
