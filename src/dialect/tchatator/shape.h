/* What every answer looks like, for tests and fuzz targets.
 *
 * Clients read an answer once, into a kilobyte, and take it apart at line feeds and colons: these
 * are the things they count on without knowing it.
 *
 * Thread   any.   Memory   nothing is kept. */
#ifndef PARLOIR_DIALECT_TCHATATOR_SHAPE_H
#define PARLOIR_DIALECT_TCHATATOR_SHAPE_H

#include "base/str.h"

/* What `answer` lacks to be one; NULL: nothing. It is a status line and lines of key:value, each
 * with one line feed, no value empty; with a message, unless it is 200/OK; and less than 1,024
 * bytes, unless it has content. Static. */
const char *shape_lacks(struct str answer);

#endif
