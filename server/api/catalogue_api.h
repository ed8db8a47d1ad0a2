/* SPDX-License-Identifier: MIT */
/*
 * catalogue_api - handlers for what is compiled in: contract, presets, models, metrics, health.
 * They use no context.
 */
#ifndef SERVER_API_CATALOGUE_API_H
#define SERVER_API_CATALOGUE_API_H

#include "server/http/router.h"

/* What the schema of documents is served as. */
#define CATALOGUE_SCHEMA_TYPE "application/schema+json"
#define CATALOGUE_SCHEMA_TYPES CATALOGUE_SCHEMA_TYPE ", application/json"

int catalogue_api_contract(void *context, const struct http_request *request,
                           struct http_response *response, struct err *err);
int catalogue_api_presets(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);
int catalogue_api_models(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err);
int catalogue_api_metrics(void *context, const struct http_request *request,
                          struct http_response *response, struct err *err);
int catalogue_api_schema(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err);
int catalogue_api_health(void *context, const struct http_request *request,
                         struct http_response *response, struct err *err);

#endif
