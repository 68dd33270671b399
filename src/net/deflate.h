/* Raw DEFLATE for permessage-deflate (RFC 7692 section 7.2), one message at a time without context
 * takeover.
 *
 * Thread   one worker.   Memory   each owns one zlib stream, reset between messages.
 * Bound    unpacking stops at the limit it is given: a bomb costs the limit, not its size. */
#ifndef PARLOIR_NET_DEFLATE_H
#define PARLOIR_NET_DEFLATE_H

#include "base/buf.h"
#include "base/err.h"

#define DEFLATE_MESSAGE_BYTES_MAX 0x40000000    // zlib counts in 32 bits

struct deflater;
struct inflater;

/* Returns an owned compressor; window_bits 9..15 (8, which zlib cannot do, is a bug),
 * level 1..9. */
struct deflater *deflater_new(int window_bits, int level);

/* Frees the compressor and sets *d to NULL. A NULL *d is fine. */
void deflater_free(struct deflater **d);

/* Appends the compressed message without its 00 00 FF FF tail. If it does not fit, out->over is
 * set and nothing useful was appended. */
void deflater_put(struct deflater *d, struct buf *out, struct str message);

/* Returns an owned decompressor with a full window. */
struct inflater *inflater_new(void);

/* Frees the decompressor and sets *i to NULL. A NULL *i is fine. */
void inflater_free(struct inflater **i);

/* Appends the unpacked message to `out`, whose bytes_max is the limit; on failure `out` is as
 * before. Also takes final blocks (BFINAL), as section 7.2.3.4 allows, with or without the octet
 * that should follow them, and no bytes at all for an empty message.
 *
 * ERR_TOO_BIG  it would not fit.
 * ERR_PROTO    not DEFLATE data, or cut short. */
enum err inflater_put(struct inflater *i, struct buf *out, struct str packed) MUST_USE;

#endif
