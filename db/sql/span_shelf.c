/* SPDX-License-Identifier: MIT */
#include "db/sql/span_shelf.h"

#include <string.h>

#include "engine/base/memory.h"

struct shelf_book {
    size_t bytes;
    bool wide; /* durations of eight bytes instead of four */
    uint16_t
        first[STATE_COUNT + 1]; /* rows of a state: first[state] .. first[state + 1] */
    uint32_t count;
    int64_t durations[]; /* then the rows' numbers; see below */
};

/* The durations come first, because of their alignment. */
static uint32_t *short_durations(struct shelf_book *book) {
    return (uint32_t *)book->durations;
}

static uint16_t *rows_of(struct shelf_book *book) {
    return book->wide ? (uint16_t *)(book->durations + book->count)
                      : (uint16_t *)(short_durations(book) + book->count);
}

void span_shelf_deinit(struct span_shelf *shelf) {
    for (size_t i = 0; i < shelf->count; i++) {
        *shelf->held -= shelf->books[i] != NULL ? shelf->books[i]->bytes : 0;
        memory_free(shelf->books[i]);
    }
    memory_free(shelf->books);
    *shelf = (struct span_shelf){.held = shelf->held};
}

int span_shelf_reset(struct span_shelf *shelf, size_t count, struct err *err) {
    span_shelf_deinit(shelf);
    shelf->books = memory_zeroed(count, sizeof(struct shelf_book *));
    if (shelf->books == NULL) {
        return err_set_nomem(err);
    }
    shelf->count = count;
    return 0;
}

static bool is_wide(const struct span_block *block, const uint16_t *rows,
                    uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (block->end_ns[rows[i]] - block->start_ns[rows[i]] > UINT32_MAX) {
            return true;
        }
    }
    return false;
}

/* Where the rows of each state begin, from how many there are. */
static void count_states(struct shelf_book *book, const struct span_block *block,
                         const uint16_t *rows) {
    for (uint32_t i = 0; i < book->count; i++) {
        book->first[block->state[rows[i]] + 1]++;
    }
    for (int state = 0; state < STATE_COUNT; state++) {
        book->first[state + 1] = (uint16_t)(book->first[state + 1] + book->first[state]);
    }
}

void span_shelf_put(struct span_shelf *shelf, size_t number,
                    const struct span_block *block, const uint16_t *rows,
                    uint32_t count) {
    const bool wide = is_wide(block, rows, count);
    const size_t bytes =
        sizeof(struct shelf_book) +
        count * ((wide ? sizeof(int64_t) : sizeof(uint32_t)) + sizeof(uint16_t));
    if (number >= shelf->count || *shelf->held + bytes > SPAN_SHELF_BYTES_MAX) {
        return;
    }
    struct shelf_book *book = memory_zeroed(1, bytes);
    if (book == NULL) {
        return; /* as if there were no room */
    }
    book->bytes = bytes;
    book->wide = wide;
    book->count = count;
    count_states(book, block, rows);
    uint16_t next[STATE_COUNT];
    memcpy(next, book->first, sizeof next);
    for (uint32_t i = 0; i < count; i++) {
        const uint16_t row = rows[i];
        const uint16_t at = next[block->state[row]]++;
        const sim_ns duration = block->end_ns[row] - block->start_ns[row];
        rows_of(book)[at] = row;
        if (wide) {
            book->durations[at] = duration;
        } else {
            short_durations(book)[at] = (uint32_t)duration;
        }
    }
    *shelf->held += bytes;
    shelf->books[number] = book;
}

uint32_t span_shelf_get(const struct span_shelf *shelf, size_t number, int state,
                        struct span_block *block, uint16_t *rows) {
    struct shelf_book *book = shelf->books[number];
    const uint16_t first = book->first[state];
    const uint32_t count = (uint32_t)(book->first[state + 1] - first);
    memcpy(rows, rows_of(book) + first, count * sizeof *rows);
    for (uint32_t i = 0; i < count; i++) {
        block->state[rows[i]] = (uint8_t)state;
        block->start_ns[rows[i]] = 0;
        block->end_ns[rows[i]] =
            book->wide ? book->durations[first + i] : short_durations(book)[first + i];
    }
    return count;
}
