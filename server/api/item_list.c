/* SPDX-License-Identifier: MIT */
#include "server/api/item_list.h"

#include "server/http/guard.h"

bool item_list_wants_lines(const struct http_request *request) {
    return guard_choose(http_request_header(request, "Accept"), ITEM_LIST_TYPES) == 1;
}

void item_list_open(struct item_list *list, const struct http_request *request) {
    list->lines = item_list_wants_lines(request);
    if (!list->lines) {
        json_writer_begin_object(&list->writer);
        json_writer_key(&list->writer, "items");
        json_writer_begin_array(&list->writer);
    }
}

void item_list_end_item(struct item_list *list) {
    if (list->lines) {
        json_writer_end_line(&list->writer);
    }
}

void item_list_close_items(struct item_list *list) {
    if (list->lines) {
        json_writer_begin_object(&list->writer);
    } else {
        json_writer_end_array(&list->writer);
    }
}

void item_list_next(struct item_list *list, const char *cursor) {
    json_writer_key(&list->writer, "next");
    json_writer_string(&list->writer, cursor);
}

int item_list_respond(struct item_list *list, struct http_response *response,
                      struct err *err) {
    json_writer_end_object(&list->writer);
    item_list_end_item(list);
    const int code = http_response_take_json(response, 200, &list->writer, err);
    if (code == 0) {
        response->content_type = list->lines ? ITEM_LIST_LINES : response->content_type;
        response->vary = "Accept";
    }
    return code;
}
