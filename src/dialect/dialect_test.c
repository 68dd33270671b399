/* Every dialect, every event, every view: encoded as its framing demands, or silenced on
 * purpose. */
#include "test/unit.h"

#include "dialect/dialect.h"

/* What a dialect keeps to itself: one row each, a bit for each view. Whoever adds an event finds
 * it missing here. */
#define ALL (BIT(VIEW_OTHER) | BIT(VIEW_AUTHOR) | BIT(VIEW_ORIGIN))

static const unsigned silent[DIALECT_COUNT][EVENT_COUNT] = {
    [DIALECT_envelope] = { [EV_room_entered] = BIT(VIEW_ORIGIN),
                           [EV_room_left] = BIT(VIEW_ORIGIN),
                           [EV_read_changed] = BIT(VIEW_ORIGIN),
                           [EV_typing_changed] = BIT(VIEW_AUTHOR) | BIT(VIEW_ORIGIN) },
    [DIALECT_hub] = { [EV_room_entered] = ALL,
                      [EV_room_left] = ALL,
                      [EV_read_changed] = ALL,
                      [EV_session_expiring] = ALL,
                      [EV_typing_changed] = BIT(VIEW_AUTHOR) | BIT(VIEW_ORIGIN) },
    [DIALECT_tchatator] = { [EV_message_posted] = ALL,
                            [EV_message_edited] = ALL,
                            [EV_message_deleted] = ALL,
                            [EV_read_changed] = ALL,
                            [EV_room_entered] = ALL,
                            [EV_room_left] = ALL,
                            [EV_room_removed] = ALL,
                            [EV_typing_changed] = ALL,
                            [EV_session_ended] = ALL,
                            [EV_session_expiring] = ALL },
};

/* Who has a word for being named in a message; of nothing else is anybody told so. */
static const bool names[DIALECT_COUNT] = { [DIALECT_envelope] = true };

static bool may_speak(enum dialect_id id, const struct event *ev, enum view view) {
    if (view == VIEW_NAMED) {
        return ev->type == EV_message_posted && names[id];
    }
    return ev->audience != AUD_NOBODY && !(silent[id][ev->type] & BIT(view));
}

/* An event of this type with something in every field. */
static struct event full_event(enum event_type type, enum room_kind kind) {
    return (struct event){ .type = type,
                           .audience = event_audience(type),
                           .at_ms = 1735732800123,
                           .session = { 1 },
                           .ref = STR_LIT("\"ref\""),
                           .room = { 2 },
                           .room_name = STR_LIT("a \"room\""),
                           .room_kind = kind,
                           .server = SERVER_LOBBY,
                           .user = { 3 },
                           .username = STR_LIT("ann"),
                           .other = { 4 },
                           .message = { 5 },
                           .seq = 6,
                           .position = 7,
                           .content = STR_LIT("\n"),
                           .message_type = MESSAGE_AUDIO,
                           .media_url = STR_LIT("/uploads/audio/a.mp3"),
                           .media_type = STR_LIT("audio/mpeg"),
                           .duration_ms = 15500,
                           .reply_to = { 8 },
                           .mentions = STR_LIT("3,17"),
                           .until_ms = 1735732860123,
                           .client_id = STR_LIT("k"),
                           .mobile = STR_LIT("+33612345678"),
                           .refusal = REFUSE_banned,
                           .is_on = true };
}

static bool is_json(struct str text) {
    struct json_reader *reader = json_reader_new(65536);
    const struct json *root = NULL;
    bool is = json_parse(reader, text, &root) == OK && json_kind_of(root) == JSON_OBJECT;
    json_reader_free(&reader);
    return is;
}

static void check_one(const struct dialect *dialect, const struct event *ev, enum view view) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(65536);
    bool spoke = dialect->encode_event(ev, view, &out);
    bool may = may_speak(dialect->id, ev, view);

    if (spoke != may) {
        print_error("%s, %s, view %d\n", dialect->name, event_name(ev->type), (int)view);
    }
    EQ(spoke, may);
    EQ(out.n > 0, spoke);
    OKAY(buf_ok(&out));
    OKAY(!spoke || is_json(buf_str(&out)));
}

TEST(each_dialect_encodes_or_silences_each_event) {
    for (enum dialect_id id = DIALECT_OPERATOR + 1; id < DIALECT_COUNT; id++) {
        const struct dialect *dialect = dialect_of(id);
        OKAY(dialect != NULL);
        EQ(dialect->id, id);
        for (enum event_type type = 0; type < EVENT_COUNT; type++) {
            struct event ev = full_event(type, ROOM_CHANNEL);
            for (enum view view = 0; view < VIEW_COUNT; view++) {
                check_one(dialect, &ev, view);
            }
        }
    }
}

TEST(a_dialect_is_deaf_to_what_it_silences_in_every_view) {
    for (enum dialect_id id = DIALECT_OPERATOR + 1; id < DIALECT_COUNT; id++) {
        for (enum event_type type = 0; type < EVENT_COUNT; type++) {
            bool is_deaf = event_audience(type) == AUD_ROOM && silent[id][type] == ALL;
            EQ(dialect_of(id)->is_deaf_to[type], is_deaf);
        }
    }
}

TEST(what_happens_between_two_people_is_encoded_too) {
    static const enum event_type types[] = { EV_message_posted, EV_message_edited,
                                             EV_message_deleted, EV_typing_changed,
                                             EV_read_changed };
    for (enum dialect_id id = DIALECT_OPERATOR + 1; id < DIALECT_COUNT; id++) {
        for (size_t i = 0; i < COUNT(types); i++) {
            struct event ev = full_event(types[i], ROOM_DM);
            ev.room_name = STR_NONE;
            ev.audience = AUD_SESSIONS;
            for (enum view view = 0; view < VIEW_COUNT; view++) {
                check_one(dialect_of(id), &ev, view);
            }
        }
    }
}

TEST(each_dialect_is_whole) {
    for (enum dialect_id id = DIALECT_OPERATOR + 1; id < DIALECT_COUNT; id++) {
        const struct dialect *dialect = dialect_of(id);
        OKAY(dialect->name != NULL && dialect->name[0] != '\0');
        OKAY(dialect->decode && dialect->encode_event && dialect->encode_reply);
        OKAY(dialect->encode_answer && dialect->close_code);
        for (enum refusal why = REFUSE_NONE; why < REFUSAL_COUNT; why++) {
            uint16_t code = dialect->close_code(why);
            OKAY((code >= 1000 && code < 1015) || (code >= 4000 && code < 5000));
        }
    }
}

TEST(the_operator_speaks_no_dialect) {
    OKAY(dialect_of(DIALECT_OPERATOR) == NULL);
}
