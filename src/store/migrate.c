/* Brings a database from the version it has to the one this build wants. */
#include "store/migrate.h"

#include "base/log.h"
#include "store/sql.h"

#define APPLICATION_ID 0x50724c72    // set by 001_start.sql

static const struct step {
    int version;
    const char *name;
    const char *sql;
} steps[] = {
#define SCHEMA(version, name, sql) { version, name, sql },
#include "store/schema/schema.tbl.h"
#undef SCHEMA
};

int migrate_newest(void) {
    return steps[COUNT(steps) - 1].version;
}

/* Whether the file is one of ours, or holds nothing yet. Reads the schema, so it is also where a
 * file that is no database is found out. */
static enum err recognize(sqlite3 *db, int64_t version, struct buf *why) {
    int64_t id, tables;
    enum err err;
    if ((err = sql_number(db, "PRAGMA application_id", &id)) != OK ||
        (err = sql_number(db, "SELECT count(*) FROM sqlite_schema", &tables)) != OK) {
        return err;
    }
    bool is_empty = tables == 0 && version == 0 && id == 0;
    if (!is_empty && id != APPLICATION_ID) {
        buf_printf(why, "This SQLite database was made by another program: name another file.");
        return ERR_IO;
    }
    if (version > migrate_newest()) {
        buf_printf(why,
                   "The database has schema version %lld, this program knows versions up to %d: "
                   "start the newer program, or restore a backup made with this one.",
                   (long long)version, migrate_newest());
        return ERR_IO;
    }
    return OK;
}

static enum err apply(sqlite3 *db, const struct step *step) {
    char set_version[48];
    sqlite3_snprintf(sizeof set_version, set_version, "PRAGMA user_version = %d", step->version);

    enum err err;
    if ((err = sql_run(db, "BEGIN IMMEDIATE")) == OK && (err = sql_run(db, step->sql)) == OK &&
        (err = sql_run(db, set_version)) == OK && (err = sql_run(db, "COMMIT")) == OK) {
        LOG_INFO("store.migrated", I64("version", step->version), STR("name", step->name));
        return OK;
    }
    if (!sqlite3_get_autocommit(db) && sql_run(db, "ROLLBACK") != OK) {
        return ERR_IO;
    }
    return err;
}

enum err migrate(sqlite3 *db, int version, struct buf *why) {
    int64_t have;
    enum err err;
    if ((err = sql_number(db, "PRAGMA user_version", &have)) != OK ||
        (err = recognize(db, have, why)) != OK) {
        return err;
    }
    for (size_t i = 0; err == OK && i < COUNT(steps) && steps[i].version <= version; i++) {
        if (steps[i].version > have) {
            err = apply(db, &steps[i]);
        }
    }
    return err;
}
