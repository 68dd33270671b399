/* How a stored file is answered for: status, range and headers of a GET or HEAD (RFC 9110 sections
 * 13 and 14). Pure: asks no disk and no clock.
 *
 *     door: media_file_open ──> serve ──> 200 the file, 206 a part of it, 304, 412, 416
 *
 * A file never changes, so its name is its strong ETag, and a browser may keep it for a year. Every
 * answer tells the browser to run nothing: the type is not to be guessed, and a file that is opened
 * in a page of its own stands in a sandbox; what is not on the list of types that may be shown is a
 * download.
 *
 * Thread   any.   Memory   appends to a buffer of the caller's. */
#ifndef PARLOIR_MEDIA_SERVE_H
#define PARLOIR_MEDIA_SERVE_H

#include "base/buf.h"
#include "base/str.h"
#include "media/types.h"

/* What serve appends at most. */
#define SERVE_HEADERS_BYTES_MAX 1024

/* The headers of the request that count; STR_NONE where there is none. */
struct serve_ask {
    bool is_head;    // HEAD has no ranges
    struct str range;
    struct str if_range;
    struct str if_match;
    struct str if_none_match;
    struct str if_modified_since;
    struct str if_unmodified_since;
};

/* The file, as media_file_open found it. */
struct serve_file {
    struct str name;    // relative: "images/5f1c….jpg"
    const struct media_type *type;
    uint64_t bytes;
    uint64_t modified_ms;
};

/* The answer. `bytes` from byte `at` on are to be sent behind the head, none of them to a HEAD. */
struct serve_plan {
    int status;                  // 200, 206, 304, 412, 416
    const char *content_type;    // NULL: there is no body
    uint64_t at;
    uint64_t bytes;    // Content-Length of a 200 or 206; else 0
};

/* Decides, and appends whole header lines, each ended by CR LF: all but Content-Type,
 * Content-Length, and what depends on the connection. `now_ms` is only for two-digit years of
 * dates. */
struct serve_plan serve(const struct serve_ask *ask, const struct serve_file *file, uint64_t now_ms,
                        struct buf *headers);

#endif
