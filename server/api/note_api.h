/* SPDX-License-Identifier: MIT */
/* note_api - handlers: notes and bookmarks of a run. Context: struct api. */
#ifndef SERVER_API_NOTE_API_H
#define SERVER_API_NOTE_API_H

#include "server/http/router.h"

int note_api_list_all(void *context, const struct http_request *request,
                      struct http_response *response, struct err *err);
int note_api_list(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err);
int note_api_add(void *context, const struct http_request *request,
                 struct http_response *response, struct err *err);
int note_api_read(void *context, const struct http_request *request,
                  struct http_response *response, struct err *err);
int note_api_change(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err);
int note_api_remove(void *context, const struct http_request *request,
                    struct http_response *response, struct err *err);

#endif
