/* SPDX-License-Identifier: MIT */
#include "server/http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 511 };

/* Room for both families. */
union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int parse(const char *address, uint16_t port, union any_address *out,
                 socklen_t *size, struct err *err) {
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(address, NULL, &hints, &found) != 0) {
        return err_set(err, ERR_INVALID,
                       "'%.64s' is no IPv4 or IPv6 address; 127.0.0.1 is this machine "
                       "alone, 0.0.0.0 and :: are all of its networks",
                       address);
    }
    *out = (union any_address){0};
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    freeaddrinfo(found);
    if (out->any.sa_family == AF_INET6) {
        out->v6.sin6_port = htons(port);
    } else {
        out->v4.sin_port = htons(port);
    }
    return 0;
}

/* 127.0.0.0/8, which an IPv6 socket sees as ::ffff:127.0.0.0/104, and ::1. */
bool listener_peer_is_loopback(const struct sockaddr *address) {
    const union any_address *at = (const union any_address *)address;
    if (address->sa_family == AF_INET) {
        return ntohl(at->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return address->sa_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(&at->v6.sin6_addr) ||
            (IN6_IS_ADDR_V4MAPPED(&at->v6.sin6_addr) &&
             at->v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET));
}

void listener_peer_text(const struct sockaddr *address, char out[LISTENER_ADDRESS_SIZE]) {
    const union any_address *at = (const union any_address *)address;
    out[0] = '\0';
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &at->v4.sin_addr, out, LISTENER_ADDRESS_SIZE);
    } else if (IN6_IS_ADDR_V4MAPPED(&at->v6.sin6_addr)) {
        inet_ntop(AF_INET, at->v6.sin6_addr.s6_addr + 12, out, LISTENER_ADDRESS_SIZE);
    } else {
        inet_ntop(AF_INET6, &at->v6.sin6_addr, out, LISTENER_ADDRESS_SIZE);
    }
}

uint64_t listener_peer_key(const struct sockaddr *address) {
    const union any_address *at = (const union any_address *)address;
    uint32_t v4 = 0;
    uint64_t v6 = 0;
    if (address->sa_family == AF_INET) {
        return at->v4.sin_addr.s_addr;
    }
    const uint8_t *bytes = at->v6.sin6_addr.s6_addr;
    memcpy(&v4, bytes + 12, sizeof v4);
    memcpy(&v6, bytes, sizeof v6);
    return IN6_IS_ADDR_V4MAPPED(&at->v6.sin6_addr) ? v4 : v6;
}

int listener_is_loopback(const char *address, bool *out, struct err *err) {
    union any_address parsed = {0};
    socklen_t size = 0;
    const int code = parse(address, 0, &parsed, &size, err);
    if (code == 0) {
        *out = listener_peer_is_loopback(&parsed.any);
    }
    return code;
}

static bool is_everywhere(const union any_address *address) {
    return address->any.sa_family == AF_INET
               ? address->v4.sin_addr.s_addr == htonl(INADDR_ANY)
               : IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

/* Binds and listens; what it is bound to is in `address` then. */
static int bind_socket(int fd, union any_address *address, socklen_t size) {
    const int one = 1;
    const int off = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        (address->any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) ||
        bind(fd, &address->any, size) != 0 || listen(fd, BACKLOG) != 0) {
        return -1;
    }
    return getsockname(fd, &address->any, &size);
}

static int explain(const char *address, uint16_t port, struct err *err) {
    if (errno == EADDRINUSE) {
        return err_set(err, ERR_IO,
                       "port %u is in use; choose another one with --port (0: any free "
                       "one)",
                       port);
    }
    if (errno == EADDRNOTAVAIL) {
        return err_set(err, ERR_IO, "this machine does not have the address %s", address);
    }
    return err_set(err, ERR_IO, "cannot listen on %s, port %u: %s", address, port,
                   strerror(errno));
}

int listener_open(struct listener *out, const char *address, uint16_t port,
                  struct err *err) {
    union any_address at;
    socklen_t size = 0;
    int code = parse(address, port, &at, &size, err);
    if (code != 0) {
        return code;
    }
    const int fd =
        socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind_socket(fd, &at, size) != 0) {
        code = explain(address, port, err);
        if (fd >= 0) {
            close(fd);
        }
        return code;
    }
    const bool v6 = at.any.sa_family == AF_INET6;
    *out = (struct listener){
        .fd = fd,
        .port = ntohs(v6 ? at.v6.sin6_port : at.v4.sin_port),
        .everywhere = is_everywhere(&at),
    };
    snprintf(out->host, sizeof out->host, v6 ? "[%s]" : "%s", address);
    return 0;
}
