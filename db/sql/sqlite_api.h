/* SPDX-License-Identifier: MIT */
/*
 * sqlite_api - the SQLite interface as the files of this folder see it: linked into the
 * program (SQLITE_CORE is defined), or through the table of functions that SQLite hands to
 * a loadable extension. Every file here includes this, none <sqlite3.h>.
 */
#ifndef DB_SQL_SQLITE_API_H
#define DB_SQL_SQLITE_API_H

#include <sqlite3ext.h>

#ifndef SQLITE_CORE
SQLITE_EXTENSION_INIT3
#endif

#endif
