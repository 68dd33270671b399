/* Outboxes and spools: bytes leave in the order they came, segments die with their last reader, and
 * the bound holds. */
#include "server/outbox.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/rng.h"
#include "test/unit.h"

#define BYTES_MAX 1000000

static struct str all_of(const struct outbox *box, struct buf *into) {
    struct iovec iov[OUTBOX_IOV_MAX];
    size_t count = outbox_peek(box, iov);
    buf_reset(into);
    for (size_t i = 0; i < count; i++) {
        buf_put(into, iov[i].iov_base, iov[i].iov_len);
    }
    return buf_str(into);
}

TEST(frames_that_follow_each_other_are_one_piece) {
    struct spool spool = { 0 };
    struct outbox box = { 0 };
    struct iovec iov[OUTBOX_IOV_MAX];
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);

    EQ(outbox_push(&box, spool_put(&spool, STR_LIT("one "), STR_LIT("two ")), BYTES_MAX), OK);
    EQ(outbox_push(&box, spool_put(&spool, STR_LIT("three "), STR_NONE), BYTES_MAX), OK);
    EQ(outbox_peek(&box, iov), 1);
    STR_EQ(all_of(&box, &text), "one two three ");
    outbox_fini(&box);
    spool_fini(&spool);
}

TEST(frames_of_two_spools_keep_their_order) {
    struct spool a = { 0 };
    struct spool b = { 0 };
    struct outbox box = { 0 };
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);

    EQ(outbox_push(&box, spool_put(&a, STR_LIT("1"), STR_NONE), BYTES_MAX), OK);
    EQ(outbox_push(&box, spool_put(&b, STR_LIT("2"), STR_NONE), BYTES_MAX), OK);
    EQ(outbox_push(&box, spool_put(&a, STR_LIT("3"), STR_NONE), BYTES_MAX), OK);
    STR_EQ(all_of(&box, &text), "123");
    EQ(box.bytes, 3);
    outbox_sent(&box, 2);
    STR_EQ(all_of(&box, &text), "3");
    outbox_sent(&box, 1);
    OKAY(outbox_is_empty(&box));
    OKAY(box.first.segment == NULL && box.more == NULL);
    spool_fini(&a);
    spool_fini(&b);
}

TEST(more_than_the_bound_is_refused_and_changes_nothing) {
    struct spool spool = { 0 };
    struct outbox box = { 0 };

    EQ(outbox_push(&box, spool_put(&spool, STR_LIT("12345"), STR_NONE), 8), OK);
    struct span next = spool_put(&spool, STR_LIT("6789"), STR_NONE);
    EQ(outbox_push(&box, next, 8), ERR_TOO_BIG);
    EQ(box.bytes, 5);
    EQ(outbox_push(&box, next, 9), OK);
    outbox_fini(&box);
    spool_fini(&spool);
}

TEST(a_segment_lives_as_long_as_somebody_reads_it) {
    struct spool spool = { 0 };
    struct outbox box = { 0 };

    EQ(outbox_push(&box, spool_put(&spool, STR_LIT("kept"), STR_NONE), BYTES_MAX), OK);
    struct segment *segment = box.first.segment;
    EQ(segment->refs, 2);
    spool_fini(&spool);
    EQ(segment->refs, 1);
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);
    STR_EQ(all_of(&box, &text), "kept");
    outbox_fini(&box);    // and with it the segment: the leak checker says whether it did
}

TEST(a_segment_nobody_reads_is_used_again) {
    struct spool spool = { 0 };
    char *big = xzalloc(SEGMENT_BYTES);
    struct str half = { big, SEGMENT_BYTES / 2 + 1 };

    struct segment *first = spool_put(&spool, half, STR_NONE).segment;
    struct span second = spool_put(&spool, half, STR_NONE);
    OKAY(second.segment == first);
    EQ(second.at, 0);
    xfree(big);
    spool_fini(&spool);
}

TEST(a_frame_larger_than_a_segment_gets_one_of_its_own) {
    struct spool spool = { 0 };
    struct outbox box = { 0 };
    size_t n = 3 * SEGMENT_BYTES;
    char *big = xzalloc(n);

    EQ(outbox_push(&box, spool_put(&spool, STR_LIT("x"), STR_NONE), BYTES_MAX), OK);
    EQ(outbox_push(&box, spool_put(&spool, STR_LIT("h"), (struct str){ big, n }), BYTES_MAX), OK);
    EQ(box.bytes, n + 2);
    outbox_fini(&box);
    spool_fini(&spool);
    xfree(big);
}

TEST(who_lags_keeps_no_segment_of_others_alive) {
    struct spool spool = { 0 };
    struct outbox box = { 0 };
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);

    EQ(outbox_push_copy(&box, spool_put(&spool, STR_LIT("one "), STR_NONE), 8), OK);
    EQ(spool.now->refs, 1);
    EQ(outbox_push_copy(&box, spool_put(&spool, STR_LIT("two "), STR_NONE), 8), OK);
    EQ(outbox_push_copy(&box, spool_put(&spool, STR_LIT("x"), STR_NONE), 8), ERR_TOO_BIG);
    STR_EQ(all_of(&box, &text), "one two ");
    OKAY(box.more == NULL);    // one piece
    outbox_sent(&box, 8);
    OKAY(box.own.now == NULL);
    outbox_fini(&box);
    spool_fini(&spool);
}

