/* permessage-deflate's codecs over zlib.
 *
 * A message on the wire is a DEFLATE stream flushed to a byte boundary, which zlib does by ending
 * it with an empty stored block, 00 00 FF FF; the sender cuts these four bytes off and the
 * receiver puts them back (RFC 7692 sections 7.2.1, 7.2.2).
 *
 * Promises:
 *   1. Every message stands alone: both codecs forget everything in between.
 *   2. Unpacking never holds more than the limit: when the buffer is full, one byte beside it
 *      finds out whether there is more.
 *   3. A message that ends in the middle of a block is refused, not handed up in part. */
#include "net/deflate.h"

#include <zlib.h>

#define MEMORY_LEVEL 8            // zlib's default
#define FLUSH_BYTES 16            // beyond deflateBound: the empty block at the end
#define FLUSH_ROOM_BYTES_MIN 7    // with less, zlib might write the empty block again and again
#define PACK_STEP_BYTES 4096
#define UNPACK_STEP_BYTES 1024
#define UNPACK_RATIO 4    // a first guess: chat packs to about a quarter

static const uint8_t tail[4] = { 0x00, 0x00, 0xff, 0xff };

struct deflater {
    z_stream z;
};

struct inflater {
    z_stream z;
};

static voidpf take_memory(__attribute__((unused)) voidpf opaque, uInt count, uInt size) {
    return xalloc((size_t)count * size);
}

static void give_memory(__attribute__((unused)) voidpf opaque, voidpf p) {
    xfree(p);
}

struct deflater *deflater_new(int window_bits, int level) {
    CHECK(window_bits >= 9 && window_bits <= 15 && level >= 1 && level <= 9);
    struct deflater *d = xzalloc(sizeof *d);
    d->z.zalloc = take_memory;
    d->z.zfree = give_memory;
    CHECK(deflateInit2(&d->z, level, Z_DEFLATED, -window_bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) ==
          Z_OK);
    return d;
}

void deflater_free(struct deflater **d) {
    if (*d != NULL) {
        deflateEnd(&(*d)->z);
        xfree(*d);
        *d = NULL;
    }
}

/* Packs what z has as input and flushes; the first piece of room is `want` bytes. */
static void pack(z_stream *z, struct buf *out, size_t want) {
    do {
        size_t left = out->bytes_max - out->n;
        size_t room = MAX(MIN(want, left), (size_t)FLUSH_ROOM_BYTES_MIN);
        char *to = buf_room(out, room);
        if (to == NULL) {
            return;
        }
        z->next_out = (Bytef *)to;
        z->avail_out = (uInt)room;
        int result = deflate(z, Z_SYNC_FLUSH);
        CHECK(result == Z_OK || result == Z_BUF_ERROR);    // the latter: all was flushed already
        buf_added(out, room - z->avail_out);
        want = PACK_STEP_BYTES;
    } while (z->avail_out == 0);
}

void deflater_put(struct deflater *d, struct buf *out, struct str message) {
    CHECK(message.n <= DEFLATE_MESSAGE_BYTES_MAX);
    CHECK(deflateReset(&d->z) == Z_OK);
    d->z.next_in = (z_const Bytef *)message.p;
    d->z.avail_in = (uInt)message.n;
    pack(&d->z, out, deflateBound(&d->z, message.n) + FLUSH_BYTES);
    if (buf_ok(out)) {
        CHECK(memcmp(out->p + out->n - sizeof tail, tail, sizeof tail) == 0);
        out->n -= sizeof tail;
    }
}

struct inflater *inflater_new(void) {
    struct inflater *i = xzalloc(sizeof *i);
    i->z.zalloc = take_memory;
    i->z.zfree = give_memory;
    CHECK(inflateInit2(&i->z, -MAX_WBITS) == Z_OK);
    return i;
}

void inflater_free(struct inflater **i) {
    if (*i != NULL) {
        inflateEnd(&(*i)->z);
        xfree(*i);
        *i = NULL;
    }
}

/* Runs inflate() once into the next free bytes of `out`, `want` of them if there are so many. */
static int unpack_step(z_stream *z, struct buf *out, size_t want, bool *is_over) {
    size_t left = out->bytes_max - out->n;
    size_t room = MIN(want, left);
    uint8_t beside;
    z->next_out = left == 0 ? &beside : (Bytef *)buf_room(out, room);
    z->avail_out = left == 0 ? 1 : (uInt)room;
    int result = inflate(z, Z_SYNC_FLUSH);
    if (left > 0) {
        buf_added(out, room - z->avail_out);
    } else if (z->avail_out == 0) {
        *is_over = true;
    }
    return result;
}

/* Unpacks n bytes. *is_ended: they end in a final block. */
static enum err unpack(z_stream *z, struct buf *out, const void *p, size_t n, bool *is_ended) {
    size_t want = MAX(n * UNPACK_RATIO, (size_t)UNPACK_STEP_BYTES);
    z->next_in = (z_const Bytef *)p;
    z->avail_in = (uInt)n;
    for (;;) {
        bool is_over = false;
        int result = unpack_step(z, out, MIN(want, (size_t)DEFLATE_MESSAGE_BYTES_MAX), &is_over);
        if (is_over) {
            return ERR_TOO_BIG;
        }
        if (result == Z_STREAM_END) {
            if (z->avail_in == 0) {
                *is_ended = true;
                return OK;
            }
            inflateResetKeep(z);    // the next block may still refer to what came before
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return ERR_PROTO;
        } else if (z->avail_out > 0) {
            return OK;    // all input is used up
        }
        want = MAX(out->n, (size_t)UNPACK_STEP_BYTES);
    }
}

/* Whether the stream stands between two blocks (the bit is explained in zlib.h, inflate()). */
static bool is_at_block_end(const z_stream *z) {
    return (z->data_type & 128) != 0;
}

enum err inflater_put(struct inflater *i, struct buf *out, struct str packed) {
    if (packed.n == 0) {
        return OK;
    }
    if (packed.n > DEFLATE_MESSAGE_BYTES_MAX) {
        return ERR_TOO_BIG;
    }
    CHECK(inflateReset(&i->z) == Z_OK);
    size_t start = out->n;
    bool is_ended = false;
    enum err err = unpack(&i->z, out, packed.p, packed.n, &is_ended);
    if (err == OK && !is_ended) {
        err = unpack(&i->z, out, tail, sizeof tail, &is_ended);
        if (err == OK && (is_ended || !is_at_block_end(&i->z))) {
            err = ERR_PROTO;
        }
    }
    if (err != OK) {
        out->n = start;
    }
    return err;
}
