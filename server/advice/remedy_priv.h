/* SPDX-License-Identifier: MIT */
/* remedy_priv - how remedies are written down; shared by the families of remedies. */
#ifndef SERVER_ADVICE_REMEDY_PRIV_H
#define SERVER_ADVICE_REMEDY_PRIV_H

#include "server/advice/patch.h"
#include "server/advice/remedy.h"

enum { REMEDY_POINTER_MAX = 1024 };

/* Adds a remedy. `take_patch` is consumed; `rc` is -1 when making it failed, and then all
 * has failed. What would be one too many, or is there already, is left out. */
void remedy_offer(struct remedy_list *list, const char *name, json_t *take_patch, int rc);

/* One operation that replaces what is at the pointer. */
void remedy_replace(struct remedy_list *list, const char *name, const char *pointer,
                    json_t *take_value);

/* The only strategy becomes this one; nothing for a workload of actors. */
void remedy_strategy(const struct remedy_case *it, struct remedy_list *list,
                     const char *name, json_t *take_strategy);

/* The pointer of a site with something appended; false for SITE_NONE, or when it is too
 * long. */
bool remedy_site(const struct remedy_case *it, site_id site, const char *suffix,
                 char out[REMEDY_POINTER_MAX]);

/* --- remedy_model.c: other models of concurrency, other sizes --------------------- */

void remedy_relieve_gil(const struct remedy_case *it, struct remedy_list *list);
void remedy_shorter_interval(const struct remedy_case *it, struct remedy_list *list);
void remedy_use_cores(const struct remedy_case *it, struct remedy_list *list);
void remedy_more_workers(const struct remedy_case *it, struct remedy_list *list);
void remedy_fewer_workers(const struct remedy_case *it, struct remedy_list *list);
void remedy_cheaper_start(const struct remedy_case *it, struct remedy_list *list);
void remedy_cheaper_handover(const struct remedy_case *it, struct remedy_list *list);
void remedy_less_load(const struct remedy_case *it, struct remedy_list *list);

/* --- remedy_step.c: other steps and objects --------------------------------------- */

void remedy_release_gil(const struct remedy_case *it, struct remedy_list *list);
void remedy_free_loop(const struct remedy_case *it, struct remedy_list *list);
void remedy_finer_timer(const struct remedy_case *it, struct remedy_list *list);
void remedy_fewer_natives(const struct remedy_case *it, struct remedy_list *list);
void remedy_own_object(const struct remedy_case *it, struct remedy_list *list);
void remedy_shorter_lock(const struct remedy_case *it, struct remedy_list *list);
void remedy_lock_counter(const struct remedy_case *it, struct remedy_list *list);
void remedy_lock_order(const struct remedy_case *it, struct remedy_list *list);

#endif
