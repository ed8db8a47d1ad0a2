/* SPDX-License-Identifier: MIT */
#include "forged_http.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "engine/base/check.h"

enum { PAIRS_MAX = 128, STREAM_MAX = 65536 };

/* A header, or a parameter of the query: then the value may be NULL. */
struct pair {
    enum MHD_ValueKind kind;
    char *name, *value;
    bool is_line; /* both are in one piece of memory, the name's */
};

/* The real struct is the library's own; so is this one. */
struct MHD_Connection {
    char *method, *target, *path;
    struct pair pairs[PAIRS_MAX];
    size_t pair_count;
    const uint8_t *body;
    size_t body_size;
    void *peer; /* what the server keeps beside the connection */
    struct sockaddr_in address;
    struct MHD_Response *response;
    pthread_mutex_t mutex; /* guards suspended */
    pthread_cond_t resumed;
    bool suspended;
};

struct MHD_Response {
    struct forged_answer answer;
    int references;
    void *body; /* as it was given, to be freed as it was said */
    MHD_ContentReaderFreeCallback free_body;
    MHD_ContentReaderCallback read; /* of a stream */
    void *stream;
    MHD_ContentReaderFreeCallback free_stream;
};

/* What the server gave to MHD_start_daemon(). There is one at a time. */
struct MHD_Daemon {
    MHD_AcceptPolicyCallback policy;
    MHD_AccessHandlerCallback handler;
    void *policy_context, *handler_context;
    void *(*on_target)(void *context, const char *target,
                       struct MHD_Connection *connection);
    MHD_RequestCompletedCallback on_completed;
    MHD_NotifyConnectionCallback on_connection;
    void *target_context, *completed_context, *connection_context;
};

static struct MHD_Daemon *daemon_now;

static void *allocate(size_t size) {
    void *memory = calloc(1, size > 0 ? size : 1);
    ASSERT(memory != NULL);
    return memory;
}

/* A copy up to the first NUL, of exactly that size. */
static char *copy_text(const char *text, size_t size) {
    const char *end = memchr(text, '\0', size);
    const size_t length = end != NULL ? (size_t)(end - text) : size;
    char *copy = allocate(length + 1);
    memcpy(copy, text, length);
    return copy;
}

/* --- the daemon ------------------------------------------------------------------ */

static void take_callback(struct MHD_Daemon *daemon, enum MHD_OPTION option,
                          va_list *args) {
    switch (option) {
    case MHD_OPTION_URI_LOG_CALLBACK:
        daemon->on_target =
            va_arg(*args, void *(*)(void *, const char *, struct MHD_Connection *));
        daemon->target_context = va_arg(*args, void *);
        break;
    case MHD_OPTION_NOTIFY_COMPLETED:
        daemon->on_completed = va_arg(*args, MHD_RequestCompletedCallback);
        daemon->completed_context = va_arg(*args, void *);
        break;
    default:
        ASSERT(option == MHD_OPTION_NOTIFY_CONNECTION);
        daemon->on_connection = va_arg(*args, MHD_NotifyConnectionCallback);
        daemon->connection_context = va_arg(*args, void *);
    }
}

/* Options that are about sockets and time mean nothing here; others must be known. */
static void take_option(struct MHD_Daemon *daemon, enum MHD_OPTION option,
                        va_list *args) {
    switch (option) {
    case MHD_OPTION_EXTERNAL_LOGGER:
        (void)va_arg(*args, MHD_LogCallback);
        (void)va_arg(*args, void *);
        break;
    case MHD_OPTION_CONNECTION_MEMORY_LIMIT:
        (void)va_arg(*args, size_t);
        break;
    case MHD_OPTION_LISTEN_SOCKET:
    case MHD_OPTION_THREAD_POOL_SIZE:
    case MHD_OPTION_CONNECTION_LIMIT:
    case MHD_OPTION_CONNECTION_TIMEOUT:
        (void)va_arg(*args, unsigned);
        break;
    default:
        take_callback(daemon, option, args);
    }
}

