/* What clients do: the table below says how often, and one function each how. In the storm they do
 * everything; in the calm they only speak, listen and read; in the quiet they see to what is not
 * acknowledged yet, and then say nothing more. */
#include "core/limits.h"
#include "test/sim/speech.h"
#include "test/sim/world.h"

#define FRAME_BYTES_MAX 16384
#define WISHES_MAX 120     // requests under way, then it waits
#define UNACKED_HIGH 40    // messages not acknowledged, then it says nothing new
#define PAGES_MAX 12       // histories asked for at once
#define FLOOD 100          // requests in one write
#define PARTS 12           // requests in one batch, at most

void act_later(struct client *c, uint64_t in_us) {
    world_add(c->w, in_us, DUE_ACT, c->index, ++c->act_no);    // whatever was planned is not, now
}

/* ---- frames */

static bool is_envelope(const struct client *c) {
    return (c->traits & TRAIT_ENVELOPE) != 0;
}

/* Sends a whole frame, or puts it into the batch that is being made. */
static void hand_over(struct client *c, const struct buf *frame, struct wish *wish) {
    CHECK(buf_ok(frame));
    if (!c->is_batching) {
        wire_say(c, buf_str(frame));
        return;
    }
    wish->is_part = true;
    wish->batch_no = c->batch_no;
    buf_put_str(&c->batch, c->part_count++ > 0 ? STR_LIT(",") : STR_NONE);
    buf_put_str(&c->batch, buf_str(frame));
}

/* Ends a frame that was begun and has its fields, with the ref of its request. */
static void ask(struct client *c, struct buf *frame, struct wish *wish) {
    speech_end(c, frame, wish->ref);
    hand_over(c, frame, wish);
}

static struct str room_name(const struct client *c, uint32_t room) {
    return str_of(c->w->rooms[room].name);
}

static uint32_t any_room(struct client *c) {
    return (uint32_t)world_below(c->w, c->w->plan.rooms);
}

/* A room it is in, if it is in any. */
static uint32_t own_room(struct client *c) {
    uint64_t skip = world_below(c->w, c->sub_count + 1);
    for (size_t i = 0; i < c->sub_count; i++) {
        const struct sub *s = &c->subs[(i + skip) % c->sub_count];
        if (!s->is_dm && s->is_in) {
            return s->room;
        }
    }
    return any_room(c);
}

static uint64_t any_person(struct client *c) {
    struct world *w = c->w;
    uint64_t near = MIN(w->plan.persons, 6);    // most talk to few
    uint64_t i = world_one_in(w, 4) ? world_below(w, w->plan.persons)
                                    : (c->person + world_below(w, near)) % w->plan.persons;
    return w->persons[i].id;
}

static void put_body(struct buf *frame, const struct said *said, uint32_t n) {
    SCOPED(buf_fini) struct buf content = BUF_INIT(FRAME_BYTES_MAX);
    if (said->is_reaction) {
        truth_put_reaction(&content, n);
        buf_printf(frame, ",\"message_type\":\"reaction\",\"action\":\"add\",\"reply_to\":%llu",
                   (unsigned long long)said->target);
    } else {
        truth_put_content(&content, n, 0);
    }
    BUF_PUT_LIT(frame, ",\"content\":");
    json_put_text(frame, buf_str(&content));
    if (said->has_client_id) {
        buf_printf(frame, ",\"client_id\":\"c%u\"", n);
    }
}

static void put_room(const struct client *c, struct buf *frame, uint32_t room) {
    BUF_PUT_LIT(frame, ",\"room\":");
    json_put_text(frame, room_name(c, room));
}

/* Puts a message that has a number on the wire, for the first time or once more. */
static void put(struct client *c, uint32_t n, bool has_ref) {
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct said *said = truth_said(&c->w->truth, n);
    struct wish *wish = wish_add(c, said->is_dm ? WISH_DM : WISH_SAY);
    wish->n = n;
    wish->room = said->room;
    wish->other = said->other;
    wish->ref = has_ref ? wish->ref : 0;
    wish->may_be_silent = said->is_silent;
    said->attempts++;
    said->is_part = said->is_part || c->is_batching;
    if (said->is_dm) {
        speech_begin(c, &frame, SPEECH_DM);
        speech_put_person(c, &frame, SPEECH_DM, said->other);
    } else {
        speech_begin(c, &frame, SPEECH_SAY);
        put_room(c, &frame, said->room);
    }
    put_body(&frame, said, n);
    ask(c, &frame, wish);
}

