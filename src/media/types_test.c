/* The table of types: what a browser may show is what cannot run. */
#include "media/types.h"
#include "test/unit.h"

static const char *const names[] = {
#define MEDIA_TYPE(name, extension, kind, is_shown) name,
#define MEDIA_ALIAS(theirs, ours)
#include "media/types.tbl.h"
#undef MEDIA_TYPE
#undef MEDIA_ALIAS
};

TEST(an_extension_is_that_of_one_type) {
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct media_type *type = media_type_named(str_of(names[i]));
        STR_EQ(str_of(type->name), names[i]);
        OKAY(media_type_of_extension(str_of(type->extension)) == type);
    }
    OKAY(media_type_of_extension(STR_LIT("")) == NULL);
    OKAY(media_type_of_extension(STR_LIT("JPG")) == NULL);
    OKAY(media_type_of_extension(STR_LIT("html")) == NULL);
}

TEST(every_alias_leads_to_a_row) {
    static const char *const aliases[][2] = {
#define MEDIA_TYPE(name, extension, kind, is_shown)
#define MEDIA_ALIAS(theirs, ours) { theirs, ours },
#include "media/types.tbl.h"
#undef MEDIA_TYPE
#undef MEDIA_ALIAS
    };
    for (size_t i = 0; i < COUNT(aliases); i++) {
        STR_EQ(str_of(media_type_named(str_of(aliases[i][0]))->name), aliases[i][1]);
    }
}

TEST(nothing_that_a_browser_could_run_is_shown) {
    static const char *const runs[] = { "text/html",
                                        "application/xhtml+xml",
                                        "image/svg+xml",
                                        "text/xml",
                                        "application/xml",
                                        "text/javascript",
                                        "text/css",
                                        "application/javascript",
                                        "application/x-shockwave-flash",
                                        "application/pdf",
                                        "text/plain",
                                        "application/wasm",
                                        "multipart/related" };
    for (size_t i = 0; i < COUNT(runs); i++) {
        OKAY(!media_type_named(str_of(runs[i]))->is_shown);
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct media_type *type = media_type_named(str_of(names[i]));
        OKAY(!type->is_shown || type->kind != MEDIA_FILE);
    }
}

TEST(what_has_no_row_is_a_stream_of_bytes) {
    static const char *const others[] = { "", "text/html", "image/svg+xml", "IMAGE/PNG", "x/y" };
    for (size_t i = 0; i < COUNT(others); i++) {
        STR_EQ(str_of(media_type_named(str_of(others[i]))->name), "application/octet-stream");
    }
}
