/* Playing a tape: a core of its own, fed line by line, and every batch compared with what was
 * recorded. */
#include <inttypes.h>

#include "core/print.h"
#include "core/tape.h"

struct player {
    struct core *core;
    struct batch *batch;    // what the commands since the last batch line led to, or NULL
    struct arena texts;     // of those commands
    struct buf *report;
    size_t line;    // counted from 1
    size_t commands;
    size_t batches;
};

static void player_fini(struct player *p) {
    batch_unref(&p->batch);
    core_free(&p->core);
    arena_fini(&p->texts);
}

static enum err play_cmd(struct player *p, const struct tape_entry *entry) {
    if (p->batch == NULL) {
        p->batch = batch_new(entry->at_ms);
    }
    if (p->batch->at_ms != entry->at_ms) {
        return ERR_PROTO;    // one wake-up has one time
    }
    core_apply(p->core, &entry->cmd, p->batch);
    p->commands++;
    return OK;
}

static enum err play_fact(struct player *p, const struct tape_entry *entry) {
    if (p->commands > 0) {
        return ERR_PROTO;    // facts are what there was before the first command
    }
    core_restore(p->core, &entry->fact);
    return OK;
}

/* The end of a batch: is it the one that was recorded? */
static enum err compare(struct player *p, uint64_t recorded) {
    if (p->batch == NULL) {
        p->batch = batch_new(0);    // of no commands
    }
    uint64_t digest = batch_digest(p->batch);
    p->batches++;
    if (digest != recorded) {
        buf_printf(p->report,
                   "Batch %zu (line %zu) was recorded as %" PRIu64 " and came out as %" PRIu64
                   ":\n",
                   p->batches, p->line, recorded, digest);
        batch_print(p->batch, p->report);
        return ERR_PROTO;
    }
    batch_unref(&p->batch);
    arena_reset(&p->texts);
    return OK;
}

static enum err play(struct player *p, const struct tape_entry *entry) {
    switch (entry->kind) {
    case TAPE_CMD: return play_cmd(p, entry);
    case TAPE_FACT: return play_fact(p, entry);
    case TAPE_LIMITS: core_set_limits(p->core, &entry->limits); return OK;
    case TAPE_WRITABLE: core_set_writable(p->core, entry->is_writable); return OK;
    case TAPE_BATCH: return compare(p, entry->digest);
    }
    return ERR_PROTO;
}

enum err tape_replay(struct str tape, const struct core_limits *limits, struct buf *report) {
    SCOPED(player_fini) struct player p = { .core = core_new(limits), .report = report };

    while (str_find(tape, '\n') < tape.n) {
        struct str line = str_cut(&tape, '\n');
        size_t said = report->n;
        struct tape_entry entry;
        p.line++;
        enum err err = tape_read(line, &p.texts, &entry);
        if (err == OK) {
            err = play(&p, &entry);
        }
        if (err != OK) {
            if (report->n == said) {
                buf_printf(report, "Line %zu cannot be played.\n", p.line);
            }
            return err;
        }
    }
    if (p.line == 0) {
        buf_printf(report, "There is no whole line: this is no tape.\n");
        return ERR_PROTO;
    }
    buf_printf(report, "%zu commands in %zu batches: all as recorded.\n", p.commands, p.batches);
    return OK;
}