/* An error to a request without a ref must be to this one. */
static bool has_nameless(const struct client *c) {
    for (size_t i = 0; i < c->wish_count; i++) {
        if (c->wishes[i].ref == 0) {
            return true;
        }
    }
    return false;
}

static void say(struct client *c, const struct said *what, bool has_ref) {
    struct said said = *what;
    has_ref = has_ref || has_nameless(c) || is_envelope(c);
    said.client = c->index;
    said.person = c->person;
    said.link_no = c->link_no;
    said.is_silent = said.is_dm && !has_ref && !said.has_client_id;
    uint32_t n = truth_say(&c->w->truth, &said);
    if (said.has_client_id) {
        wish_again(c, n);    // until it is acknowledged
    }
    put(c, n, has_ref);
    if (said.has_client_id && world_one_in(c->w, 15)) {
        put(c, n, true);    // an impatient one
    }
}

/* ---- acts */

static void do_say(struct client *c) {
    say(c, &(struct said){ .room = own_room(c), .has_client_id = !world_one_in(c->w, 3) },
        !world_one_in(c->w, 8));
}

static void do_dm(struct client *c) {
    say(c,
        &(struct said){
            .is_dm = true, .other = any_person(c), .has_client_id = world_one_in(c->w, 2) },
        !world_one_in(c->w, 4));
}

/* A post this person may know of; NULL: none is drawn. */
static struct post *any_post(struct client *c, bool is_own) {
    struct world *w = c->w;
    uint64_t me = w->persons[c->person].id;
    for (int i = 0; i < 8 && w->truth.post_count > 0; i++) {
        uint64_t newest = MIN(w->truth.post_count, 40);
        size_t back = world_below(w, world_one_in(w, 3) ? w->truth.post_count : newest);
        struct post *post = w->truth.all_posts[w->truth.post_count - 1 - back];
        const struct place *place = post->place;
        bool is_mine = truth_said(&w->truth, post->n)->person == c->person;
        bool is_known = place->is_dm ? place->pair[0] == me || place->pair[1] == me
                                     : world_may_see(w, &w->persons[c->person], place->room);
        if (is_known && place->removed_order == 0 && (is_mine || !is_own)) {
            return post;
        }
    }
    return NULL;
}

static uint64_t partner(const struct client *c, const struct place *place) {
    return place->pair[place->pair[0] == c->w->persons[c->person].id];
}

static void do_ping(struct client *c) {
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct wish *wish = wish_add(c, WISH_PING);
    speech_begin(c, &frame, SPEECH_PING);
    ask(c, &frame, wish);
}

/* What is put under a message. The hub's clients have no word for it, and say something. */
static void do_react(struct client *c) {
    const struct post *post = is_envelope(c) ? any_post(c, false) : NULL;
    if (post == NULL || truth_said(&c->w->truth, post->n)->is_reaction) {
        do_say(c);
        return;
    }
    struct said said = { .is_reaction = true,
                         .target = post->id,
                         .has_client_id = world_one_in(c->w, 2),
                         .is_dm = post->place->is_dm };
    if (said.is_dm) {
        said.other = partner(c, post->place);
    } else {
        said.room = post->place->room;
    }
    say(c, &said, true);
}

/* An edit or a deletion of one's own, or what one may not. */
static void do_alter(struct client *c) {
    struct post *post = is_envelope(c) ? any_post(c, !world_one_in(c->w, 6)) : NULL;
    if (post == NULL) {
        do_ping(c);
        return;
    }
    SCOPED(buf_fini) struct buf content = BUF_INIT(FRAME_BYTES_MAX);
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct said *said = truth_said(&c->w->truth, post->n);
    bool is_edit = !said->is_reaction && !world_one_in(c->w, 3);
    struct wish *wish = wish_add(c, WISH_ALTER);
    wish->n = post->n;
    speech_begin(c, &frame, is_edit ? SPEECH_EDIT : SPEECH_DELETE);
    buf_printf(&frame, ",\"message_id\":%llu", (unsigned long long)post->id);
    if (is_edit) {
        truth_put_content(&content, post->n, ++said->edits);
        BUF_PUT_LIT(&frame, ",\"content\":");
        json_put_text(&frame, buf_str(&content));
    }
    if (post->place->is_dm && world_one_in(c->w, 2)) {
        speech_put_person(c, &frame, SPEECH_READ, partner(c, post->place));
    }
    ask(c, &frame, wish);
}

