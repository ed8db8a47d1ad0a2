/* SPDX-License-Identifier: MIT */
/* http_peer - the other end of a connection, for as long as that is open. */
#ifndef SERVER_HTTP_HTTP_PEER_H
#define SERVER_HTTP_HTTP_PEER_H

#include "server/http/listener.h"

struct MHD_Connection;

struct http_peer {
    char address[LISTENER_ADDRESS_SIZE]; /* "127.0.0.1", "fd00::1" */
};

/* NULL when there is no memory. */
struct http_peer *http_peer_create(struct MHD_Connection *connection);
void http_peer_destroy(struct http_peer *peer);

/* That of a connection; one without an address when there was no memory. */
const struct http_peer *http_peer_of(struct MHD_Connection *connection);

#endif
