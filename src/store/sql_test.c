/* What SQLite's codes mean to us. */
#include "store/sql.h"

#include <errno.h>

#include "test/unit.h"

TEST(a_code_becomes_what_the_caller_should_do) {
    static const struct {
        int code;
        int sys;
        enum err err;
    } rows[] = {
        { SQLITE_OK, 0, OK },
        { SQLITE_DONE, 0, OK },
        { SQLITE_BUSY, 0, ERR_BUSY },
        { SQLITE_BUSY_SNAPSHOT, 0, ERR_BUSY },
        { SQLITE_FULL, 0, ERR_FULL },
        { SQLITE_IOERR_WRITE, ENOSPC, ERR_FULL },
        { SQLITE_IOERR_WRITE, EDQUOT, ERR_FULL },
        { SQLITE_IOERR_SHMSIZE, ENOSPC, ERR_FULL },
        { SQLITE_IOERR_WRITE, EIO, ERR_IO },
        { SQLITE_IOERR_FSYNC, EIO, ERR_IO },
        { SQLITE_IOERR_FSYNC, ENOSPC, ERR_IO },    // what was written is anybody's guess
        { SQLITE_IOERR_DIR_FSYNC, ENOSPC, ERR_IO },
        { SQLITE_IOERR_READ, 0, ERR_IO },
        { SQLITE_CORRUPT, 0, ERR_IO },
        { SQLITE_NOTADB, 0, ERR_IO },
        { SQLITE_CANTOPEN, EMFILE, ERR_IO },
        { SQLITE_READONLY, 0, ERR_IO },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        EQ(sql_err(rows[i].code, rows[i].sys), rows[i].err);
        OKAY(!sql_is_bug(rows[i].code));
    }
}

TEST(our_own_mistakes_are_bugs) {
    static const int codes[] = { SQLITE_ERROR, SQLITE_CONSTRAINT_UNIQUE, SQLITE_MISUSE,
                                 SQLITE_RANGE, SQLITE_MISMATCH };
    for (size_t i = 0; i < COUNT(codes); i++) {
        OKAY(sql_is_bug(codes[i]));
    }
}