struct MHD_Daemon *MHD_start_daemon(unsigned int flags, uint16_t port,
                                    MHD_AcceptPolicyCallback policy, void *policy_context,
                                    MHD_AccessHandlerCallback handler,
                                    void *handler_context, ...) {
    (void)flags;
    (void)port;
    ASSERT(daemon_now == NULL);
    daemon_now = allocate(sizeof *daemon_now);
    daemon_now->policy = policy;
    daemon_now->policy_context = policy_context;
    daemon_now->handler = handler;
    daemon_now->handler_context = handler_context;
    va_list args;
    va_start(args, handler_context);
    for (enum MHD_OPTION option;
         (option = va_arg(args, enum MHD_OPTION)) != MHD_OPTION_END;) {
        take_option(daemon_now, option, &args);
    }
    va_end(args);
    return daemon_now;
}

void MHD_stop_daemon(struct MHD_Daemon *daemon) {
    ASSERT(daemon == daemon_now);
    daemon_now = NULL;
    free(daemon);
}

/* --- the text of a request ------------------------------------------------------- */

static int hex_digit(char c) {
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* What is no %XX stays. A new text, cut at a NUL. */
static char *decode(const char *text, size_t size, bool plus_is_space) {
    char *plain = allocate(size);
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        const int high = text[i] == '%' && i + 2 < size ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0) {
            plain[length++] = (char)(high * 16 + low);
            i += 2;
        } else {
            plain[length++] = plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    char *result = copy_text(plain, length);
    free(plain);
    return result;
}

static void free_pair(const struct pair *pair) {
    free(pair->name);
    if (!pair->is_line) {
        free(pair->value);
    }
}

static void add_pair(struct MHD_Connection *connection, const struct pair *pair) {
    if (connection->pair_count < PAIRS_MAX) {
        connection->pairs[connection->pair_count++] = *pair;
    } else {
        free_pair(pair);
    }
}

/* "a=1&b&c=" has the values "1", NULL and "". */
static void read_query(struct MHD_Connection *connection, const char *query) {
    while (*query != '\0') {
        const size_t size = strcspn(query, "&");
        const char *equals = memchr(query, '=', size);
        const size_t name = equals != NULL ? (size_t)(equals - query) : size;
        const struct pair pair = {
            .kind = MHD_GET_ARGUMENT_KIND,
            .name = decode(query, name, true),
            .value = equals != NULL ? decode(equals + 1, size - name - 1, true) : NULL};
        add_pair(connection, &pair);
        query += size + (query[size] == '&' ? 1 : 0);
    }
}

/* The value lies behind the name, as in the library's memory. */
static void read_header(struct MHD_Connection *connection, const char *line,
                        size_t size) {
    const char *colon = memchr(line, ':', size);
    if (colon == NULL) {
        return;
    }
    const char *value = colon + 1;
    while (value < line + size && (*value == ' ' || *value == '\t')) {
        value++;
    }
    struct pair pair = {
        .kind = MHD_HEADER_KIND, .name = allocate(size + 1), .is_line = true};
    memcpy(pair.name, line, size);
    pair.name[colon - line] = '\0';
    pair.value = pair.name + (value - line);
    add_pair(connection, &pair);
}

/* The line that begins at *at, without its end; moves on. */
static const char *next_line(const char **at, const char *end, size_t *size) {
    const char *line = *at;
    const char *feed = memchr(line, '\n', (size_t)(end - line));
    const char *stop = feed != NULL ? feed : end;
    *at = feed != NULL ? feed + 1 : end;
    *size = (size_t)(stop - line);
    *size -= *size > 0 && line[*size - 1] == '\r' ? 1 : 0;
    return line;
}

/* "GET /path?query HTTP/1.1" */
static void read_request_line(struct MHD_Connection *connection, const char *line,
                              size_t size) {
    const char *space = memchr(line, ' ', size);
    const size_t method = space != NULL ? (size_t)(space - line) : size;
    const char *target = space != NULL ? space + 1 : line + size;
    const char *end = memchr(target, ' ', (size_t)(line + size - target));
    const size_t length = (size_t)((end != NULL ? end : line + size) - target);
    connection->method = copy_text(line, method);
    connection->target = copy_text(target, length);
    const size_t path = strcspn(connection->target, "?");
    connection->path = decode(connection->target, path, false);
    if (connection->target[path] == '?') {
        read_query(connection, connection->target + path + 1);
    }
}

static void read_text(struct MHD_Connection *connection, const uint8_t *text,
                      size_t size) {
    const char *at = (const char *)text;
    const char *end = at + size;
    size_t length;
    const char *line = next_line(&at, end, &length);
    read_request_line(connection, line, length);
    while (at < end) {
        line = next_line(&at, end, &length);
        if (length == 0) {
            break;
        }
        read_header(connection, line, length);
    }
    connection->body = (const uint8_t *)at;
    connection->body_size = (size_t)(end - at);
}

/* --- what the server asks about a request ----------------------------------------- */

enum MHD_Result MHD_lookup_connection_value_n(struct MHD_Connection *connection,
                                              enum MHD_ValueKind kind, const char *key,
                                              size_t key_size, const char **value_ptr,
                                              size_t *value_size_ptr) {
    for (size_t i = 0; i < connection->pair_count; i++) {
        const struct pair *pair = &connection->pairs[i];
        if (pair->kind == kind && strlen(pair->name) == key_size &&
            strncasecmp(pair->name, key, key_size) == 0) {
            *value_ptr = pair->value;
            if (value_size_ptr != NULL) {
                *value_size_ptr = pair->value != NULL ? strlen(pair->value) : 0;
            }
            return MHD_YES;
        }
    }
    return MHD_NO;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection,
                                        enum MHD_ValueKind kind, const char *key) {
    const char *value = NULL;
    (void)MHD_lookup_connection_value_n(connection, kind, key, strlen(key), &value, NULL);
    return value;
}

/* Without an iterator they are only counted. */
int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                              MHD_KeyValueIterator iterator, void *iterator_cls) {
    int count = 0;
    for (size_t i = 0; i < connection->pair_count; i++) {
        const struct pair *pair = &connection->pairs[i];
        if (pair->kind == kind) {
            count++;
            if (iterator != NULL &&
                iterator(iterator_cls, kind, pair->name, pair->value) == MHD_NO) {
                break;
            }
        }
    }
    return count;
}

