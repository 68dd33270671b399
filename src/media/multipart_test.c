/* Forms against RFC 7578 and RFC 2046: every body is fed whole and in pieces of 1, 2, 3, 7 and 61
 * bytes, and must always come out the same. */
#include "media/multipart_tape.h"
#include "test/unit.h"

#define LOG_BYTES_MAX (1 << 20)
#define TYPE "multipart/form-data; boundary=XX"
#define DISPOSITION "Content-Disposition: form-data; name=\"file\""
#define FILE_PART "--XX\r\n" DISPOSITION "\r\n\r\n"
#define FORM(bytes) FILE_PART bytes "\r\n--XX--\r\n"

/* Feeds the body in every way; each must give `want` and `err`. */
static void gives(const char *content_type, struct str body, enum err err, const char *want) {
    static const size_t cuts[] = { LOG_BYTES_MAX, 1, 2, 3, 7, 61 };
    for (size_t i = 0; i < COUNT(cuts); i++) {
        SCOPED(buf_fini) struct buf log = BUF_INIT(LOG_BYTES_MAX);
        EQ(multipart_tape(str_of(content_type), body, cuts[i], &log), err);
        STR_EQ(buf_str(&log), want);
    }
}

static void reads(const char *body, const char *want) {
    gives(TYPE, str_of(body), OK, want);
}

/* The body must be refused, always with the same sentence, which has `word` in it. */
static void is_refused_bytes(struct str body, enum err err, const char *word) {
    SCOPED(buf_fini) struct buf log = BUF_INIT(LOG_BYTES_MAX);
    EQ(multipart_tape(STR_LIT(TYPE), body, body.n + 1, &log), err);
    buf_put_char(&log, '\0');
    if (strstr(log.p, word) == NULL) {
        print_error("not \"%s\" in: %s\n", word, log.p);
    }
    OKAY(strstr(log.p, word) != NULL);
    gives(TYPE, body, err, log.p);
}

static void is_refused(const char *body, const char *word) {
    is_refused_bytes(str_of(body), ERR_PROTO, word);
}

/* ---- what is read */

TEST(a_file_is_read_with_what_its_sender_says_of_it) {
    reads("--XX\r\n"
          "Content-Disposition: form-data; name=\"photo\"; filename=\"a b;c.jpg\"\r\n"
          "Content-Type: image/jpeg\r\n\r\n"
          "one\r\ntwo\r\n--XX--\r\n",
          "file name=[photo] filename=[a b;c.jpg] type=[image/jpeg]\none\r\ntwo\nend\nOK");
}

TEST(a_part_named_file_needs_no_file_name) {
    reads(FORM("abc"), "file name=[file]\nabc\nend\nOK");
}

TEST(the_first_part_that_is_a_file_counts_others_are_read_past) {
    reads("--XX\r\nContent-Disposition: form-data; name=caption\r\n\r\nlook\r\n"
          "--XX\r\nContent-Disposition: form-data; name=a; filename=\"\"\r\n\r\nfirst\r\n"
          "--XX\r\n" DISPOSITION "; filename=b\r\n\r\nsecond\r\n--XX--",
          "file name=[a] filename=[]\nfirst\nend\nOK");
}

TEST(what_looks_like_a_boundary_is_data) {
    reads(FORM("\r\n--X\r\n--\r\r\n-\n--XX\r\n --XX-XX"),
          "file name=[file]\n\r\n--X\r\n--\r\r\n-\n--XX\r\n --XX-XX\nend\nOK");
    reads(FORM("\r\n\r\n"), "file name=[file]\n\r\n\r\n\nend\nOK");
    reads(FORM("--X"), "file name=[file]\n--X\nend\nOK");
    reads(FORM("-"), "file name=[file]\n-\nend\nOK");
}

TEST(zero_bytes_and_high_bytes_go_through) {
    SCOPED(buf_fini) struct buf log = BUF_INIT(LOG_BYTES_MAX);
    EQ(multipart_tape(STR_LIT(TYPE), STR_LIT(FORM("\0\xff\0\r\0")), 1, &log), OK);
    OKAY(str_eq(buf_str(&log), STR_LIT("file name=[file]\n\0\xff\0\r\0\nend\nOK")));
}

TEST(a_part_may_be_empty_with_and_without_a_line_end_of_its_own) {
    reads(FORM(""), "file name=[file]\n\nend\nOK");
    reads(FILE_PART "--XX--", "file name=[file]\n\nend\nOK");
}