static void do_read(struct client *c) {
    const struct post *post = is_envelope(c) ? any_post(c, false) : NULL;
    if (post == NULL) {
        do_ping(c);
        return;
    }
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct wish *wish = wish_add(c, WISH_READ);
    speech_begin(c, &frame, SPEECH_READ);
    if (post->place->is_dm) {
        wish->other = partner(c, post->place);
        speech_put_person(c, &frame, SPEECH_READ, wish->other);
    } else {
        wish->room = post->place->room;
        put_room(c, &frame, wish->room);
    }
    if (!world_one_in(c->w, 4)) {
        buf_printf(&frame, ",\"message_id\":%llu", (unsigned long long)post->id);
    }
    ask(c, &frame, wish);
}

static void ask_room(struct client *c, enum wish_kind kind, enum speech_verb verb, uint32_t room) {
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct wish *wish = wish_add(c, kind);
    wish->room = room;
    speech_begin(c, &frame, verb);
    put_room(c, &frame, room);
    if (kind == WISH_TYPING) {
        wish->may_be_silent = true;
        buf_printf(&frame, ",\"typing\":%s", verb == SPEECH_TYPING ? "true" : "false");
    }
    ask(c, &frame, wish);
}

/* Whether it is on its way into a room, or out. */
static bool is_moving(const struct client *c, uint32_t room) {
    for (size_t i = 0; i < c->wish_count; i++) {
        const struct wish *wish = &c->wishes[i];
        bool is_move = wish->kind == WISH_JOIN || wish->kind == WISH_LEAVE ||
                       wish->kind == WISH_SAY || wish->kind == WISH_RESUME;
        if (is_move && wish->room == room) {
            return true;
        }
    }
    return false;
}

/* Now and then an operator removes a room right when much of it is being told. */
static void doom(struct client *c, uint32_t room, uint64_t missed) {
    struct world *w = c->w;
    if (w->stage == STAGE_STORM && missed > RESUME_CHANGES_MAX && world_one_in(w, 4)) {
        w->doomed = room;
        act_later(&w->clients[w->plan.clients], world_below(w, 15000));
    }
}

/* Behind what it has had, or somewhere before that, as another program of the same person would. */
static void resume(struct client *c, uint32_t room) {
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct wish *wish = wish_add(c, WISH_RESUME);
    uint64_t had = c->had_seq[room];
    wish->room = room;
    wish->after_seq = world_one_in(c->w, 3) ? world_below(c->w, had + 1) : had;
    speech_begin(c, &frame, SPEECH_RESUME);
    put_room(c, &frame, room);
    buf_printf(&frame, ",\"after_seq\":%llu", (unsigned long long)wish->after_seq);
    trace_step(&c->w->trace, "resumes: client, after", c->index, wish->after_seq);
    sub_resume(sub_of_room(c, room), wish->after_seq);
    const struct place *place = c->w->rooms[room].place;
    doom(c, room, place == NULL ? 0 : place->seq - MIN(place->seq, wish->after_seq));
    ask(c, &frame, wish);
}

/* Resumes a room, if that may be. */
static bool come_again(struct client *c, uint32_t room) {
    bool may_resume = is_envelope(c) && !sub_of_room(c, room)->is_in && !is_moving(c, room);
    if (may_resume) {
        resume(c, room);
    }
    return may_resume;
}

static void do_join(struct client *c) {
    uint32_t room = any_room(c);
    bool is_again = !c->is_batching && !world_one_in(c->w, 3) && come_again(c, room);
    if (!is_again) {
        ask_room(c, WISH_JOIN, SPEECH_JOIN, room);
    }
}

/* Not in a batch, where nobody could tell what was still heard before it. */
static void do_leave(struct client *c) {
    if (c->is_batching) {
        do_ping(c);
        return;
    }
    ask_room(c, WISH_LEAVE, SPEECH_LEAVE, own_room(c));
}

static void do_typing(struct client *c) {
    ask_room(c, WISH_TYPING, world_one_in(c->w, 2) ? SPEECH_TYPING : SPEECH_TYPING_STOP,
             own_room(c));
}

/* Who asks for many pages at once gets more than may wait for a connection. */
static bool has_pages_under_way(const struct client *c) {
    size_t count = 0;
    for (size_t i = 0; i < c->wish_count; i++) {
        count += c->wishes[i].kind == WISH_HISTORY || c->wishes[i].kind == WISH_DM_HISTORY;
    }
    return count >= PAGES_MAX;
}

