/* What a message may be made of, and whom it names. */
#include <stdio.h>

#include "core/rig.h"
#include "test/unit.h"

static struct cmd image(const char *url) {
    return CMD_OF(message_send, .room_name = STR_LIT("general"), .content = STR_LIT("look"),
                  .message_type = MESSAGE_IMAGE, .media_url = str_of(url));
}

TEST(a_message_with_media_says_where_it_is) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = image("/uploads/images/photo123.jpg");
    cmd.media_type = STR_LIT("image/jpeg");
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_message_posted, 0);
    EQ(ev->message_type, MESSAGE_IMAGE);
    STR_EQ(ev->media_url, "/uploads/images/photo123.jpg");
    STR_EQ(ev->media_type, "image/jpeg");
    EQ(rig_do(rig, "ann", image("")), REFUSE_malformed);
    STR_EQ(rig_detail(rig), "media_url: a message of the type image needs it");
    cmd.message_type = MESSAGE_TEXT;
    EQ(rig_do(rig, "ann", cmd), REFUSE_malformed);
}

TEST(media_is_an_upload_of_ours_or_https_and_nothing_a_page_could_run) {
    static const char *const good[] = { "/uploads/images/a.jpg", "/uploads/a_b-c.webm",
                                        "https://cdn.example.org/x.png?size=2#top",
                                        "https://[::1]/x" };
    static const char *const bad[] = {
        "http://cdn.example.org/x.png",
        "javascript:alert(1)",
        "data:text/html,x",
        "/uploads/",
        "/uploads/../jwt.key",
        "/uploads/a/../b",
        "/uploads//a",
        "/uploads/a/",
        "/uploads/.a",
        "/uploads/a%2e",
        "/uploads/a?x",
        "/other/a.jpg",
        "//evil.example/a",
        "https://",
        "https:///x",
        "https://a b",
        "https://a\"onload=\"x",
        "https://a<b>",
        "/uploads/a#b",
        "https://\u00e9",
        " https://a",
    };
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    for (size_t i = 0; i < COUNT(good); i++) {
        EQ(rig_do(rig, "ann", image(good[i])), REFUSE_NONE);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(rig_do(rig, "ann", image(bad[i])), REFUSE_malformed);
    }
}

TEST(media_needs_no_words_and_text_does) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = image("https://a/b.png");
    cmd.content = STR_NONE;
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    EQ(rig_do(rig, "ann", SAY("general", " ")), REFUSE_empty);
}

TEST(a_recording_lasts_a_day_at_most) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = image("https://a/b.mp3");
    cmd.message_type = MESSAGE_AUDIO;
    cmd.duration_ms = MEDIA_DURATION_MS_MAX;
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_posted, 0)->duration_ms, MEDIA_DURATION_MS_MAX);
    cmd.duration_ms++;
    EQ(rig_do(rig, "ann", cmd), REFUSE_malformed);
}

TEST(a_media_type_is_two_names_and_a_slash) {
    static const char *const bad[] = {
        "image", "/png", "image/", "image/png; x=1", "a b/c", "a/b/c"
    };
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = image("https://a/b.png");
    for (size_t i = 0; i < COUNT(bad); i++) {
        cmd.media_type = str_of(bad[i]);
        EQ(rig_do(rig, "ann", cmd), REFUSE_malformed);
    }
    cmd.media_type = STR_LIT("application/vnd.oasis.opendocument.text+x");
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
}

TEST(nobody_says_what_the_server_says_nor_a_reaction_as_a_message) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    static const enum message_type types[] = { MESSAGE_REACTION, MESSAGE_SYSTEM,
                                               MESSAGE_NOTIFICATION, MESSAGE_TYPE_COUNT };
    for (size_t i = 0; i < COUNT(types); i++) {
        struct cmd cmd = SAY("general", "x");
        cmd.message_type = types[i];
        EQ(rig_do(rig, "ann", cmd), REFUSE_malformed);
    }
}

TEST(a_reply_names_a_message_there_can_be) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = SAY("general", "x");
    cmd.reply_to = 9;
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_posted, 0)->reply_to.v, 9);
    cmd.reply_to = ID_MAX + 1;
    EQ(rig_do(rig, "ann", cmd), REFUSE_message_unknown);
}

// ---- mentions

static void names(struct rig *rig, const char *text, const char *ids, size_t sessions) {
    EQ(rig_do(rig, "ann", SAY("general", text)), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_message_posted, 0);
    STR_EQ(ev->mentions, ids);
    EQ(ev->session_count, sessions);
    EQ(ev->audience, AUD_ROOM);
}

TEST(people_named_in_a_message_are_called) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "Chloé", "bob.smith", "zoe away");
    rig_open(rig, "bob/2");
    names(rig, "hello @bob", "2", 2);
    names(rig, "@BOB, are you there?", "2", 2);
    names(rig, "(@bob) and @chloé.", "2,3", 3);
    names(rig, "@bob.smith", "4", 1);
    names(rig, "see @bob...", "2", 2);
    names(rig, "@bob @bob @bob", "2", 2);
    names(rig, "@zoe", "5", 0);
}

TEST(what_is_no_name_calls_nobody) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    names(rig, "mail@bob", "", 0);
    names(rig, "@bobby", "", 0);
    names(rig, "@", "", 0);
    names(rig, "@@", "", 0);
    names(rig, "@ann", "", 0);    // oneself
    names(rig, "bob", "", 0);
    names(rig, "@nobody-here", "", 0);
}

TEST(only_those_who_may_read_the_room_are_called) {
    SCOPED(rig_free)
    struct rig *rig = rig_new("mia member of secret", "bob", "pat member of secret");
    EQ(rig_do(rig, "mia", SAY("secret", "@bob @pat")), REFUSE_NONE);
    STR_EQ(rig_event(rig, EV_message_posted, 0)->mentions, "3");
    EQ(rig_event(rig, EV_message_posted, 0)->session_count, 1);
}

TEST(one_message_calls_so_many_and_no_more) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    SCOPED(buf_fini) struct buf text = BUF_INIT(4096);
    for (unsigned i = 0; i < MENTIONS_MAX + 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "user%u", i);
        CHECK(rig_do(rig, "operator", CMD_OF(user_add, .username = TEXT_OF(name))) == REFUSE_NONE);
        buf_printf(&text, "@%s ", name);
    }
    struct cmd cmd = CMD_OF(message_send, .room_name = STR_LIT("general"));
    cmd.content = buf_str(&text);
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    struct str ids = rig_event(rig, EV_message_posted, 0)->mentions;
    size_t count = 0;
    while (ids.n > 0) {
        str_cut(&ids, ',');
        count++;
    }
    EQ(count, MENTIONS_MAX);
}

TEST(an_edit_says_whom_it_names_and_calls_nobody_again) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    struct cmd edit = EDIT(3, "and @bob");
    edit.room = 1;
    EQ(rig_do(rig, "ann", edit), REFUSE_NONE);
    STR_EQ(rig_event(rig, EV_message_edited, 0)->mentions, "2");
    EQ(rig_event(rig, EV_message_edited, 0)->session_count, 0);
}

TEST(an_edit_that_names_no_room_names_nobody) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "ann", EDIT(3, "and @bob")), REFUSE_NONE);    // who may read it is not known
    STR_EQ(rig_event(rig, EV_message_edited, 0)->mentions, "");
}
