/* SQLite's result codes, values and rows, translated. */
#include "store/sql.h"

#include <errno.h>

#include "base/log.h"

bool sql_is_bug(int code) {
    switch (code & 0xff) {
    case SQLITE_ERROR:    // our SQL does not compile, or not in this state
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE: return true;
    default: return false;
    }
}

enum err sql_err(int code, int sys) {
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_BUSY;
    case SQLITE_FULL: return ERR_FULL;
    case SQLITE_IOERR: break;
    default: return ERR_IO;
    }
    bool is_sync = code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
    bool is_full = sys == ENOSPC || sys == EDQUOT;
    return is_full && !is_sync ? ERR_FULL : ERR_IO;
}

enum err sql_failed(sqlite3 *db, const char *doing) {
    int code = sqlite3_extended_errcode(db);
    int sys = sqlite3_system_errno(db);

    LOG_ERROR("store.sql_failed", STR("doing", doing), STR("why", sqlite3_errmsg(db)),
              I64("code", code), I64("errno", sys));
    CHECK(!sql_is_bug(code));
    enum err err = sql_err(code, sys);
    return err == OK ? ERR_IO : err;    // only called when something did fail
}

enum err sql_run(sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : sql_failed(db, sql);
}

enum err sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out) {
    unsigned flags = SQLITE_PREPARE_PERSISTENT;
    return sqlite3_prepare_v3(db, sql, -1, flags, out, NULL) == SQLITE_OK ? OK
                                                                          : sql_failed(db, sql);
}

void sql_finalize(sqlite3_stmt **stmt) {
    sqlite3_finalize(*stmt);
    *stmt = NULL;
}

enum err sql_next(sqlite3_stmt *stmt, bool *is_row) {
    int rc = sqlite3_step(stmt);
    if (LIKELY(rc == SQLITE_ROW)) {
        *is_row = true;
        return OK;
    }
    enum err err = OK;
    if (rc != SQLITE_DONE) {
        err = sql_failed(sqlite3_db_handle(stmt), sqlite3_sql(stmt));
    }
    sqlite3_reset(stmt);
    *is_row = false;
    return err;
}

enum err sql_step(sqlite3_stmt *stmt) {
    bool is_row;
    enum err err = sql_next(stmt, &is_row);
    CHECK(err != OK || !is_row);
    return err;
}

enum err sql_one(sqlite3_stmt *stmt, bool *is_row, uint64_t *out) {
    enum err err = sql_next(stmt, is_row);
    if (err == OK && *is_row) {
        *out = sql_u64(stmt, 0);
        sql_done(stmt);
    }
    return err;
}

void sql_done(sqlite3_stmt *stmt) {
    sqlite3_reset(stmt);
}

enum err sql_number(sqlite3 *db, const char *sql, int64_t *out) {
    SCOPED(sql_finalize) sqlite3_stmt *stmt = NULL;
    bool is_row;
    enum err err = sql_prepare(db, sql, &stmt);
    if (err != OK || (err = sql_next(stmt, &is_row)) != OK) {
        return err;
    }
    *out = is_row ? sqlite3_column_int64(stmt, 0) : 0;
    return OK;
}

/* A bind can only fail for a wrong place (a bug) or a text over SQLite's gigabyte. */
static void bound(int rc) {
    CHECK(rc == SQLITE_OK);
}

void sql_bind_u64(sqlite3_stmt *stmt, int at, uint64_t v) {
    bound(sqlite3_bind_int64(stmt, at, (int64_t)v));
}

void sql_bind_id(sqlite3_stmt *stmt, int at, uint64_t v) {
    if (v == 0) {
        bound(sqlite3_bind_null(stmt, at));
    } else {
        sql_bind_u64(stmt, at, v);
    }
}

void sql_bind_text(sqlite3_stmt *stmt, int at, struct str s) {
    bound(sqlite3_bind_text64(stmt, at, s.n == 0 ? "" : s.p, s.n, SQLITE_STATIC, SQLITE_UTF8));
}

void sql_bind_name(sqlite3_stmt *stmt, int at, struct str s) {
    if (s.n == 0) {
        bound(sqlite3_bind_null(stmt, at));
    } else {
        sql_bind_text(stmt, at, s);
    }
}

void sql_bind_bytes(sqlite3_stmt *stmt, int at, struct str s) {
    bound(sqlite3_bind_blob64(stmt, at, s.n == 0 ? "" : s.p, s.n, SQLITE_STATIC));
}

uint64_t sql_u64(sqlite3_stmt *stmt, int column) {
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

struct str sql_text(sqlite3_stmt *stmt, int column) {
    const char *p = (const char *)sqlite3_column_text(stmt, column);
    return (struct str){ p, (size_t)sqlite3_column_bytes(stmt, column) };
}

struct str sql_bytes(sqlite3_stmt *stmt, int column) {
    const char *p = sqlite3_column_blob(stmt, column);
    return (struct str){ p, (size_t)sqlite3_column_bytes(stmt, column) };
}
