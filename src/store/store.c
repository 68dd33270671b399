/* Which driver a store URL means. */
#include "store/store.h"

#include "store/drivers.h"

static const struct {
    struct str scheme;
    enum err (*open)(struct str rest, struct store **out, struct buf *why);
    const char *form;
} drivers[] = {
#define DRIVER(scheme, open, form) { STR_LIT(#scheme ":"), open, form },
#include "store/drivers.tbl.h"
#undef DRIVER
};

/* A URL may carry a password, so the sentence repeats its scheme only. */
static void explain(struct str url, struct buf *why) {
    size_t colon = str_find(url, ':');
    if (colon == url.n) {
        buf_printf(why, "A store URL begins with its kind and a colon. ");
    } else {
        buf_printf(why, "There is no store of the kind \"%.*s\". ", (int)MIN(colon, 32), url.p);
    }
    buf_printf(why, "This build serves");
    for (size_t i = 0; i < COUNT(drivers); i++) {
        buf_printf(why, "%s %s", i == 0 ? "" : " and", drivers[i].form);
    }
    BUF_PUT_LIT(why, ".");
}

void change_log_fini(struct change_log *log) {
    arena_fini(&log->arena);
    *log = (struct change_log){ 0 };
}

void upload_list_fini(struct upload_list *list) {
    arena_fini(&list->arena);
    *list = (struct upload_list){ 0 };
}

enum err store_open(struct str url, struct store **out, struct buf *why) {
    for (size_t i = 0; i < COUNT(drivers); i++) {
        struct str scheme = drivers[i].scheme;
        if (str_starts(url, scheme)) {
            return drivers[i].open((struct str){ url.p + scheme.n, url.n - scheme.n }, out, why);
        }
    }
    explain(url, why);
    return ERR_PROTO;
}