TEST(a_preamble_and_an_epilogue_are_read_past_rfc_2046_section_5_1_1) {
    reads("This is a form.\r\n" FORM("abc") "That was a form.\r\n--XX\r\n",
          "file name=[file]\nabc\nend\nOK");
    reads("\r\n" FORM("abc"), "file name=[file]\nabc\nend\nOK");
    reads("--X\r\n" FORM("abc"), "file name=[file]\nabc\nend\nOK");
}

TEST(white_space_may_follow_a_boundary_rfc_2046_section_5_1_1) {
    reads("--XX \t \r\n" DISPOSITION "\r\n\r\nabc\r\n--XX-- \r\n",
          "file name=[file]\nabc\nend\nOK");
}

TEST(names_are_unescaped) {
    reads("--XX\r\nContent-Disposition: form-data; name=\"f\\\"i\\\\l\\e\"; "
          "filename=\"C:\\x\"\r\n\r\n"
          "\r\n--XX--",
          "file name=[f\"i\\l\\e] filename=[C:\\x]\n\nend\nOK");
    reads("--XX\r\nContent-Disposition: form-data; name=a; filename*=UTF-8''%e2%82%ac\r\n\r\n"
          "\r\n--XX--",
          "file name=[a] filename=[UTF-8''%e2%82%ac]\n\nend\nOK");
    reads("--XX\r\ncontent-disposition:FORM-DATA;NAME=a;FileName=b;;\r\n\r\n\r\n--XX--",
          "file name=[a] filename=[b]\n\nend\nOK");
}

TEST(encodings_that_change_nothing_are_fine) {
    static const char *const fine[] = { "binary", "8BIT", "7bit" };
    for (size_t i = 0; i < COUNT(fine); i++) {
        SCOPED(buf_fini) struct buf body = BUF_INIT(1000);
        buf_printf(&body,
                   "--XX\r\n" DISPOSITION "\r\nContent-Transfer-Encoding: %s\r\nX-A: b\r\n\r\nabc"
                   "\r\n--XX--",
                   fine[i]);
        gives(TYPE, buf_str(&body), OK, "file name=[file]\nabc\nend\nOK");
    }
}

/* ---- Content-Type */

TEST(the_boundary_is_found_quoted_or_not) {
    static const char *const fine[] = {
        "multipart/form-data; boundary=XX",
        "Multipart/Form-Data;BOUNDARY=\"XX\"",
        "multipart/form-data; charset=utf-8; boundary=XX; a=\"b;boundary=YY\"",
        "multipart/form-data ; boundary=XX ;",
    };
    for (size_t i = 0; i < COUNT(fine); i++) {
        OKAY(multipart_is_form(str_of(fine[i])));
        gives(fine[i], STR_LIT(FORM("abc")), OK, "file name=[file]\nabc\nend\nOK");
    }
    gives("multipart/form-data; boundary=\"a b:/?='()+_,-.\"",
          STR_LIT("--a b:/?='()+_,-.\r\n" DISPOSITION "\r\n\r\nx\r\n--a b:/?='()+_,-.--"), OK,
          "file name=[file]\nx\nend\nOK");
    gives("multipart/form-data; boundary=----=_Part:1",
          STR_LIT("------=_Part:1\r\n" DISPOSITION "\r\n\r\nx\r\n------=_Part:1--"), OK,
          "file name=[file]\nx\nend\nOK");
}

TEST(a_boundary_has_1_to_70_allowed_characters_and_there_is_one) {
    static const char *const bad[] = {
        "",
        "multipart/form-data",
        "multipart/mixed; boundary=XX",
        "image/jpeg",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"XX \"",
        "multipart/form-data; boundary=\"X",
        "multipart/form-data; boundary=\"X\\\"X\"",
        "multipart/form-data; boundary=X\"X\"",
        "multipart/form-data; boundary=X@X",
        "multipart/form-data; boundary=XX; boundary=XX",
        "multipart/form-data; boundary=XX; a",
        "multipart/form-data; boundary=XX; =b",
        "multipart/form-data; boundary=XX YY",
        "multipart/form-data boundary=XX",
        "multipart/form-data; boundary=\xc3\xa9",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        gives(bad[i], STR_LIT(FORM("abc")), ERR_PROTO,
              "Content-Type must be: multipart/form-data; boundary=1 to 70 letters and digits");
    }
    for (size_t n = 70; n <= 71; n++) {
        struct multipart *m = NULL;
        const char *why = NULL;
        SCOPED(buf_fini) struct buf type = BUF_INIT(200);
        BUF_PUT_LIT(&type, "multipart/form-data; boundary=");
        for (size_t i = 0; i < n; i++) {
            buf_put_char(&type, 'b');
        }
        EQ(multipart_new(buf_str(&type), &m, &why), n == 70 ? OK : ERR_PROTO);
        multipart_free(&m);
        OKAY(m == NULL);
    }
    OKAY(!multipart_is_form(STR_NONE));
    OKAY(!multipart_is_form(STR_LIT("multipart/form-datas")));
}

