/* SPDX-License-Identifier: MIT */
/*
 * listener - the address that the server listens on: IPv4 or IPv6, as a number; names are
 * not looked up.
 */
#ifndef SERVER_HTTP_LISTENER_H
#define SERVER_HTTP_LISTENER_H

#include "engine/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

enum { LISTENER_HOST_SIZE = 80, LISTENER_ADDRESS_SIZE = 46 };

struct listener {
    int fd;
    uint16_t port;
    bool everywhere;               /* 0.0.0.0 or ::, which no client can name */
    char host[LISTENER_HOST_SIZE]; /* as in a URL: "127.0.0.1", "[::1]" */
};

/* Whether the address is one of this machine alone. ERR_INVALID: it is no address. */
int listener_is_loopback(const char *address, bool *out, struct err *err) WARN_UNUSED;

/* The same for an address that a connection comes from. */
bool listener_peer_is_loopback(const struct sockaddr *address);

/* It in text, IPv4 in its own form also where it comes through IPv6. */
void listener_peer_text(const struct sockaddr *address, char out[LISTENER_ADDRESS_SIZE]);

/* A number for the network that it is of, for limits: an IPv4 address, or the 64 bits of an
 * IPv6 network, in which a single machine has as many addresses as it wants. */
uint64_t listener_peer_key(const struct sockaddr *address);

/* Port 0: any free one. "::" takes IPv4, too. ERR_INVALID; ERR_IO: it cannot be had (the
 * text says why). The caller closes `fd`. */
int listener_open(struct listener *out, const char *address, uint16_t port,
                  struct err *err) WARN_UNUSED;

#endif
