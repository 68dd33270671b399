/* Search: what a query means, and that every driver finds the same, whether its index knows the
 * message yet or not. */
#include "store/search.h"

#include <stdio.h>

#include "store/rig.h"
#include "store/sqlite.h"
#include "test/unit.h"

// ---- what a query means

static bool finds(const char *query, const char *text) {
    SCOPED(arena_fini) struct arena arena = ARENA_INIT;
    SCOPED(buf_fini) struct buf words = BUF_INIT(SEARCH_WORDS_BYTES_MAX);
    struct search search;
    search_parse(str_of(query), &arena, &search);
    return search_finds(&search, str_of(text), &words);
}

TEST(all_words_must_be_there_in_any_order) {
    OKAY(finds("été plage", "À la plage, cet ETE"));
    OKAY(!finds("été mer", "À la plage, cet été"));
    OKAY(finds("a a a", "a"));
    OKAY(!finds("", "anything"));
    OKAY(!finds("👍 !", "👍 !"));
}

TEST(the_last_word_may_be_the_beginning_of_one) {
    OKAY(finds("hello wor", "hello world"));
    OKAY(!finds("hel world", "hello world"));
    OKAY(!finds("orld", "hello world"));
    OKAY(!finds("w", "hello world"));    // one letter begins too much
    OKAY(finds("x", "plan x"));
}

TEST(what_was_written_together_must_be_together) {
    OKAY(finds("京都", "東京都に"));
    OKAY(!finds("京都", "京の都"));
    OKAY(finds("京 都", "都と京"));
    OKAY(finds("국어", "한국어를"));
    OKAY(finds("windows版", "これはWindows版です"));
    OKAY(!finds("windows版", "windows の版"));
}

TEST(a_text_that_is_too_long_is_searched_as_far_as_it_goes) {
    SCOPED(arena_fini) struct arena arena = ARENA_INIT;
    SCOPED(buf_fini) struct buf words = BUF_INIT(12);
    struct search search;
    search_parse(STR_LIT("two"), &arena, &search);
    OKAY(search_finds(&search, STR_LIT("one two three four"), &words));
    search_parse(STR_LIT("four"), &arena, &search);
    OKAY(!search_finds(&search, STR_LIT("one two three four"), &words));
}

// ---- where it looks

CONTRACT(the_newest_come_first_and_the_rest_is_promised) {
    for (int i = 0; i < 5; i++) {
        char text[16];
        snprintf(text, sizeof text, "word%d same", i);
        say(rig, GENERAL, ANN, "")->content = batch_str(rig->batch, str_of(text));
    }
    OKAY(rig_commit(rig));
    for (int round = 0; round < 2; round++) {
        struct ask ask = {
            .kind = ASK_SEARCH, .user = { BOB }, .content = STR_LIT("same"), .limit = 2
        };
        const struct answer *a = rig_ask(rig, &ask);
        STR_EQ(contents(rig, a), "word4 same word3 same ");
        OKAY(a->has_more);
        ask.before = a->messages[1].id.v;
        ask.limit = 3;
        a = rig_ask(rig, &ask);
        STR_EQ(contents(rig, a), "word2 same word1 same word0 same ");
        OKAY(!a->has_more);
        STR_EQ(found(rig, "word2"), "word2 same ");
        EQ(rig_tend(rig, NULL), 0);    // now the index knows them
    }
}

CONTRACT(nobody_finds_what_he_may_not_read) {
    channel(rig, 2, "secret")->is_private = true;
    channel(rig, 3, "ours")->is_private = true;
    channel(rig, 4, "gone");
    dm(rig, 5, ANN, BOB);
    dm(rig, 6, ANN, CLEO);
    OKAY(rig_commit(rig));
    struct event *in = fact(rig, EV_member_added);
    in->room.v = 3;
    in->user.v = BOB;
    static const char *const texts[] = { "x public", "x secret", "x ours",
                                         "x gone",   "x dm",     "x others" };
    for (uint64_t room = 1; room <= 6; room++) {
        say(rig, room, ANN, texts[room - 1]);
    }
    OKAY(rig_commit(rig));
    fact(rig, EV_room_removed)->room.v = 4;
    OKAY(rig_commit(rig));
    for (int round = 0; round < 2; round++) {
        STR_EQ(found(rig, "x"), "x dm x ours x public ");
        EQ(rig_tend(rig, NULL), 0);
    }
    struct event *out = fact(rig, EV_member_removed);
    out->room.v = 3;
    out->user.v = BOB;
    OKAY(rig_commit(rig));
    STR_EQ(found(rig, "x"), "x dm x public ");
    struct ask ask = { .kind = ASK_SEARCH, .user = { BOB }, .content = STR_LIT("x") };
    ask.room.v = 1;
    STR_EQ(contents(rig, rig_ask(rig, &ask)), "x public ");
    ask.room.v = 5;
    const struct answer *a = rig_ask(rig, &ask);
    STR_EQ(contents(rig, a), "x dm ");
    EQ(a->messages[0].room.v, 5);
    EQ(a->messages[0].room_kind, ROOM_DM);
    EQ(a->messages[0].other.v, BOB);
    ask.room.v = UINT64_MAX >> 1;
    EQ(rig_ask(rig, &ask)->message_count, 0);
}

