/* Health: what /healthz and /readyz answer.
 *
 * The process lives as long as it answers. It is ready while the store takes writes and nobody has
 * asked it to end.
 *
 * Thread   any; a lock inside.   Memory   the reason is copied.   Bound   HEALTH_WHY_BYTES. */
#ifndef PARLOIR_OBS_HEALTH_H
#define PARLOIR_OBS_HEALTH_H

#include "base/base.h"
#include "base/buf.h"
#include "base/str.h"

#define HEALTH_WHY_BYTES 160

struct health;

/* Returns an owned health: not ready yet, "starting". Never NULL. */
struct health *health_new(void);

/* Frees it; nobody may be asking any more. A NULL *h is fine. */
void health_free(struct health **h);

/* The store takes writes (again). */
void health_store_ok(struct health *h);

/* The store takes no writes; `why` is copied, cut to HEALTH_WHY_BYTES, and shown to whoever asks:
 * no secrets, no paths. */
void health_store_away(struct health *h, struct str why);

/* The server is ending: from now on never ready. */
void health_draining(struct health *h);

/* Appends the JSON body of /healthz and returns the HTTP status: 200. */
unsigned health_live(struct health *h, struct buf *out);

/* Appends the JSON body of /readyz and returns the HTTP status: 200 with {"status":"ok"}, or 503
 * with {"status":"unavailable","reason":"..."}. `has_room`: there is room on the store's disk,
 * which nobody may have tried to write to lately. */
unsigned health_ready(struct health *h, bool has_room, struct buf *out);

#endif
