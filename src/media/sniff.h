/* What a file is, from its first bytes: its name and what its sender says of it are not asked.
 *
 * libmagic tells, and the table of media/types.tbl.h decides. A file that is two things at once,
 * such as a GIF that a script engine can read, is what libmagic takes it for, and is served as that
 * type with `nosniff`: no browser then runs it as anything else.
 *
 * Thread   any: libmagic has a state, and a lock around it.
 * Memory   the sniffer owns libmagic's tables. */
#ifndef PARLOIR_MEDIA_SNIFF_H
#define PARLOIR_MEDIA_SNIFF_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "media/types.h"

/* As many of a file's first bytes are looked at. */
#define SNIFF_BYTES_MAX 65536

struct sniffer;

/* Makes an owned sniffer; reads libmagic's tables. ERR_IO: they are not there, says `why`. */
enum err sniffer_new(struct sniffer **out, struct buf *why) MUST_USE;

/* Frees it and sets *s to NULL. A NULL *s is fine. */
void sniffer_free(struct sniffer **s);

/* The type of a file that begins with `head`. ERR_PROTO: there is nothing in it. What is unknown is
 * application/octet-stream. */
enum err sniff(struct sniffer *s, struct str head, const struct media_type **out) MUST_USE;

#endif
