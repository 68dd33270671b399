/* Who knocks: how many connections an address holds, and how often it failed to authenticate.
 *
 * An IPv6 address counts as its /64, which is what one customer gets. Local (Unix) sockets are not
 * counted.
 *
 * Thread   any; a lock inside, taken once a connection and once a failure.
 * Bound    an address is remembered while it holds connections or a window runs. */
#ifndef PARLOIR_SERVER_ADDRESSES_H
#define PARLOIR_SERVER_ADDRESSES_H

#include "base/base.h"

#define ADDRESS_WINDOW_MS 60000    // failures are counted over this long, and refused for as long

struct addresses;
struct session;

/* Returns an owned, empty register. Never NULL. */
struct addresses *addresses_new(void);
void addresses_free(struct addresses **a);

/* Counts a session in.
 *
 * ADDRESS_MAY_STAY
 * ADDRESS_IS_FULL    its address holds as many as it may (limits.connections_per_address): tell it
 * ADDRESS_IS_FLOOD   and so many are being told that already: no descriptor is left for one more */
enum address_entry { ADDRESS_MAY_STAY, ADDRESS_IS_FULL, ADDRESS_IS_FLOOD };
enum address_entry addresses_enter(struct addresses *a, struct session *s);

/* Counts it out; harmless when it was not counted in. */
void addresses_leave(struct addresses *a, struct session *s);

/* Notes a failed authentication. false: there have been too many meanwhile, on other workers, and
 * this one is not to be told apart from those that are not listened to. */
bool addresses_failed(struct addresses *a, const struct session *s);

/* Whether the session's address has failed too often lately to be listened to now. */
bool addresses_is_refused(struct addresses *a, const struct session *s);

#endif