static void do_history(struct client *c) {
    if (has_pages_under_way(c)) {
        do_ping(c);
        return;
    }
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct world *w = c->w;
    bool is_dm = world_one_in(w, 3);
    struct wish *wish = wish_add(c, is_dm ? WISH_DM_HISTORY : WISH_HISTORY);
    wish->is_loose = true;
    wish->limit = world_one_in(w, 3) ? 50 : 1 + world_below(w, 40);
    if (is_dm) {
        wish->other = any_person(c);
        speech_begin(c, &frame, SPEECH_DM_HISTORY);
        speech_put_person(c, &frame, SPEECH_DM_HISTORY, wish->other);
    } else {
        wish->room = world_one_in(w, 2) ? own_room(c) : any_room(c);
        speech_begin(c, &frame, SPEECH_HISTORY);
        put_room(c, &frame, wish->room);
    }
    if (w->truth.post_count > 0 && world_one_in(w, 3)) {
        wish->before = w->truth.all_posts[world_below(w, w->truth.post_count)]->id;
        buf_printf(&frame, ",\"before\":%llu", (unsigned long long)wish->before);
    }
    buf_printf(&frame, ",\"limit\":%llu", (unsigned long long)wish->limit);
    ask(c, &frame, wish);
}

static void do_bad_frame(struct client *c) {
    static const char *const bad[] = {
        "{\"type\":\"message\",\"room\":17",
        "{\"type\":\"nothing\"",
        "{\"type\":\"dm\",\"to\":\"x\",\"content\":\"y\"",
        "{\"type\":\"join\"",
        "{\"type\":\"message\",\"room\":\"general\",\"content\":\"  \"",
    };
    if ((c->traits & TRAIT_RUDE) == 0) {
        do_ping(c);
        return;
    }
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct wish *wish = wish_add(c, WISH_BAD);
    buf_printf(&frame, "%s,\"id\":%llu}", bad[world_below(c->w, COUNT(bad))],
               (unsigned long long)wish->ref);
    hand_over(c, &frame, wish);
}

/* ---- manners */

/* Breaks the framing's rules, and expects to be told so. */
static void break_rules(struct client *c) {
    static const struct {
        uint16_t code;
        struct str bytes;
    } ways[] = {
        { WS_CLOSE_PROTOCOL, { "\x81\x02hi", 4 } },                          // not masked
        { WS_CLOSE_PROTOCOL, { "\x93\x80\0\0\0\0", 6 } },                    // a reserved bit
        { WS_CLOSE_UTF8, { "\x81\x81\0\0\0\0\xff", 7 } },                    // not UTF-8
        { WS_CLOSE_UNSUPPORTED, { "\x82\x81\0\0\0\0!", 7 } },                // binary
        { WS_CLOSE_TOO_BIG, { "\x81\xff\0\0\0\1\0\0\0\0\0\0\0\0", 14 } },    // 4 GiB announced
    };
    size_t way = world_below(c->w, COUNT(ways));
    trace_step(&c->w->trace, "breaks rules: client, code", c->index, ways[way].code);
    wire_raw(c, ways[way].bytes);
    c->provoked = ways[way].code;
    c->state = CLIENT_LEAVING;
    c->left_us = world_us();
}

static void say_goodbye(struct client *c) {
    wire_frame(c, WS_CLOSE, STR_LIT("\x03\xe8"));
    c->provoked = WS_CLOSE_NORMAL;
    c->state = CLIENT_LEAVING;
    c->left_us = world_us();
}

static void go_deaf(struct client *c) {
    uint64_t for_us = world_one_in(c->w, 5) ? 30 * SECOND_US : world_below(c->w, 5 * SECOND_US);
    trace_step(&c->w->trace, "reads nothing: client, us", c->index, for_us);
    wire_deafen(c, world_us() + for_us);
}

/* Whether it did something that ends its connection, or its listening. */
static bool misbehave(struct client *c) {
    struct world *w = c->w;
    if ((c->traits & TRAIT_RUDE) != 0 && world_one_in(w, 25)) {
        break_rules(c);
    } else if ((c->traits & TRAIT_SLOW) != 0 && world_one_in(w, 15) &&
               world_us() >= c->deaf_until_us) {
        go_deaf(c);
    } else if ((c->traits & TRAIT_FLAKY) != 0 && world_one_in(w, 12)) {
        static const enum wire_end ends[] = { WIRE_FIN, WIRE_RESET, WIRE_CUT };
        wire_close(c, ends[world_below(w, COUNT(ends))]);
    } else if (world_one_in(w, 40)) {
        say_goodbye(c);
    } else {
        return false;
    }
    return true;
}

/* ---- acting */

