/* Tapes from anybody: nothing that can be written on one may harm the core that plays it, and a
 * line that can be read comes back the same when it is written again. */
#include "core/line.h"
#include "core/print.h"
#include "core/tape.h"

#define BYTES_MAX ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void write_again(const struct tape_entry *entry, struct buf *out) {
    buf_reset(out);
    switch (entry->kind) {
    case TAPE_CMD: tape_put(out, entry->at_ms, &entry->cmd); break;
    case TAPE_FACT: tape_put_fact(out, &entry->fact); break;
    case TAPE_LIMITS: tape_put_limits(out, &entry->limits); break;
    case TAPE_WRITABLE: tape_put_writable(out, entry->is_writable); break;
    case TAPE_BATCH:
        BUF_PUT_LIT(out, "batch");
        line_put_number(out, "digest", entry->digest);
        buf_put_char(out, '\n');
        break;
    }
}

/* Written, read, and written again: the same bytes both times. */
static void check_line(struct str line) {
    SCOPED(arena_fini) struct arena texts = ARENA_INIT;
    SCOPED(buf_fini) struct buf first = BUF_INIT(BYTES_MAX);
    SCOPED(buf_fini) struct buf second = BUF_INIT(BYTES_MAX);
    struct tape_entry entry;
    if (tape_read(line, &texts, &entry) != OK) {
        return;
    }
    write_again(&entry, &first);
    CHECK(buf_ok(&first) && first.n > 0 && first.p[first.n - 1] == '\n');
    struct tape_entry again;
    CHECK(tape_read((struct str){ first.p, first.n - 1 }, &texts, &again) == OK);
    write_again(&again, &second);
    CHECK(str_eq(buf_str(&first), buf_str(&second)));
}

/* A whole tape, its batch lines left out so that it is played to its end. */
static void play(struct str tape) {
    static const struct core_limits limits = {
        .message_chars = 40,
        .sessions_per_user = 3,
        .follows_per_session = 4,
        .content = { [DIALECT_hub] = { .per_minute = 5, .per_hour = 9, .burst = 2 } },
    };
    SCOPED(buf_fini) struct buf rest = BUF_INIT(BYTES_MAX);
    SCOPED(buf_fini) struct buf report = BUF_INIT(BYTES_MAX);
    while (tape.p != NULL) {
        struct str line = str_cut(&tape, '\n');
        check_line(line);
        if (!str_starts(line, STR_LIT("batch"))) {
            buf_put_str(&rest, line);
            buf_put_char(&rest, '\n');
        }
    }
    (void)!tape_replay(buf_str(&rest), &limits, &report);
    CHECK(report.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    play((struct str){ (const char *)p, n });
    return 0;
}
