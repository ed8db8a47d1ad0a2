/* SPDX-License-Identifier: MIT */
#include "engine/record/lane_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"

static_assert(sizeof(struct lane_present) == 24 && sizeof(struct lane_origin) == 24,
              "all that a lane takes, with its cells");

/* --- states of a kind ---------------------------------------------------------- */

const uint8_t lane_columns[STATE_COUNT] = {
    [STATE_RUNNING] = 0,     [STATE_SWITCH] = 1,       [STATE_IDLE] = 2,
    [STATE_THROTTLED] = 3,   [STATE_ALIVE] = 0,        [STATE_PAUSED] = 3,
    [STATE_HELD] = 0,        [STATE_FREE] = 1,         [STATE_POLL] = 0,
    [STATE_CALLBACK] = 1,    [STATE_READY] = 1,        [STATE_AWAIT_IO] = 2,
    [STATE_AWAIT_TIMER] = 3, [STATE_AWAIT_FUTURE] = 4, [STATE_AWAIT_LOCK] = 5,
    [STATE_RUNNING_C] = 4,   [STATE_DETACHED] = 5,     [STATE_WAIT_GIL] = 6,
    [STATE_FORCED_WAIT] = 7, [STATE_IO] = 8,           [STATE_SLEEP] = 9,
    [STATE_WAIT_LOCK] = 10,  [STATE_WAIT_OBJECT] = 11, [STATE_SPIN] = 12,
};

#define BIT(state) (UINT32_C(1) << STATE_##state)

/* The states of a kind, and one more than the last of their columns. */
static const struct row {
    uint32_t states;
    uint32_t cells;
} rows[LANE_KIND_COUNT] = {
    [LANE_CORE] = {BIT(RUNNING) | BIT(SWITCH) | BIT(IDLE) | BIT(THROTTLED), 4},
    [LANE_PROCESS] = {BIT(ALIVE) | BIT(PAUSED), 4},
    [LANE_GIL] = {BIT(HELD) | BIT(FREE), 2},
    [LANE_THREAD] = {BIT(RUNNING) | BIT(RUNNING_C) | BIT(DETACHED) | BIT(WAIT_GIL) |
                         BIT(FORCED_WAIT) | BIT(READY) | BIT(IO) | BIT(SLEEP) |
                         BIT(WAIT_LOCK) | BIT(WAIT_OBJECT) | BIT(SPIN) | BIT(PAUSED) |
                         BIT(IDLE),
                     13},
    [LANE_LOOP] = {BIT(POLL) | BIT(CALLBACK), 2},
    [LANE_TASK] = {BIT(RUNNING) | BIT(READY) | BIT(AWAIT_IO) | BIT(AWAIT_TIMER) |
                       BIT(AWAIT_FUTURE) | BIT(AWAIT_LOCK),
                   6},
    [LANE_LOCK] = {BIT(HELD) | BIT(FREE), 2},
};
static_assert(STATE_COUNT <= 32, "a bit each");

bool lane_kind_has_state(enum lane_kind kind, enum lane_state state) {
    return rows[kind].states >> state & 1;
}

/* --- names --------------------------------------------------------------------- */

enum { NUMBER_DIGITS = 9 }; /* of an int32_t */

/* The number at the end of a name, behind a space and as printf() would write it, and the
 * length of what is before the space; -1: it has none and all of it is the name. */
static int32_t split_name(const char *name, size_t *length) {
    const size_t whole = strlen(name);
    size_t digits = 0;
    int32_t number = 0, unit = 1;
    while (digits < whole && digits < NUMBER_DIGITS && name[whole - 1 - digits] >= '0' &&
           name[whole - 1 - digits] <= '9') {
        number += unit * (name[whole - 1 - digits] - '0');
        unit *= 10;
        digits++;
    }
    const bool is_number = digits > 0 && digits < whole &&
                           name[whole - 1 - digits] == ' ' &&
                           (digits == 1 || name[whole - digits] != '0');
    *length = is_number ? whole - 1 - digits : whole;
    return is_number ? number : -1;
}

