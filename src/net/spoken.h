/* What somebody speaks who has just connected, by the first bytes: one port can serve everyone.
 *
 * Thread   any; pure. */
#ifndef PARLOIR_NET_SPOKEN_H
#define PARLOIR_NET_SPOKEN_H

#include "base/str.h"

#define SPOKEN_BYTES_MAX 24    // by then it is clear

enum spoken {
    SPOKEN_UNSURE,    // more is needed; never said of SPOKEN_BYTES_MAX bytes
    SPOKEN_HTTP,      // a method and the beginning of a target, RFC 9112 section 3
    SPOKEN_TLS,       // a handshake, RFC 8446 section 5.1
    SPOKEN_LINES,     // anything else
};

/* Looks at all that has come so far; of more than SPOKEN_BYTES_MAX bytes only at the first. What it
 * says once it says for every longer beginning. */
enum spoken spoken_of(struct str head);

#endif
