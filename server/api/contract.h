/* SPDX-License-Identifier: MIT */
/*
 * contract - server/openapi.json, which describes every operation, compiled in and served as
 * it is. server/embed writes it at build time, byte for byte.
 */
#ifndef SERVER_API_CONTRACT_H
#define SERVER_API_CONTRACT_H

#include "server/http/asset.h"

extern const struct asset contract;

#endif
