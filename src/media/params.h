/* The parameters of a header's value: `form-data; name="file"; filename="a;b.jpg"`.
 *
 * Thread   any.   Memory   borrows the value. */
#ifndef PARLOIR_MEDIA_PARAMS_H
#define PARLOIR_MEDIA_PARAMS_H

#include "base/str.h"

/* One of them. */
struct param {
    struct str name;
    struct str value;    // of a quoted string what is between the quotes, still escaped
    bool is_quoted;
};

/* Cuts what stands before the first `;` off *rest, trimmed: "form-data". */
struct str params_begin(struct str *rest);

/* Cuts the next parameter off *rest. False: none is left, or what is there is none (*rest is not
 * empty then). */
bool params_next(struct str *rest, struct param *out);

#endif