int MHD_get_connection_values_n(struct MHD_Connection *connection,
                                enum MHD_ValueKind kind, MHD_KeyValueIteratorN iterator,
                                void *iterator_cls) {
    int count = 0;
    for (size_t i = 0; i < connection->pair_count; i++) {
        const struct pair *pair = &connection->pairs[i];
        if (pair->kind == kind) {
            count++;
            if (iterator != NULL &&
                iterator(iterator_cls, kind, pair->name, strlen(pair->name), pair->value,
                         pair->value != NULL ? strlen(pair->value) : 0) == MHD_NO) {
                break;
            }
        }
    }
    return count;
}

const union MHD_ConnectionInfo *
MHD_get_connection_info(struct MHD_Connection *connection,
                        enum MHD_ConnectionInfoType info_type, ...) {
    static union MHD_ConnectionInfo info;
    switch (info_type) {
    case MHD_CONNECTION_INFO_CLIENT_ADDRESS:
        info.client_addr = (struct sockaddr *)&connection->address;
        break;
    case MHD_CONNECTION_INFO_SOCKET_CONTEXT:
        info.socket_context = connection->peer;
        break;
    default:
        ASSERT(info_type == MHD_CONNECTION_INFO_CONNECTION_FD);
        info.connect_fd = -1;
    }
    return &info;
}

void MHD_suspend_connection(struct MHD_Connection *connection) {
    pthread_mutex_lock(&connection->mutex);
    ASSERT(!connection->suspended);
    connection->suspended = true;
    pthread_mutex_unlock(&connection->mutex);
}

