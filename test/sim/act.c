/* What clients do: the table below says how often, and one function each how. In the storm they do
 * everything; in the calm they only speak, listen and read; in the quiet they see to what is not
 * acknowledged yet, and then say nothing more. */
#include <stdio.h>

#include "test/sim/world.h"

#define FRAME_BYTES_MAX 16384
#define WISHES_MAX 120     // requests under way, then it waits
#define UNACKED_HIGH 40    // messages not acknowledged, then it says nothing new
#define PAGES_MAX 12       // histories asked for at once
#define FLOOD 100          // requests in one write

void act_later(struct client *c, uint64_t in_us) {
    world_add(c->w, in_us, DUE_ACT, c->index, ++c->act_no);    // whatever was planned is not, now
}

/* ---- frames */

/* Ends a frame that was begun with its type and fields, with the ref of its request. */
static void ask(struct client *c, struct buf *frame, const struct wish *wish) {
    if (wish->ref != 0) {
        buf_printf(frame, ",\"id\":%llu", (unsigned long long)wish->ref);
    }
    buf_put_char(frame, '}');
    CHECK(buf_ok(frame));
    wire_say(c, buf_str(frame));
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

/* Puts a message that has a number on the wire, for the first time or once more. */
static void put(struct client *c, uint32_t n, bool has_ref) {
    SCOPED(buf_fini) struct buf content = BUF_INIT(FRAME_BYTES_MAX);
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct said *said = truth_said(&c->w->truth, n);
    struct wish *wish = wish_add(c, said->is_dm ? WISH_DM : WISH_SAY);
    wish->n = n;
    wish->room = said->room;
    wish->other = said->other;
    wish->ref = has_ref ? wish->ref : 0;
    wish->may_be_silent = said->is_silent;
    said->attempts++;
    if (said->is_dm) {
        buf_printf(&frame, "{\"type\":\"dm\",\"to\":%llu", (unsigned long long)said->other);
    } else {
        BUF_PUT_LIT(&frame, "{\"type\":\"message\",\"room\":");
        json_put_text(&frame, room_name(c, said->room));
    }
    truth_put_content(&content, n, 0);
    BUF_PUT_LIT(&frame, ",\"content\":");
    json_put_text(&frame, buf_str(&content));
    if (said->has_client_id) {
        buf_printf(&frame, ",\"client_id\":\"c%u\"", n);
    }
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
    has_ref = has_ref || has_nameless(c);
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

static void ask_room(struct client *c, enum wish_kind kind, const char *type, uint32_t room) {
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct wish *wish = wish_add(c, kind);
    wish->room = room;
    buf_printf(&frame, "{\"type\":\"%s\",\"room\":", type);
    json_put_text(&frame, room_name(c, room));
    if (kind == WISH_TYPING) {
        wish->may_be_silent = true;
        buf_printf(&frame, ",\"typing\":%s", world_one_in(c->w, 2) ? "true" : "false");
    }
    ask(c, &frame, wish);
}

static void do_join(struct client *c) {
    ask_room(c, WISH_JOIN, "join", any_room(c));
}

static void do_leave(struct client *c) {
    ask_room(c, WISH_LEAVE, "leave", own_room(c));
}

static void do_typing(struct client *c) {
    ask_room(c, WISH_TYPING, "typing", own_room(c));
}

static void do_ping(struct client *c) {
    SCOPED(buf_fini) struct buf frame = BUF_INIT(FRAME_BYTES_MAX);
    struct wish *wish = wish_add(c, WISH_PING);
    BUF_PUT_LIT(&frame, "{\"type\":\"ping\"");
    ask(c, &frame, wish);
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
        buf_printf(&frame, "{\"type\":\"dm_history\",\"with\":%llu",
                   (unsigned long long)wish->other);
    } else {
        wish->room = world_one_in(w, 2) ? own_room(c) : any_room(c);
        BUF_PUT_LIT(&frame, "{\"type\":\"room_history\",\"room\":");
        json_put_text(&frame, room_name(c, wish->room));
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
    buf_put_str(&frame, str_of(bad[world_below(c->w, COUNT(bad))]));
    ask(c, &frame, wish);
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
        { do_say, 40 },     { do_dm, 15 },    { do_join, 14 }, { do_leave, 4 },
        { do_history, 12 }, { do_typing, 5 }, { do_ping, 5 },  { do_bad_frame, 5 },
    };
    uint64_t drawn = world_below(c->w, 100);
    size_t i = 0;
    while (drawn >= acts[i].weight) {
        drawn -= acts[i++].weight;
    }
    bool is_saying = acts[i].act == do_say || acts[i].act == do_dm;
    if (is_saying && (c->unacked_count >= UNACKED_HIGH || world_us() < c->retry_us)) {
        do_ping(c);
    } else {
        acts[i].act(c);
    }
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
