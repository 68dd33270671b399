/* Demo people and rooms for --dev: alice, bob and carol, and a second room to look at. */
#ifndef PARLOIR_SERVER_DEMO_H
#define PARLOIR_SERVER_DEMO_H

#include "base/err.h"
#include "core/core.h"
#include "store/store.h"

/* Makes those that are not there yet and keeps them. Called before any thread uses core or store.
 * ERR_IO, ERR_FULL, ERR_BUSY: they could not be written. */
enum err demo_make(struct core *core, struct store *store) MUST_USE;

#endif
