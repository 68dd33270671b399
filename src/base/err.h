/* Failures: the machine, or the far end, could not. Not to be mixed with refusals
 * (core/refusals.tbl.h: the rules said no) nor with bugs (CHECK).
 *
 * A function that returns an enum err is MUST_USE; its out-parameters are written on OK only. */
#ifndef PARLOIR_BASE_ERR_H
#define PARLOIR_BASE_ERR_H

enum err {
    OK = 0,
    ERR_IO,           // the system or a library failed; trying again is useless
    ERR_BUSY,         // not now; the same call may succeed later
    ERR_FULL,         // no room left: disk, descriptors, a bounded queue
    ERR_PROTO,        // the input is not what the protocol or format allows
    ERR_TOO_BIG,      // well-formed, but over a limit
    ERR_NOT_FOUND,    // there is no such thing
    ERR_EXISTS,       // there is one already
    ERR_DENIED,       // a credential or the system says no
    ERR_EXPIRED,      // a credential was valid once
    ERR_CLOSED,       // the far end is gone
    ERR_COUNT
};

/* The failure in a few plain words, for people and logs. Static text, never NULL. */
const char *err_text(enum err err);

#endif
