/* SQLite with our words: struct str in and out, enum err for its codes. Private to this folder.
 *
 * Thread   a connection belongs to one thread at a time.
 * Memory   statements are made once and kept (SQLITE_PREPARE_PERSISTENT); sql_done makes one ready
 *          for its next use.
 *
 * A statement our own code wrote wrongly, or a row that breaks a constraint, is a bug: it is logged
 * with SQLite's sentence and ends the process. */
#ifndef PARLOIR_STORE_SQL_H
#define PARLOIR_STORE_SQL_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* What an extended result code means; `sys` is the errno behind it. A full disk is ERR_FULL when a
 * write met it, but ERR_IO when a sync did: then nobody knows what is on the disk. */
enum err sql_err(int code, int sys) MUST_USE;

/* Whether the code says that our own SQL or our own data is wrong. */
bool sql_is_bug(int code);

/* Logs why the last call on `db` failed while `doing` something, and returns its sql_err.
 * Does not return if it is a bug. */
enum err sql_failed(sqlite3 *db, const char *doing) MUST_USE;

/* Runs statements that answer nothing. */
enum err sql_run(sqlite3 *db, const char *sql) MUST_USE;

/* Runs a query and writes the first number of its first row; 0 if there is none, or it is NULL. */
enum err sql_number(sqlite3 *db, const char *sql, int64_t *out) MUST_USE;

/* Makes a statement to keep. */
enum err sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out) MUST_USE;

/* Finalizes and sets to NULL; NULL is fine. */
void sql_finalize(sqlite3_stmt **stmt);

/* Steps to the next row. OK with *is_row false: there are no more, and the statement is done. */
enum err sql_next(sqlite3_stmt *stmt, bool *is_row) MUST_USE;

/* Runs a kept statement that answers nothing, to its end. */
enum err sql_step(sqlite3_stmt *stmt) MUST_USE;

/* Runs a kept query whose parameters are bound for its first row's first column, to its end. OK
 * with
 * *is_row false: there is none, and *out is as it was. */
enum err sql_one(sqlite3_stmt *stmt, bool *is_row, uint64_t *out) MUST_USE;

/* Gives up the rest of the rows. */
void sql_done(sqlite3_stmt *stmt);

/* Binds. Text is borrowed until the statement is done; sql_bind_name binds NULL for empty text,
 * sql_bind_id for 0. */
void sql_bind_u64(sqlite3_stmt *stmt, int at, uint64_t v);
void sql_bind_id(sqlite3_stmt *stmt, int at, uint64_t v);
void sql_bind_text(sqlite3_stmt *stmt, int at, struct str s);
void sql_bind_name(sqlite3_stmt *stmt, int at, struct str s);
void sql_bind_bytes(sqlite3_stmt *stmt, int at, struct str s);

/* A column of the present row; NULL is 0 or empty. Borrowed text lives until the next step. */
uint64_t sql_u64(sqlite3_stmt *stmt, int column);
struct str sql_text(sqlite3_stmt *stmt, int column);
struct str sql_bytes(sqlite3_stmt *stmt, int column);

#endif
