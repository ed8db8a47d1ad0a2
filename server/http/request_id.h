/* SPDX-License-Identifier: MIT */
/*
 * request_id - the name of a request in X-Request-Id and in the log: the client's if it is
 * harmless, else one of our own, "5f3a9c01-42": a random number of the process and a
 * counter.
 */
#ifndef SERVER_HTTP_REQUEST_ID_H
#define SERVER_HTTP_REQUEST_ID_H

#include <stdatomic.h>
#include <stdint.h>

enum { REQUEST_ID_SIZE = 65 }; /* with the NUL */

struct request_ids {
    uint32_t process;
    atomic_uint_fast64_t next;
};

void request_ids_init(struct request_ids *ids);

/* `wanted`: value of X-Request-Id, or NULL. From any thread. */
void request_id_choose(struct request_ids *ids, const char *wanted,
                       char out[REQUEST_ID_SIZE]);

#endif
