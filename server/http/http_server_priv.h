/* SPDX-License-Identifier: MIT */
/* http_server_priv - what an exchange needs of the server that it belongs to. */
#ifndef SERVER_HTTP_HTTP_SERVER_PRIV_H
#define SERVER_HTTP_HTTP_SERVER_PRIV_H

#include "server/http/http_executor.h"
#include "server/http/http_server.h"
#include "server/http/listener.h"
#include "server/http/request_id.h"

#include <stdatomic.h>

struct MHD_Daemon;

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_executor *executor;
    struct http_server_options options;
    struct listener listener;
    struct request_ids ids;
    atomic_bool refusing; /* new connections */
};

#endif
