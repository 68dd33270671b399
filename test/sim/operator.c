/* Operators: on the control socket, one line a command, one line an answer, in the order of the
 * questions but for lists, which are asked for alone.
 *
 * Nobody asks for the status: it counts what the whole program has done, and a seed must not depend
 * on the seeds before it. */
#include <inttypes.h>

#include "test/sim/world.h"

#define LINE_BYTES_MAX 1024

/* What is asked about, in the fields of a wish: `room` is the command, `other` a person's index. */
enum operator_ask {
    OPERATOR_BAN,
    OPERATOR_UNBAN,
    OPERATOR_ERASE,
    OPERATOR_SHOW,
    OPERATOR_ROOM_ADD,
    OPERATOR_ROOM_REMOVE,
    OPERATOR_NONSENSE,
    OPERATOR_LIST,
    OPERATOR_ASK_COUNT
};

static const char *const names[OPERATOR_ASK_COUNT] = {
    "ban_add",  "ban_remove",  "user_erase", "user_show",
    "room_add", "room_remove", "malformed",  "list",
};

static enum operator_ask draw(struct client *c) {
    if (c->w->doomed != 0) {
        return OPERATOR_ROOM_REMOVE;
    }
    static const unsigned weights[OPERATOR_ASK_COUNT] = { 12, 40, 1, 8, 15, 6, 8, 10 };
    uint64_t drawn = world_below(c->w, 100);
    size_t i = 0;
    while (drawn >= weights[i]) {
        drawn -= weights[i++];
    }
    return (enum operator_ask)i;
}

/* Answered beside the stream, by a reader. */
static bool is_alone(unsigned ask) {
    return ask == OPERATOR_LIST;
}

/* Up to five at once, no two of them alike: answers have no other name than the command's. */
static bool may_ask(const struct client *c, enum operator_ask ask) {
    for (size_t i = 0; i < c->wish_count; i++) {
        if (is_alone(ask) || is_alone(c->wishes[i].room) || c->wishes[i].room == ask) {
            return false;
        }
    }
    return c->wish_count < 5;
}

/* A person, or a public room other than the first, by name. */
static void put_line(struct client *c, enum operator_ask ask, uint64_t person, struct buf *line) {
    struct world *w = c->w;
    struct person *p = &w->persons[person];
    struct room *room = &w->rooms[world_below(w, w->plan.rooms)];
    buf_printf(line, "{\"cmd\":\"%s\"", names[ask]);
    switch (ask) {
    case OPERATOR_BAN: p->is_ban_asked = true; break;
    case OPERATOR_ERASE: p->is_erase_asked = true; break;
    case OPERATOR_ROOM_REMOVE:
        room = w->doomed != 0 ? &w->rooms[w->doomed] : room;
        w->doomed = 0;
        room = room->is_private || room == w->rooms ? &w->rooms[0] : room;
        room->is_remove_asked = room != w->rooms;
        break;
    case OPERATOR_ROOM_ADD: room = room->is_private ? &w->rooms[0] : room; break;
    case OPERATOR_UNBAN:
        p->unban_order = world_may_be_unbanned(p) ? p->unban_order : w->truth.order;
        p->unbans++;
        break;
    case OPERATOR_SHOW:
    case OPERATOR_NONSENSE:
    case OPERATOR_LIST:
    case OPERATOR_ASK_COUNT: break;
    }
    if (ask <= OPERATOR_SHOW) {
        buf_printf(line, ",\"username\":\"%s\"", p->name);
    } else if (ask <= OPERATOR_ROOM_REMOVE) {
        buf_printf(line, ",\"room_name\":\"%s\"", room->name);
    } else if (ask == OPERATOR_LIST) {
        buf_printf(line, ",\"list_kind\":%u", (unsigned)world_below(w, 4) == 1 ? 0 : 2);
    } else if (ask == OPERATOR_NONSENSE) {
        BUF_PUT_LIT(line, ",\"cmd\"");
    }
    BUF_PUT_LIT(line, "}\n");
}

void operator_act(struct client *c) {
    struct world *w = c->w;
    if (c->link == NULL) {
        wire_open(c);
    } else if (world_one_in(w, 30)) {
        wire_close(c, WIRE_FIN);
        return;
    }
    enum operator_ask ask = draw(c);
    if (c->link != NULL && may_ask(c, ask) && w->stage == STAGE_STORM) {
        SCOPED(buf_fini) struct buf line = BUF_INIT(LINE_BYTES_MAX);
        struct wish *wish = wish_add(c, WISH_OPERATOR);
        wish->room = (uint32_t)ask;
        wish->other = world_below(w, w->plan.persons);
        put_line(c, ask, wish->other, &line);
        CHECK(buf_ok(&line));
        trace_step(&w->trace, names[ask], c->index, wish->ref);
        wire_raw(c, buf_str(&line));
    }
    if (c->link != NULL && w->stage < STAGE_DRAIN) {
        act_later(c, 50000 + world_below(w, 800000));
    }
}

/* The request a line answers: the first; but while the store is away, what is refused at once
 * passes what is held. */
static struct wish *answered_by(struct client *c, const struct json *root) {
    struct str cmd = json_text(json_get(root, "cmd"));
    bool is_early = str_eq(json_text(json_get(root, "code")), STR_LIT("INTERNAL_ERROR"));
    for (size_t i = 0; i < c->wish_count && (i == 0 || is_early); i++) {
        if (str_eq(cmd, str_of(names[c->wishes[i].room]))) {
            return &c->wishes[i];
        }
    }
    return NULL;
}

void operator_hear(struct client *c, struct str line) {
    struct world *w = c->w;
    const struct json *root = NULL;
    bool is_json = json_parse(w->json, line, &root) == OK;
    struct wish *wish = is_json ? answered_by(c, root) : NULL;
    if (wish == NULL) {
        trace_fail(&w->trace, "answers", "operator %u is answered to what was not asked: %.*s",
                   c->index, (int)MIN(line.n, 200), line.p);
        return;
    }
    if (wish->room == OPERATOR_UNBAN) {
        w->persons[wish->other].unbans--;
    }
    wish_answered(c, wish, wish != c->wishes);
}

void operator_lost(struct client *c) {
    for (size_t i = 0; i < c->wish_count; i++) {
        if (c->wishes[i].room == OPERATOR_UNBAN) {
            struct person *p = &c->w->persons[c->wishes[i].other];
            p->unbans--;
            p->unban_lost_us = world_us();
        }
    }
}
