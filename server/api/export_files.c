/* SPDX-License-Identifier: MIT */
#include "server/api/export_files.h"

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

static struct export_file **make_place(struct export_files *files, int64_t now_ms) {
    struct export_file **place = find_place(files, NULL);
    if (place == NULL && (place = find_slow(files, now_ms)) != NULL) {
        (*place)->has_place = false;
        /* One that cannot be emptied is there until its connection times out. */
        (void)!ftruncate((*place)->descriptor, 0);
    }
    return place;
}

/* --- files ------------------------------------------------------------------------- */

int export_files_enter(struct export_files *files, int64_t now_ms,
                       struct export_file **out, struct err *err) {
    struct export_file *file = malloc(sizeof *file);
    if (file == NULL) {
        return err_set_nomem(err);
    }
    *file = (struct export_file){.files = files, .has_place = true, .descriptor = -1};
    pthread_mutex_lock(&files->mutex);
    struct export_file **place = make_place(files, now_ms);
    if (place != NULL) {
        *place = file;
    }
    pthread_mutex_unlock(&files->mutex);
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
