// SPDX-License-Identifier: MIT
// This page, as the server tells it from others: so that none of them takes all places of what
// is made when somebody asks for it.

/** A query parameter. */
export const BY_PAGE = `client=page-${Math.random().toString(36).slice(2, 12)}`;