/* Says again what is not acknowledged, oldest first. */
static void repeat(struct client *c) {
    for (size_t i = 0; i < c->unacked_count && c->wish_count < WISHES_MAX; i++) {
        if (wish_of_n(c, c->unacked[i]) == NULL) {
            put(c, c->unacked[i], true);
        }
    }
}

static void do_something(struct client *c) {
    static const struct {
        void (*act)(struct client *c);
        unsigned weight;
    } acts[] = {
        { do_say, 34 },    { do_dm, 13 },   { do_join, 14 },     { do_leave, 4 },
        { do_history, 9 }, { do_react, 7 }, { do_alter, 6 },     { do_read, 4 },
        { do_typing, 3 },  { do_ping, 3 },  { do_bad_frame, 3 },
    };
    uint64_t drawn = world_below(c->w, 100);
    size_t i = 0;
    while (drawn >= acts[i].weight) {
        drawn -= acts[i++].weight;
    }
    bool is_saying = acts[i].act == do_say || acts[i].act == do_dm || acts[i].act == do_react;
    if (is_saying && (c->unacked_count >= UNACKED_HIGH || world_us() < c->retry_us)) {
        do_ping(c);
    } else {
        acts[i].act(c);
    }
}

/* What a program asks for first that comes back: all its rooms. Nothing is said in them by the same
 * batch, whose answers come last: nobody could tell then how far they were resumed. */
static void do_return(struct client *c) {
    uint64_t drawn = world_below(c->w, 8);
    if (drawn == 0) {
        do_history(c);
    } else if (drawn == 1 || !come_again(c, any_room(c))) {
        do_ping(c);
    }
}

/* Some of it at once, in one message. */
static void do_batch(struct client *c) {
    SCOPED(buf_fini) struct buf frame = BUF_INIT(PARTS * FRAME_BYTES_MAX);
    buf_reset(&c->batch);
    c->part_count = 0;
    void (*part)(struct client * c) = world_one_in(c->w, 2) ? do_return : do_something;
    c->batch_no++;
    c->is_batching = true;
    for (uint64_t parts = 1 + world_below(c->w, PARTS); parts > 0; parts--) {
        part(c);
    }
    c->is_batching = false;
    CHECK(buf_ok(&c->batch));
    struct wish *wish = wish_add(c, WISH_BATCH);
    wish->batch_no = c->batch_no;
    speech_begin(c, &frame, SPEECH_BATCH);
    BUF_PUT_LIT(&frame, ",\"messages\":[");
    buf_put_str(&frame, buf_str(&c->batch));
    buf_put_char(&frame, ']');
    ask(c, &frame, wish);
}

/* More at once than a session may have under way. */
static void flood(struct client *c) {
    for (int i = 0; i < FLOOD && c->wish_count < WISHES_MAX; i++) {
        do_ping(c);
    }
}

static void act_on(struct client *c) {
    struct world *w = c->w;
    if (w->stage == STAGE_STORM && misbehave(c)) {
        return;
    }
    if (world_us() >= c->retry_us) {
        repeat(c);
    }
    if (w->stage >= STAGE_QUIET || (c->traits & TRAIT_LURKS) != 0) {
        return;
    }
    if ((c->traits & TRAIT_CHATTY) != 0 && world_one_in(w, 100)) {
        flood(c);
    }
    uint64_t times = (c->traits & TRAIT_CHATTY) != 0 ? 1 + world_below(w, 6) : 1;
    if (is_envelope(c) && world_one_in(w, 8)) {
        do_batch(c);
    }
    while (times-- > 0 && c->state == CLIENT_ON && c->wish_count < WISHES_MAX) {
        do_something(c);
    }
}

/* Who is not welcome keeps knocking until all is to be quiet. */
static void come_back(struct client *c) {
    const struct person *p = &c->w->persons[c->person];
    bool is_welcome = !world_is_banned(p) && p->erased_order == 0;
    if (is_welcome || c->w->stage < STAGE_QUIET) {
        wire_open(c);
    }
}

void act(struct client *c) {
    struct world *w = c->w;
    if (world_us() >= w->silent_us) {
        return;
    }
    switch (c->state) {
    case CLIENT_AWAY: come_back(c); break;
    case CLIENT_ON: act_on(c); break;
    case CLIENT_SHAKING:
    case CLIENT_LEAVING: break;
    }
    if (c->link != NULL) {
        bool has_debts = w->stage >= STAGE_QUIET && c->unacked_count > 0;
        act_later(c, world_below(w, has_debts ? SECOND_US : 2 * w->plan.pause_us));
    }
}
