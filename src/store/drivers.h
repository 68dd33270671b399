/* What store.c knows of the drivers: one function each, by the row in drivers.tbl.h. Private to
 * this folder. */
#ifndef PARLOIR_STORE_DRIVERS_H
#define PARLOIR_STORE_DRIVERS_H

#include "store/store.h"

/* Memory: `out` is owned by the caller, who gives it back with its ops' free.
 * Each opens its kind of store from what stands after the scheme; errors as for store_open. */
#define DRIVER(scheme, open, form)                                                                 \
    enum err open(struct str rest, struct store **out, struct buf *why) MUST_USE;
#include "store/drivers.tbl.h"
#undef DRIVER

#endif
