/* The types of files: what each is called, where it is kept, and whether a browser may show it.
 *
 * Thread   any.   Memory   static, never freed. */
#ifndef PARLOIR_MEDIA_TYPES_H
#define PARLOIR_MEDIA_TYPES_H

#include "base/str.h"

enum media_kind { MEDIA_IMAGE, MEDIA_AUDIO, MEDIA_VIDEO, MEDIA_FILE, MEDIA_KIND_COUNT };

/* A row of types.tbl.h. Two types are the same if their addresses are. */
struct media_type {
    const char *name;         // "image/jpeg"
    const char *extension;    // "jpg", of this type alone
    enum media_kind kind;
    bool is_shown;    // in the page; anything else is a download
};

/* The type of that name, also of one that libmagic calls otherwise; any other is
 * application/octet-stream. Never NULL. */
const struct media_type *media_type_named(struct str name);

/* The type whose files end in that; NULL if there is none. */
const struct media_type *media_type_of_extension(struct str extension);

/* The folder of a kind: "images", "audio", "video", "files". */
const char *media_folder(enum media_kind kind);

#endif
