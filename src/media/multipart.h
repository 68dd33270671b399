/* multipart/form-data, as a form or fetch() sends a file (RFC 7578, RFC 2046): a push parser.
 *
 *     feed ──> on_file (once) ──> on_bytes* ──> on_file_end ──> multipart_end says whether all came
 *
 * The file is the first part that has a file name, or is named "file". Other parts are read past.
 * However the network cuts the bytes, the same callbacks come (on_bytes' pieces may be cut
 * elsewhere). The sender's words about the file, its name and type, are for showing at most: the
 * type is found from the bytes (media/sniff.h), and the name on the disk is ours (media/files.h).
 *
 * Thread   its connection's.
 * Memory   its own; the bytes of the file go through without a copy.
 * Bound    the head of one part. What looks like a boundary is compared, not kept. */
#ifndef PARLOIR_MEDIA_MULTIPART_H
#define PARLOIR_MEDIA_MULTIPART_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define MULTIPART_BOUNDARY_BYTES_MAX 70    // RFC 2046 section 5.1.1
#define MULTIPART_HEAD_BYTES_MAX 4096      // the headers of one part
#define MULTIPART_PARTS_MAX 32
#define MULTIPART_FIELD_BYTES_MAX 65536      // of a part that is not the file
#define MULTIPART_PREAMBLE_BYTES_MAX 4096    // before the first boundary

/* How much longer than its file a body may be: what the limit of a request has to add. */
#define MULTIPART_FRAMING_BYTES_MAX (1u << 17)

/* What the sender says of his file: any bytes but control characters, unescaped. */
struct multipart_file {
    struct str name;            // of the field
    struct str filename;        // STR_NONE if there is none
    struct str content_type;    // STR_NONE if there is none
};

/* Who hears of the file; no callback may free the parser. */
struct multipart_sink {
    void (*on_file)(void *ctx, const struct multipart_file *file);    // file until the return
    void (*on_bytes)(void *ctx, struct str piece);                    // piece until the return
    void (*on_file_end)(void *ctx);
};

struct multipart;

/* Whether the value of a Content-Type says multipart/form-data (anything else is a raw body). */
bool multipart_is_form(struct str content_type);

/* Makes an owned parser for a body of this Content-Type. ERR_PROTO: it is not multipart/form-data
 * with one boundary of 1 to 70 allowed characters; *why is a sentence that says so. */
enum err multipart_new(struct str content_type, struct multipart **out, const char **why) MUST_USE;

/* Frees the parser and sets *m to NULL. A NULL *m is fine. */
void multipart_free(struct multipart **m);

/* Feeds bytes of the body. After a failure nothing more is read, and the same comes again.
 * ERR_PROTO    it is not what the formats allow.
 * ERR_TOO_BIG  one of the limits above. */
enum err multipart_feed(struct multipart *m, const void *p, size_t n,
                        const struct multipart_sink *sink, void *ctx) MUST_USE;

/* The body is over. ERR_PROTO: it was cut off before its last boundary, or had no file. Else what
 * feed said. */
enum err multipart_end(struct multipart *m) MUST_USE;

/* What was wrong, as a sentence that says what would be right. Static text. */
const char *multipart_why(const struct multipart *m);

#endif