TEST(what_is_kept_lets_go_of_the_segments_of_others) {
    struct spool a = { 0 };
    struct spool b = { 0 };
    struct outbox box = { 0 };
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);

    EQ(outbox_push_copy(&box, spool_put(&a, STR_LIT("own "), STR_NONE), BYTES_MAX), OK);
    EQ(outbox_push(&box, spool_put(&a, STR_LIT("one "), STR_NONE), BYTES_MAX), OK);
    EQ(outbox_push(&box, spool_put(&b, STR_LIT("two "), STR_NONE), BYTES_MAX), OK);
    EQ(box.lent_bytes, 8);
    outbox_sent(&box, 6);    // "own " and half of "one "
    EQ(box.lent_bytes, 6);
    EQ(a.now->refs, 2);
    outbox_keep(&box);
    EQ(a.now->refs, 1);
    EQ(b.now->refs, 1);
    EQ(box.lent_bytes, 0);
    STR_EQ(all_of(&box, &text), "e two ");

    EQ(outbox_push(&box, spool_put(&a, STR_LIT("three "), STR_NONE), BYTES_MAX), OK);
    EQ(outbox_push_copy(&box, spool_put(&a, STR_LIT("four"), STR_NONE), BYTES_MAX), OK);
    EQ(a.now->refs, 1);    // a copy behind what was lent keeps that too
    STR_EQ(all_of(&box, &text), "e two three four");
    outbox_fini(&box);
    spool_fini(&a);
    spool_fini(&b);
}

TEST(who_lags_a_little_holds_little) {
    struct spool spool = { 0 };
    struct outbox box = { 0 };
    char frame[400] = { 0 };
    struct str bytes = { frame, sizeof frame };
    size_t held = 0;
    const struct segment *last = NULL;

    EQ(outbox_push_copy(&box, spool_put(&spool, bytes, STR_NONE), BYTES_MAX), OK);
    OKAY(box.own.now->cap < SEGMENT_SMALL_BYTES);
    while (box.bytes < 10 * SEGMENT_BYTES) {
        if (box.own.now != last) {
            last = box.own.now;
            held += sizeof *last + last->cap;
            OKAY(held <= 3 * MAX(box.bytes, SEGMENT_SMALL_BYTES) + SEGMENT_BYTES);
        }
        EQ(outbox_push_copy(&box, spool_put(&spool, bytes, STR_NONE), BYTES_MAX), OK);
    }
    OKAY(box.own.now->cap <= SEGMENT_BYTES);
    outbox_fini(&box);
    spool_fini(&spool);
}

TEST(a_segment_made_for_one_long_frame_takes_no_other) {
    struct spool spool = { 0 };
    size_t n = 3 * SEGMENT_BYTES;
    char *big = xzalloc(n);

    struct segment *odd = spool_put(&spool, (struct str){ big, n }, STR_NONE).segment;
    OKAY(odd->cap >= n);
    struct span small = spool_put(&spool, STR_LIT("x"), STR_NONE);
    OKAY(small.segment->cap <= SEGMENT_BYTES);
    spool_fini(&spool);
    xfree(big);
}

/* Random pushes from two spools and random partial writes: what comes out is what went in. */
TEST(nothing_is_lost_doubled_or_moved) {
    struct rng rng;
    rng_seed(&rng, 7);
    struct spool spools[2] = { 0 };
    struct outbox box = { 0 };
    SCOPED(buf_fini) struct buf in = BUF_INIT(100u << 20);
    SCOPED(buf_fini) struct buf out = BUF_INIT(100u << 20);

    for (int step = 0; step < 50000; step++) {
        if (rng_below(&rng, 3) > 0) {
            char text[16];
            int n = snprintf(text, sizeof text, "<%d>", step);
            struct str frame = { text, (size_t)n };
            struct span span = spool_put(&spools[rng_below(&rng, 2)], frame, STR_NONE);
            bool is_copy = rng_below(&rng, 3) == 0;
            if ((is_copy ? outbox_push_copy : outbox_push)(&box, span, 4096) == OK) {
                buf_put_str(&in, frame);
            }
            continue;
        }
        if (rng_below(&rng, 4) == 0) {
            outbox_keep(&box);
            EQ(box.lent_bytes, 0);
        }
        struct iovec iov[OUTBOX_IOV_MAX];
        size_t count = outbox_peek(&box, iov);
        size_t some = 0;
        for (size_t i = 0; i < count; i++) {
            some += iov[i].iov_len;
        }
        size_t left = some == 0 ? 0 : (size_t)rng_below(&rng, some + 1);
        size_t sent = left;
        for (size_t i = 0; i < count && left > 0; i++) {
            size_t n = MIN(left, iov[i].iov_len);
            buf_put(&out, iov[i].iov_base, n);
            left -= n;
        }
        outbox_sent(&box, sent);
    }
    OKAY(out.n > 10000);
    OKAY(memcmp(in.p, out.p, out.n) == 0);
    EQ(in.n - out.n, box.bytes);
    outbox_fini(&box);
    spool_fini(&spools[0]);
    spool_fini(&spools[1]);
}