/* ---- what is refused */

TEST(a_body_that_is_cut_off_is_refused) {
    static const char whole[] = FORM("abc");
    for (size_t n = 0; n < sizeof whole - 3; n++) {    // the last CR LF may be missing
        is_refused_bytes((struct str){ whole, n }, ERR_PROTO, "ended before its last boundary");
    }
}

TEST(a_form_without_a_file_is_refused) {
    is_refused("--XX--\r\n", "a part with a file");
    is_refused("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--XX--",
               "a part with a file");
}

TEST(a_boundary_ends_its_line) {
    is_refused("--XXY\r\n", "followed by the end of its line");
    is_refused("--XX-\r\n", "followed by the end of its line");
    is_refused("--XX- -\r\n", "followed by the end of its line");
    is_refused("--XX \r \n", "followed by the end of its line");
    is_refused("--XX --\r\n", "followed by the end of its line");
    is_refused("--XX\n" DISPOSITION, "followed by the end of its line");
    is_refused(FILE_PART "a\r\n--XXb\r\n--XX--", "followed by the end of its line");
}

TEST(a_parts_head_must_be_clean) {
    static const struct {
        const char *head;
        const char *word;
    } rows[] = {
        { "\r\n", "Content-Disposition" },
        { "Content-Type: image/png\r\n\r\n", "Content-Disposition" },
        { "Content-Disposition: attachment; name=file\r\n\r\n", "Content-Disposition" },
        { "Content-Disposition: form-data\r\n\r\n", "Content-Disposition" },
        { "Content-Disposition: form-data; filename=a\r\n\r\n", "Content-Disposition" },
        { "Content-Disposition: form-data; name=a; name=b\r\n\r\n", "Content-Disposition" },
        { "Content-Disposition: form-data; name=\"a\r\n\r\n", "Content-Disposition" },
        { "Content-Disposition: form-data; name=\"a\"b\r\n\r\n", "Content-Disposition" },
        { "Content-Disposition: form-data; name=a; b\r\n\r\n", "Content-Disposition" },
        { DISPOSITION "\r\n" DISPOSITION "\r\n\r\n", "Content-Disposition" },
        { DISPOSITION ";\r\n filename=a\r\n\r\n", "on one line" },
        { " " DISPOSITION "\r\n\r\n", "on one line" },
        { "\t" DISPOSITION "\r\n\r\n", "on one line" },
        { "Content-Disposition : form-data; name=file\r\n\r\n", "on one line" },
        { "nothing\r\n\r\n", "on one line" },
        { ": a\r\n\r\n", "on one line" },
        { DISPOSITION "\n\n", "CR LF" },
        { DISPOSITION "\r\r\n\r\n", "CR LF" },
        { DISPOSITION "\x01\r\n\r\n", "text" },
        { DISPOSITION "\x7f\r\n\r\n", "text" },
        { DISPOSITION "\r\nContent-Transfer-Encoding: base64\r\n\r\n", "transfer encoding" },
        { DISPOSITION "\r\ncontent-transfer-encoding: quoted-printable\r\n\r\n",
          "transfer encoding" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        SCOPED(buf_fini) struct buf body = BUF_INIT(1000);
        buf_printf(&body, "--XX\r\n%sabc\r\n--XX--\r\n", rows[i].head);
        is_refused_bytes(buf_str(&body), ERR_PROTO, rows[i].word);
    }
    is_refused_bytes(STR_LIT("--XX\r\n" DISPOSITION "\0\r\n\r\n"), ERR_PROTO, "text");
}

/* ---- limits */

static void put_many(struct buf *b, char c, size_t n) {
    char *room = buf_room(b, n);
    OKAY(room != NULL);
    memset(room, c, n);
    buf_added(b, n);
}

TEST(a_head_has_4096_bytes_at_most) {
    for (size_t over = 0; over <= 1; over++) {
        SCOPED(buf_fini) struct buf body = BUF_INIT(LOG_BYTES_MAX);
        BUF_PUT_LIT(&body, "--XX\r\n");
        BUF_PUT_LIT(&body, DISPOSITION "\r\nX: ");
        put_many(&body, 'x', 6 + MULTIPART_HEAD_BYTES_MAX + over - 4 - body.n);
        BUF_PUT_LIT(&body, "\r\n\r\nabc\r\n--XX--");
        if (over == 0) {
            gives(TYPE, buf_str(&body), OK, "file name=[file]\nabc\nend\nOK");
        } else {
            is_refused_bytes(buf_str(&body), ERR_TOO_BIG, "4096");
        }
    }
}

TEST(there_are_32_parts_at_most) {
    for (size_t over = 0; over <= 1; over++) {
        SCOPED(buf_fini) struct buf body = BUF_INIT(LOG_BYTES_MAX);
        for (size_t i = 0; i < MULTIPART_PARTS_MAX - 1 + over; i++) {
            BUF_PUT_LIT(&body, "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n");
        }
        BUF_PUT_LIT(&body, FORM("abc"));
        if (over == 0) {
            gives(TYPE, buf_str(&body), OK, "file name=[file]\nabc\nend\nOK");
        } else {
            is_refused_bytes(buf_str(&body), ERR_TOO_BIG, "32 parts");
        }
    }
}

TEST(a_part_that_is_not_the_file_has_65536_bytes_at_most) {
    for (size_t over = 0; over <= 1; over++) {
        SCOPED(buf_fini) struct buf body = BUF_INIT(LOG_BYTES_MAX);
        BUF_PUT_LIT(&body, "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n");
        put_many(&body, '\r', MULTIPART_FIELD_BYTES_MAX + over);
        BUF_PUT_LIT(&body, "\r\n" FORM("abc"));
        if (over == 0) {
            gives(TYPE, buf_str(&body), OK, "file name=[file]\nabc\nend\nOK");
        } else {
            is_refused_bytes(buf_str(&body), ERR_TOO_BIG, "65536");
        }
    }
}

TEST(the_file_itself_is_bounded_by_who_asked_for_it) {
    SCOPED(buf_fini) struct buf body = BUF_INIT(LOG_BYTES_MAX);
    SCOPED(buf_fini) struct buf want = BUF_INIT(LOG_BYTES_MAX);
    BUF_PUT_LIT(&body, FILE_PART);
    BUF_PUT_LIT(&want, "file name=[file]\n");
    put_many(&body, 'x', 4 * MULTIPART_FIELD_BYTES_MAX);
    put_many(&want, 'x', 4 * MULTIPART_FIELD_BYTES_MAX);
    BUF_PUT_LIT(&body, "\r\n--XX--");
    BUF_PUT_LIT(&want, "\nend\nOK");
    buf_put_char(&want, '\0');
    gives(TYPE, buf_str(&body), OK, want.p);
}

TEST(a_body_begins_with_its_boundary_or_soon) {
    for (size_t over = 0; over <= 1; over++) {
        SCOPED(buf_fini) struct buf body = BUF_INIT(LOG_BYTES_MAX);
        put_many(&body, 'x', MULTIPART_PREAMBLE_BYTES_MAX + over);
        BUF_PUT_LIT(&body, "\r\n" FORM("abc"));
        if (over == 0) {
            gives(TYPE, buf_str(&body), OK, "file name=[file]\nabc\nend\nOK");
        } else {
            is_refused_bytes(buf_str(&body), ERR_TOO_BIG, "begin with its boundary");
        }
    }
}

TEST(a_failure_lasts) {
    static const struct multipart_sink nobody = { 0 };
    SCOPED(multipart_free) struct multipart *m = NULL;
    const char *why = NULL;
    EQ(multipart_new(STR_LIT(TYPE), &m, &why), OK);
    EQ(multipart_feed(m, "--XX?", 5, &nobody, NULL), ERR_PROTO);
    EQ(multipart_feed(m, "--XX--", 6, &nobody, NULL), ERR_PROTO);
    EQ(multipart_end(m), ERR_PROTO);
    OKAY(strlen(multipart_why(m)) > 10);
}
