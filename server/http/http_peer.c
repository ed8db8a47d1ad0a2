/* SPDX-License-Identifier: MIT */
#include "server/http/http_peer.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "server/http/listener.h"

static const struct http_peer nobody = {.address = "unknown"};

struct http_peer *http_peer_create(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct http_peer *peer = malloc(sizeof *peer);
    if (peer != NULL) {
        *peer = nobody;
        listener_peer_text(info->client_addr, peer->address);
    }
    return peer;
}

void http_peer_destroy(struct http_peer *peer) { free(peer); }

const struct http_peer *http_peer_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context != NULL ? info->socket_context : &nobody;
}