CONTRACT(what_is_found_comes_as_a_history_has_it) {
    struct event *ev = say_once(rig, GENERAL, ANN, "Le bœuf", "k1");
    ev->message_type = MESSAGE_IMAGE;
    ev->media_url = STR_LIT("https://files.example/x.png");
    ev->mentions = STR_LIT("3");
    OKAY(rig_commit(rig));
    react(rig, GENERAL, BOB, 1, "👍");
    OKAY(rig_commit(rig));
    rig_tend(rig, NULL);
    const struct answer *a = rig_ask(
        rig, &(struct ask){ .kind = ASK_SEARCH, .user = { BOB }, .content = STR_LIT("BOEUF") });
    EQ(a->message_count, 1);
    const struct message *m = &a->messages[0];
    EQ(m->id.v, 1);
    EQ(m->seq, 1);
    EQ(m->room.v, GENERAL);
    STR_EQ(m->room_name, "general");
    STR_EQ(m->username, "ann");
    STR_EQ(m->client_id, "k1");
    STR_EQ(m->media_url, "https://files.example/x.png");
    STR_EQ(m->mentions, "3");
    EQ(m->type, MESSAGE_IMAGE);
    STR_EQ(reactions(rig, m), "👍1* ");
}

CONTRACT(an_edited_message_is_found_by_what_it_says_now) {
    say(rig, GENERAL, ANN, "old words");
    say(rig, GENERAL, ANN, "other words");
    say(rig, GENERAL, ANN, "gone words");
    OKAY(rig_commit(rig));
    rig_tend(rig, NULL);
    edit(rig, 1, ANN, "between words");
    OKAY(rig_commit(rig));
    edit(rig, 1, ANN, "new words");
    erase(rig, 3, ANN);
    OKAY(rig_commit(rig));
    for (int round = 0; round < 3; round++) {
        STR_EQ(found(rig, "old"), "");
        STR_EQ(found(rig, "between"), "");
        STR_EQ(found(rig, "gone"), "");
        STR_EQ(found(rig, "new"), "new words ");
        STR_EQ(found(rig, "words"), "other words new words ");
        rig_tend(rig, NULL);
        rig_reopen(rig);
    }
    edit(rig, 1, ANN, "old words");
    OKAY(rig_commit(rig));
    rig_tend(rig, NULL);
    STR_EQ(found(rig, "old"), "old words ");
    STR_EQ(found(rig, "new"), "");
}

CONTRACT(nothing_in_a_query_is_a_command) {
    say(rig, GENERAL, ANN, "a AND b OR NEAR(c) \"quoted\" words:x d*");
    OKAY(rig_commit(rig));
    for (int round = 0; round < 2; round++) {
        static const char *const hits[] = { "AND",     "\"quoted\"", "\"quoted", "words:x", "b OR",
                                            "NEAR(c)", "NOT' -- d*", "^a",       "a + b",   "{x}" };
        for (size_t i = 0; i < COUNT(hits); i++) {
            bool is_hit = strstr(hits[i], "NOT") == NULL;
            EQ(found(rig, hits[i]).n > 0, is_hit);
        }
        rig_tend(rig, NULL);
    }
}

CONTRACT(every_script_is_found_through_the_index_as_without) {
    static const char *const rows[][2] = {
        { "東京都に行きました", "京都" },
        { "한국어를 배워요", "국어" },
        { "ｶﾞﾝﾀﾞﾑ", "ガン" },
        { "ΣΊΣΥΦΟΣ", "σισυφος" },
        { "Tiếng Việt", "tieng vi" },
        { "Straße", "STRASS" },
        { "IŞIK", "ışı" },
        { "हिन्दी में", "हिन्दी" },
        { "สวัสดีครับ", "ดีครับ" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        say(rig, GENERAL, ANN, rows[i][0]);
    }
    OKAY(rig_commit(rig));
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            const struct answer *a = rig_ask(rig, &(struct ask){ .kind = ASK_SEARCH,
                                                                 .user = { BOB },
                                                                 .content = str_of(rows[i][1]) });
            EQ(a->message_count, 1);
            STR_EQ(a->messages[0].content, rows[i][0]);
        }
        rig_tend(rig, NULL);
    }
}