void MHD_resume_connection(struct MHD_Connection *connection) {
    pthread_mutex_lock(&connection->mutex);
    ASSERT(connection->suspended);
    connection->suspended = false;
    pthread_cond_signal(&connection->resumed);
    pthread_mutex_unlock(&connection->mutex);
}

/* --- answers --------------------------------------------------------------------- */

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode) {
    ASSERT(mode == MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_buffer_with_free_callback(size, buffer, NULL);
}

struct MHD_Response *
MHD_create_response_from_buffer_with_free_callback(size_t size, void *buffer,
                                                   MHD_ContentReaderFreeCallback crfc) {
    struct MHD_Response *response = allocate(sizeof *response);
    response->references = 1;
    response->body = buffer;
    response->free_body = crfc;
    response->answer.body = allocate(size + 1);
    response->answer.body_size = size;
    memcpy(response->answer.body, buffer, size);
    return response;
}

struct MHD_Response *
MHD_create_response_from_callback(uint64_t size, size_t block_size,
                                  MHD_ContentReaderCallback crc, void *crc_cls,
                                  MHD_ContentReaderFreeCallback crfc) {
    (void)block_size;
    (void)size; /* of a file: reading it ends by itself */
    struct MHD_Response *response = allocate(sizeof *response);
    response->references = 1;
    response->read = crc;
    response->stream = crc_cls;
    response->free_stream = crfc;
    response->answer.body = allocate(STREAM_MAX + 1);
    return response;
}

enum MHD_Result MHD_set_response_options(struct MHD_Response *response,
                                         enum MHD_ResponseFlags flags, ...) {
    ASSERT(response->read != NULL && flags == MHD_RF_HTTP_1_0_COMPATIBLE_STRICT);
    return MHD_YES;
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *header,
                                        const char *content) {
    struct forged_answer *answer = &response->answer;
    ASSERT(strpbrk(header, " \t\r\n:") == NULL && strpbrk(content, "\r\n") == NULL);
    ASSERT(answer->header_count < FORGED_HEADERS_MAX);
    answer->headers[answer->header_count].name = copy_text(header, strlen(header));
    answer->headers[answer->header_count].value = copy_text(content, strlen(content));
    answer->header_count++;
    return MHD_YES;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection,
                                   unsigned int status_code,
                                   struct MHD_Response *response) {
    ASSERT(connection->response == NULL && !connection->suspended);
    response->references++;
    response->answer.status = status_code;
    connection->response = response;
    return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *response) {
    if (--response->references > 0) {
        return;
    }
    if (response->free_body != NULL) {
        response->free_body(response->body);
    }
    if (response->free_stream != NULL) {
        response->free_stream(response->stream);
    }
    forged_answer_deinit(&response->answer);
    free(response);
}

void forged_answer_deinit(struct forged_answer *answer) {
    for (size_t i = 0; i < answer->header_count; i++) {
        free(answer->headers[i].name);
        free(answer->headers[i].value);
    }
    free(answer->body);
    *answer = (struct forged_answer){0};
}

const char *forged_answer_header(const struct forged_answer *answer, const char *name) {
    for (size_t i = 0; i < answer->header_count; i++) {
        if (strcasecmp(answer->headers[i].name, name) == 0) {
            return answer->headers[i].value;
        }
    }
    return NULL;
}

/* --- the life of a connection ----------------------------------------------------- */

/* The server gets the body in two pieces, each of exactly its size. */
static bool send_body(struct MHD_Connection *connection, void **state) {
    const size_t half = (connection->body_size + 1) / 2;
    for (size_t at = 0; at < connection->body_size; at += half) {
        size_t size =
            connection->body_size - at < half ? connection->body_size - at : half;
        char *piece = allocate(size);
        memcpy(piece, connection->body + at, size);
        const enum MHD_Result result =
            daemon_now->handler(daemon_now->handler_context, connection, connection->path,
                                connection->method, "HTTP/1.1", piece, &size, state);
        free(piece);
        if (result == MHD_NO) {
            return false;
        }
        ASSERT(size == 0 && connection->response == NULL);
    }
    return true;
}

static void wait_until_resumed(struct MHD_Connection *connection) {
    pthread_mutex_lock(&connection->mutex);
    while (connection->suspended) {
        pthread_cond_wait(&connection->resumed, &connection->mutex);
    }
    pthread_mutex_unlock(&connection->mutex);
}

static bool call_handler(struct MHD_Connection *connection, void **state) {
    size_t none = 0;
    return daemon_now->handler(daemon_now->handler_context, connection, connection->path,
                               connection->method, "HTTP/1.1", NULL, &none,
                               state) == MHD_YES;
}

/* The head, the body, the end; and once more if that suspended it. False: closed. */
static bool run_request(struct MHD_Connection *connection, void **state) {
    enum { CALLS_MAX = 2 }; /* after the body */
    if (!call_handler(connection, state)) {
        return false;
    }
    if (connection->response == NULL && !send_body(connection, state)) {
        return false;
    }
    for (int i = 0; connection->response == NULL; i++) {
        ASSERT(i < CALLS_MAX);
        if (!call_handler(connection, state)) {
            return false;
        }
        wait_until_resumed(connection);
    }
    return true;
}

/* Until there is nothing to say for the time being. */
static void read_stream(struct MHD_Response *response) {
    struct forged_answer *answer = &response->answer;
    ssize_t got = 1;
    while (got > 0 && answer->body_size < STREAM_MAX) {
        got = response->read(response->stream, answer->body_size,
                             answer->body + answer->body_size,
                             STREAM_MAX - answer->body_size);
        answer->body_size += got > 0 ? (size_t)got : 0;
    }
    answer->body[answer->body_size] = '\0';
}

static void take_answer(struct MHD_Connection *connection, struct forged_answer *out) {
    struct MHD_Response *response = connection->response;
    if (response->read != NULL && strcmp(connection->method, "HEAD") != 0) {
        read_stream(response);
    }
    *out = response->answer;
    response->answer = (struct forged_answer){0};
    if (out->status == MHD_HTTP_NOT_MODIFIED) {
        out->body_size = 0; /* it is there for its length, and not sent */
    }
}

static void free_connection(struct MHD_Connection *connection) {
    for (size_t i = 0; i < connection->pair_count; i++) {
        free_pair(&connection->pairs[i]);
    }
    free(connection->method);
    free(connection->target);
    free(connection->path);
    pthread_cond_destroy(&connection->resumed);
    pthread_mutex_destroy(&connection->mutex);
    free(connection);
}

void forged_http_ask(const uint8_t *text, size_t size, struct forged_answer *out) {
    struct MHD_Connection *connection = allocate(sizeof *connection);
    *out = (struct forged_answer){0};
    pthread_mutex_init(&connection->mutex, NULL);
    pthread_cond_init(&connection->resumed, NULL);
    connection->address.sin_family = AF_INET;
    connection->address.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
    read_text(connection, text, size);
    ASSERT(daemon_now->policy(daemon_now->policy_context,
                              (struct sockaddr *)&connection->address,
                              sizeof connection->address) == MHD_YES);
    daemon_now->on_connection(daemon_now->connection_context, connection,
                              &connection->peer, MHD_CONNECTION_NOTIFY_STARTED);
    void *state =
        daemon_now->on_target(daemon_now->target_context, connection->target, connection);
    const bool answered = run_request(connection, &state);
    if (answered) {
        take_answer(connection, out);
    }
    daemon_now->on_completed(daemon_now->completed_context, connection, &state,
                             answered ? MHD_REQUEST_TERMINATED_COMPLETED_OK
                                      : MHD_REQUEST_TERMINATED_WITH_ERROR);
    if (connection->response != NULL) {
        MHD_destroy_response(connection->response);
    }
    daemon_now->on_connection(daemon_now->connection_context, connection,
                              &connection->peer, MHD_CONNECTION_NOTIFY_CLOSED);
    free_connection(connection);
}
