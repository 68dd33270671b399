/* The files of uploads, looked at from outside: see cli_uploads.h.
 *
 *     messages that show one ──name──┐
 *     uploads nobody shows yet ──────┴─> once each: what the store says ──> <data>/uploads/<name>
 *
 * A server may run meanwhile, and remove what no message shows any more: first its fact, then its
 * file. So a file is missing only if its fact is still there when the file was not. */
#include "server/cli_uploads.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/map.h"
#include "media/files.h"
#include "store/store.h"

#define PAGE_MESSAGES 500
#define REPORTED_MAX 20    // sentences; who needs more needs the directory's copy

struct room {
    room_id id;
    bool is_gone;
    struct room *next;
};

struct look {
    const struct config *config;    // borrowed
    struct store_reader *reader;    // owned
    struct arena arena;             // of rooms and names
    struct room *rooms;             // the newest first
    struct text_map seen;
    struct buf *report;    // borrowed
    uint64_t bad;
};

static void look_fini(struct look *l) {
    if (l->reader != NULL) {
        l->reader->ops->free(&l->reader);
    }
    text_map_fini(&l->seen);
    arena_fini(&l->arena);
}

static void on_fact(void *ctx, const struct event *ev) {
    struct look *l = ctx;
    if (ev->type == EV_room_created) {
        struct room *room = arena_zalloc(&l->arena, sizeof *room);
        *room = (struct room){ .id = ev->room, .next = l->rooms };
        l->rooms = room;
    } else if (ev->type == EV_room_removed) {    // right after its room_created
        l->rooms->is_gone = true;
    }
}

/* ---- one file */

static enum err find(struct look *l, struct str name, struct upload *out) {
    return l->reader->ops->upload(l->reader, name, &l->arena, out);
}

/* The size of its file. ERR_NOT_FOUND: there is none, or nothing that a server would give out. */
static enum err weigh(struct look *l, struct str name, uint64_t *bytes) {
    char path[PATH_MAX];
    struct stat file;
    int n = snprintf(path, sizeof path, "%.*s/uploads/%.*s", STR_FMT(l->config->data_dir),
                     STR_FMT(name));
    if (media_name_type(name) == NULL || n < 0 || (size_t)n >= sizeof path) {
        return ERR_NOT_FOUND;
    }
    if (lstat(path, &file) != 0) {
        bool is_absent = errno == ENOENT || errno == ENOTDIR;
        if (!is_absent) {
            buf_printf(l->report, "%s cannot be looked at: %s.\n", path, strerror(errno));
        }
        return is_absent ? ERR_NOT_FOUND : ERR_IO;
    }
    *bytes = (uint64_t)file.st_size;
    return S_ISREG(file.st_mode) ? OK : ERR_NOT_FOUND;
}

static void tell(struct look *l, const struct upload *upload, const uint64_t *bytes) {
    if (l->bad++ >= REPORTED_MAX) {
        return;
    }
    buf_printf(l->report, "The file of the upload %.*s ", STR_FMT(upload->name));
    if (bytes == NULL) {
        BUF_PUT_LIT(l->report, "is missing.\n");
        return;
    }
    buf_printf(l->report, "has %llu bytes, and had %llu when it was taken in.\n",
               (unsigned long long)*bytes, (unsigned long long)upload->bytes);
}

/* An upload that has gone meanwhile is no trouble; if it was never there, the store's own check
 * says so. */
static enum err check_file(struct look *l, struct str name) {
    struct upload upload;
    uint64_t bytes = 0;
    enum err err = find(l, name, &upload);
    if (err != OK) {
        return err;
    }
    err = weigh(l, name, &bytes);
    if (err == ERR_NOT_FOUND && (err = find(l, name, &upload)) == OK) {
        tell(l, &upload, NULL);
    } else if (err == OK && bytes != upload.bytes) {
        tell(l, &upload, &bytes);
    }
    return err;
}

static enum err check_once(struct look *l, struct str name) {
    if (text_map_get(&l->seen, name) != NULL) {
        return OK;
    }
    text_map_put(&l->seen, arena_str(&l->arena, name), l);
    enum err err = check_file(l, name);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* ---- all of them */

static enum err check_shown(struct look *l, room_id room) {
    size_t n = strlen(UPLOADS_PATH);
    uint64_t position = 0;
    bool is_more = true;
    enum err err = OK;
    while (err == OK && is_more) {
        SCOPED(change_log_fini) struct change_log log = { 0 };
        err = l->reader->ops->changes(l->reader, room, position, PAGE_MESSAGES, &log);
        for (size_t i = 0; err == OK && i < log.count; i++) {
            struct str url = log.changes[i].message.media_url;
            position = log.changes[i].position;
            if (str_starts(url, STR_LIT(UPLOADS_PATH))) {
                err = check_once(l, (struct str){ url.p + n, url.n - n });
            }
        }
        is_more = log.count == PAGE_MESSAGES;
    }
    return err;
}

static enum err check_orphans(struct look *l) {
    struct upload_list list = { 0 };
    enum err err = l->reader->ops->orphans(l->reader, ID_MAX, LIST_ROWS_MAX, &list);
    for (size_t i = 0; err == OK && i < list.count; i++) {
        err = check_once(l, list.uploads[i].name);
    }
    upload_list_fini(&list);
    return err;
}

enum err cli_check_uploads(const struct config *config, struct store *store, struct buf *report) {
    SCOPED(look_fini) struct look l = { .config = config, .report = report };
    enum err err = store->ops->reader_open(store, &l.reader);
    if (err == OK) {
        err = store->ops->load(store, on_fact, &l);
    }
    for (const struct room *room = l.rooms; err == OK && room != NULL; room = room->next) {
        err = room->is_gone ? OK : check_shown(&l, room->id);
    }
    if (err == OK) {
        err = check_orphans(&l);
    }
    if (l.bad > REPORTED_MAX) {
        buf_printf(report, "%llu more uploads have no such file as they had.\n",
                   (unsigned long long)(l.bad - REPORTED_MAX));
    }
    return err == OK && l.bad > 0 ? ERR_PROTO : err;
}
