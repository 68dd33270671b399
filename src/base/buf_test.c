/* Buffers: what is put is there, up to the bound and not a byte beyond. */
#include "base/buf.h"

#include "test/unit.h"

TEST(what_is_put_is_there) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
    buf_put(&b, "ab", 2);
    buf_put_str(&b, STR_LIT("cd"));
    buf_put_char(&b, '-');
    BUF_PUT_LIT(&b, "lit ");
    buf_put_u64(&b, 0);
    buf_put_char(&b, ' ');
    buf_put_u64(&b, UINT64_MAX);
    buf_put_char(&b, ' ');
    buf_put_i64(&b, INT64_MIN);
    buf_put_char(&b, ' ');
    buf_put_i64(&b, 42);
    buf_printf(&b, " %s=%d", "x", 7);
    STR_EQ(buf_str(&b), "abcd-lit 0 18446744073709551615 -9223372036854775808 42 x=7");
    OKAY(buf_ok(&b));
}

TEST(a_buffer_grows_to_its_bound_and_not_beyond) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
    for (int i = 0; i < 1000; i++) {
        buf_put_char(&b, (char)('a' + i % 26));
    }
    OKAY(buf_ok(&b));
    EQ(b.n, 1000);
    EQ(b.cap, 1000);
    for (size_t i = 0; i < 1000; i++) {
        EQ(b.p[i], 'a' + i % 26);
    }
    buf_put_char(&b, 'x');
    OKAY(!buf_ok(&b));
    EQ(b.n, 1000);
}

TEST(once_over_nothing_more_is_written) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(4);
    buf_put(&b, "abc", 3);
    buf_put(&b, "de", 2);
    OKAY(!buf_ok(&b));
    buf_put_char(&b, 'f');    // would fit, but a hole in a message is worse than no message
    buf_put_u64(&b, 1);
    buf_put_i64(&b, -1);
    buf_printf(&b, "g");
    OKAY(buf_room(&b, 1) == NULL);
    STR_EQ(buf_str(&b), "abc");

    buf_reset(&b);
    OKAY(buf_ok(&b));
    buf_put(&b, "wxyz", 4);
    STR_EQ(buf_str(&b), "wxyz");
}

TEST(sizes_that_would_wrap_are_over_the_bound) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(100);
    buf_put_char(&b, 'x');
    OKAY(buf_room(&b, SIZE_MAX) == NULL);
    OKAY(!buf_ok(&b));
}

TEST(a_bound_near_the_end_of_numbers_does_not_wrap) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(SIZE_MAX);
    BUF_PUT_LIT(&b, "abc");
    STR_EQ(buf_str(&b), "abc");
}

TEST(printf_fills_the_bound_exactly) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(6);
    buf_printf(&b, "%06d", 123);
    STR_EQ(buf_str(&b), "000123");
    OKAY(buf_ok(&b));
    buf_printf(&b, "%s", "");
    OKAY(buf_ok(&b));
    buf_printf(&b, "%c", 'x');
    OKAY(!buf_ok(&b));

    buf_reset(&b);
    buf_printf(&b, "%07d", 1);
    OKAY(!buf_ok(&b));
    EQ(b.n, 0);
}

TEST(printf_uses_the_room_there_is) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
    for (int i = 0; i < 100; i++) {
        buf_printf(&b, "%04d,", i);
    }
    EQ(b.n, 500);
    OKAY(str_starts((struct str){ b.p + 495, 5 }, STR_LIT("0099,")));
}

TEST(room_is_written_and_then_added) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(10);
    char *room = buf_room(&b, 10);
    OKAY(room != NULL);
    memcpy(room, "hello", 5);
    buf_added(&b, 5);
    STR_EQ(buf_str(&b), "hello");
    OKAY(buf_room(&b, 5) == b.p + 5);
    OKAY(buf_room(&b, 6) == NULL);
}

TEST(dropping_moves_the_rest_down) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(10);
    buf_put(&b, "abcdef", 6);
    buf_drop(&b, 2);
    STR_EQ(buf_str(&b), "cdef");
    buf_drop(&b, 0);
    STR_EQ(buf_str(&b), "cdef");
    buf_drop(&b, 4);
    EQ(b.n, 0);
}

TEST(nothing_can_be_put_into_nothing) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(0);
    buf_put(&b, NULL, 0);
    buf_put_str(&b, STR_NONE);
    OKAY(buf_ok(&b));
    buf_put_char(&b, 'x');
    OKAY(!buf_ok(&b));
    buf_fini(&b);
    OKAY(buf_ok(&b));
    EQ(b.bytes_max, 0);
}
