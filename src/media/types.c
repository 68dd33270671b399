/* The table of types, and ways to look into it. It is short: a walk is as quick as anything. */
#include "media/types.h"

static const struct media_type types[] = {
#define MEDIA_TYPE(name, extension, kind, is_shown) { name, extension, kind, is_shown },
#define MEDIA_ALIAS(theirs, ours)
#include "media/types.tbl.h"
#undef MEDIA_TYPE
#undef MEDIA_ALIAS
};

static const struct {
    const char *theirs;
    const char *ours;
} aliases[] = {
#define MEDIA_TYPE(name, extension, kind, is_shown)
#define MEDIA_ALIAS(theirs, ours) { theirs, ours },
#include "media/types.tbl.h"
#undef MEDIA_TYPE
#undef MEDIA_ALIAS
};

static const struct media_type *find(struct str name) {
    for (size_t i = 0; i < COUNT(types); i++) {
        if (str_eq(name, str_of(types[i].name))) {
            return &types[i];
        }
    }
    return NULL;
}

const struct media_type *media_type_named(struct str name) {
    for (size_t i = 0; i < COUNT(aliases); i++) {
        if (str_eq(name, str_of(aliases[i].theirs))) {
            return find(str_of(aliases[i].ours));
        }
    }
    const struct media_type *type = find(name);
    return type != NULL ? type : find(STR_LIT("application/octet-stream"));
}

const struct media_type *media_type_of_extension(struct str extension) {
    for (size_t i = 0; i < COUNT(types); i++) {
        if (str_eq(extension, str_of(types[i].extension))) {
            return &types[i];
        }
    }
    return NULL;
}

const char *media_folder(enum media_kind kind) {
    static const char *const folders[MEDIA_KIND_COUNT] = {
        [MEDIA_IMAGE] = "images",
        [MEDIA_AUDIO] = "audio",
        [MEDIA_VIDEO] = "video",
        [MEDIA_FILE] = "files",
    };
    return folders[kind];
}
