/* SPDX-License-Identifier: MIT */
#include "db/damage.h"

#include "engine/base/memory.h"

const char *damage_kind_name(const struct damage *damage) {
    return damage->group == DAMAGE_INSTANTS   ? "instants"
           : damage->group == DAMAGE_COUNTERS ? "counters"
                                              : "spans";
}

static int is_known(const struct damage_list *list, const struct damage *damage) {
    for (size_t i = 0; i < list->count; i++) {
        const struct damage *it = &list->items[i];
        if (it->run == damage->run && it->group == damage->group &&
            it->from_ns == damage->from_ns && it->to_ns == damage->to_ns) {
            return 1;
        }
    }
    return 0;
}

int damage_list_add(struct damage_list *list, const struct damage *damage,
                    struct err *err) {
    if (is_known(list, damage)) {
        return 0;
    }
    if (vec_reserve((void **)&list->items, &list->capacity, list->count,
                    sizeof *list->items) != 0) {
        return err_set_nomem(err);
    }
    list->items[list->count++] = *damage;
    return 0;
}

void damage_list_deinit(struct damage_list *list) {
    memory_free(list->items);
    *list = (struct damage_list){0};
}
