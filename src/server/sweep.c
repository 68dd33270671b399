/* The sweep: see sweep.h. */
#include "server/sweep.h"

#include "base/clock.h"
#include "base/log.h"
#include "media/files.h"
#include "obs/metrics.h"
#include "server/server.h"
#include "store/store.h"

#define SWEEP_FACTS_MAX 100
#define ROUND_MS_MAX 3600000    // between two rounds
#define ROUNDS_PER_ORPHAN 4     // while the youngest that may go comes of age

struct sweep {
    struct server *server;          // borrowed
    struct store_reader *reader;    // owned; NULL until it is needed
    uint64_t due_ms;
    uint64_t removed;    // files, in this round
    bool is_failed;      // it could not look: nothing is removed on a guess
};

struct sweep *sweep_new(struct server *server) {
    struct sweep *s = xzalloc(sizeof *s);
    s->server = server;
    return s;
}

static uint64_t orphan_ms(const struct sweep *s) {
    return server_settings(s->server)->config->media_orphan_ms;
}

/* Asks the core to forget it; nobody waits for the answer. */
static void remove_fact(struct sweep *s, struct str name) {
    struct cmd cmd = { .type = CMD_upload_remove, .dialect = DIALECT_OPERATOR, .label = name };
    struct intake *intake = intake_new(&cmd);
    struct qlist one;
    intake->taken_us = clock_mono_us();
    qlist_init(&one);
    qlist_push(&one, &intake->link);
    ring_admit_always(s->server->ring);
    ring_push(s->server->ring, &one);
}

/* Takes the facts that no message shows. true: there may be more of them. */
static bool sweep_facts(struct sweep *s, uint64_t before_ms) {
    struct upload_list list = { 0 };
    enum err err = s->reader->ops->orphans(s->reader, before_ms, SWEEP_FACTS_MAX, &list);
    bool has_more = err == OK && list.count == SWEEP_FACTS_MAX;
    for (size_t i = 0; err == OK && i < list.count; i++) {
        remove_fact(s, list.uploads[i].name);
    }
    s->is_failed = err != OK;
    upload_list_fini(&list);
    return has_more;
}

/* Removes a file that no fact knows. */
static bool look_at(void *ctx, struct str name) {
    struct sweep *s = ctx;
    struct upload known;
    SCOPED(arena_fini) struct arena arena = ARENA_INIT;
    enum err err = s->reader->ops->upload(s->reader, name, &arena, &known);
    if (err == ERR_NOT_FOUND) {
        s->removed += media_file_remove(s->server->media, name) == OK;
        return true;
    }
    s->is_failed = err != OK;
    return err == OK;
}

static void sweep_files(struct sweep *s, uint64_t before_ms) {
    size_t left = 0;
    if (media_files_each(s->server->media, before_ms, look_at, s) != OK ||
        media_files_sweep(s->server->media, before_ms, &left) != OK) {
        s->is_failed = true;
    }
    s->removed += left;
}

static void end_round(struct sweep *s) {
    if (s->removed > 0) {
        METRIC_ADD(uploads_removed_total, s->removed);
        LOG_INFO("uploads.removed", U64("count", s->removed));
    }
    if (s->is_failed) {
        LOG_WARN("uploads.not_swept", STR("why", "the store or the disk could not be read"));
    }
    s->removed = 0;
    s->is_failed = false;
    s->due_ms = clock_mono_ms() + MIN(ROUND_MS_MAX, orphan_ms(s) / ROUNDS_PER_ORPHAN);
}

void sweep_some(struct sweep *s) {
    if (clock_mono_ms() < s->due_ms) {
        return;
    }
    struct store *store = s->server->store;
    if (s->reader == NULL && store->ops->reader_open(store, &s->reader) != OK) {
        s->is_failed = true;
        end_round(s);
        return;
    }
    uint64_t now_ms = clock_wall_ms();
    uint64_t before_ms = now_ms - MIN(now_ms, orphan_ms(s));
    if (!sweep_facts(s, before_ms)) {
        sweep_files(s, before_ms);
        end_round(s);
    }
}

void sweep_free(struct sweep **s) {
    if (*s != NULL) {
        if ((*s)->reader != NULL) {
            (*s)->reader->ops->free(&(*s)->reader);
        }
        xfree(*s);
        *s = NULL;
    }
}