/* --- adding -------------------------------------------------------------------- */

void lane_table_deinit(struct lane_table *table) {
    memory_free(table->present);
    memory_free(table->origin);
    memory_free(table->kinds);
    memory_free(table->cells);
    name_pool_deinit(&table->names);
    *table = (struct lane_table){0};
}

static int reserve_row(struct lane_table *table, uint32_t cells) {
    if (table->cell_count > UINT32_MAX - cells) {
        return ERR_NOMEM;
    }
    int rc = 0;
    while (rc == 0 && table->cell_capacity - table->cell_count < cells) {
        rc = vec_reserve((void **)&table->cells, &table->cell_capacity,
                         table->cell_capacity, sizeof *table->cells);
    }
    return rc;
}

int lane_table_add(struct lane_table *table, const struct lane *lane) {
    const uint32_t cells = rows[lane->kind].cells;
    size_t length;
    struct lane_origin origin = {
        .born_ns = lane->born_ns,
        .parent = lane->parent,
        .number = split_name(lane->name, &length),
    };
    if (vec_reserve((void **)&table->present, &table->present_capacity, table->count,
                    sizeof *table->present) != 0 ||
        vec_reserve((void **)&table->origin, &table->origin_capacity, table->count,
                    sizeof *table->origin) != 0 ||
        vec_reserve((void **)&table->kinds, &table->kind_capacity, table->count,
                    sizeof *table->kinds) != 0 ||
        reserve_row(table, cells) != 0 ||
        name_pool_add(&table->names, lane->name, length, &origin.name) != 0) {
        return ERR_NOMEM;
    }
    memset(table->cells + table->cell_count, 0, cells * sizeof *table->cells);
    table->present[table->count] = (struct lane_present){
        .since_ns = lane->born_ns,
        .row = (uint32_t)table->cell_count,
    };
    table->kinds[table->count] = (uint8_t)lane->kind;
    table->origin[table->count++] = origin;
    table->cell_count += cells;
    return 0;
}

void lane_table_end(struct lane_table *table, lane_id id, sim_ns now) {
    table->present[id].since_ns = LANE_ENDED_NS + now;
    if (table->dead_count++ == 0) {
        table->first_dead = id;
    } else {
        table->origin[table->last_dead].next_dead = id;
    }
    table->last_dead = id;
}

/* --- reading ------------------------------------------------------------------- */

struct lane lane_table_lane(const struct lane_table *table, lane_id id) {
    const struct lane_origin *origin = &table->origin[id];
    struct lane lane = {
        .id = id,
        .parent = origin->parent,
        .kind = lane_table_kind(table, id),
        .born_ns = origin->born_ns,
    };
    const char *name = name_pool_text(&table->names, origin->name);
    if (origin->number >= 0) {
        snprintf(lane.name, sizeof lane.name, "%s %d", name, (int)origin->number);
    } else {
        snprintf(lane.name, sizeof lane.name, "%s", name);
    }
    return lane;
}

void lane_table_times(const struct lane_table *table, lane_id id,
                      sim_ns state_ns[STATE_COUNT]) {
    const sim_ns *row = table->cells + table->present[id].row;
    const uint32_t states = rows[table->kinds[id]].states;
    for (int state = 0; state < STATE_COUNT; state++) {
        state_ns[state] = (states >> state & 1) ? row[lane_columns[state]] : 0;
    }
}

void lane_table_times_until(const struct lane_table *table, lane_id id, sim_ns now,
                            sim_ns state_ns[STATE_COUNT]) {
    const struct lane_present *present = &table->present[id];
    lane_table_times(table, id, state_ns);
    if (lane_table_is_alive(table, id)) {
        state_ns[lane_state_of(present->doing)] += now - present->since_ns;
    }
}

struct lane_total lane_table_total(const struct lane_table *table, lane_id id) {
    struct lane_total total = {
        .lane = lane_table_lane(table, id),
        .died_ns = lane_table_died(table, id),
    };
    lane_table_times(table, id, total.state_ns);
    return total;
}