// ---- the index

static int64_t number(struct rig *rig, const char *sql) {
    int64_t n = -1;
    EQ(sql_number(rig_db(rig), sql, &n), OK);
    return n;
}

/* Entries of the index that hold this word, whatever the tables say of their messages. */
static int64_t entries(struct rig *rig, const char *word) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM search_index WHERE words MATCH '\"%s\"'", word);
    return number(rig, sql);
}

TEST(the_index_forgets_what_it_is_told_and_nothing_else) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    channel(rig, 2, "other");
    for (int i = 0; i < 20; i++) {
        say(rig, i % 2 == 0 ? GENERAL : 2, ANN, i < 10 ? "early été" : "late été");
    }
    OKAY(rig_commit(rig));
    EQ(entries(rig, "ete"), 0);
    rig_tend(rig, NULL);
    EQ(entries(rig, "ete"), 20);
    EQ(number(rig, "SELECT value FROM meta WHERE key = 'indexed'"), 20);
    erase(rig, 1, ANN);
    edit(rig, 2, ANN, "hiver");
    react(rig, GENERAL, ANN, 3, "x");
    OKAY(rig_commit(rig));
    EQ(number(rig, "SELECT count(*) FROM search_stale"), 2);
    rig_tend(rig, NULL);
    EQ(number(rig, "SELECT count(*) FROM search_stale"), 0);
    EQ(entries(rig, "ete"), 18);
    EQ(entries(rig, "hiver"), 1);
    fact(rig, EV_room_removed)->room.v = 2;
    OKAY(rig_commit(rig));
    rig_tend(rig, NULL);
    EQ(entries(rig, "hiver"), 0);
    EQ(entries(rig, "ete"), 9);
    EQ(rig_tend(rig, &(struct keep){ .messages = 4 }), 7);
    EQ(entries(rig, "ete"), 3);    // and a reaction, which has no entry
    EQ(sql_run(rig_db(rig), "INSERT INTO search_index (search_index) VALUES ('integrity-check')"),
       OK);
}

TEST(the_index_is_asked_in_its_own_order) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    sqlite3_stmt *stmt = NULL;
    bool is_row;
    EQ(sql_prepare(rig_db(rig),
                   "EXPLAIN QUERY PLAN SELECT m.id FROM search_index s"
                   " CROSS JOIN messages m ON m.id = s.rowid WHERE s.words MATCH '\"a\"'"
                   " AND s.rowid < 9 ORDER BY s.rowid DESC",
                   &stmt),
       OK);
    int rows = 0;
    while (sql_next(stmt, &is_row) == OK && is_row) {
        OKAY(strstr(sql_text(stmt, 3).p, "TEMP B-TREE") == NULL);
        rows++;
    }
    EQ(rows, 2);
    sql_finalize(&stmt);
}

TEST(the_parts_of_the_index_are_merged) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    for (int i = 0; i < 200; i++) {
        say(rig, GENERAL, ANN, "one part each");
        OKAY(rig_commit(rig));
        struct tend_report report;
        EQ(rig->store->ops->tend(rig->store, &(struct tend_ask){ .now_ms = rig->now_ms }, &report),
           OK);
    }
    rig_tend(rig, NULL);
    OKAY(number(rig, "SELECT count(DISTINCT segid) FROM search_index_idx") < 20);
    EQ(entries(rig, "part"), 200);
}

TEST(a_slice_that_cannot_be_written_is_done_again) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    for (int i = 0; i < 400; i++) {
        char text[64];
        snprintf(text, sizeof text, "words %d %d %d", i * 7919, i * 104729, i * 1299709);
        say(rig, GENERAL, ANN, "")->content = batch_str(rig->batch, str_of(text));
    }
    OKAY(rig_commit(rig));
    struct tend_report report = { .has_more = true };
    struct tend_ask ask = { .now_ms = rig->now_ms, .budget_us = 100000 };
    enum err err = OK;
    rig_make_full(rig, true);
    while (err == OK && report.has_more) {
        err = rig->store->ops->tend(rig->store, &ask, &report);
    }
    EQ(err, ERR_FULL);
    OKAY(!report.has_more);
    STR_EQ(found(rig, "7919 words"), "words 7919 104729 1299709 ");
    rig_make_full(rig, false);
    rig_tend(rig, NULL);
    EQ(entries(rig, "words"), 400);
    EQ(entries(rig, "7919"), 1);
}
