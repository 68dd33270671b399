/* The player: one function for each kind of step. See player.h. */
#include "test/talk/player.h"

#include <sodium.h>

#include "base/rng.h"
#include "net/ws.h"
#include "test/talk/guest.h"
#include "test/talk/match.h"

#define GUESTS_MAX 64
#define TEXT_BYTES_MAX (1u << 20)
#define OPERATOR "operator"
#define SHOWN_BYTES_MAX 600    // of a frame, in a failure

struct seat {
    struct str who;
    struct guest guest;
};

struct player {
    const struct script *script;
    const struct step *step;    // being played
    struct stage *stage;
    struct names names;
    struct matcher matcher;
    struct seat seats[GUESTS_MAX];
    size_t seat_count;
    const struct guest *talker;    // has said something that may not have been served yet
    struct buf *why;
};

/* ---- failing */

static void put_shown(struct buf *out, struct str text) {
    buf_put(out, text.p, MIN(text.n, SHOWN_BYTES_MAX));
    if (text.n > SHOWN_BYTES_MAX) {
        buf_printf(out, "… (%zu bytes)", text.n);
    }
}

/* Says where and what; returns false. */
static bool fail(struct player *p, const char *what, struct str expected, struct str came) {
    unsigned line = p->step == NULL ? 0 : p->step->line;
    buf_printf(p->why, "%s:%u: %s\n", p->script->name, line, what);
    if (expected.n > 0) {
        BUF_PUT_LIT(p->why, "expected  ");
        put_shown(p->why, expected);
        buf_put_char(p->why, '\n');
    }
    if (came.n > 0) {
        BUF_PUT_LIT(p->why, "came      ");
        put_shown(p->why, came);
        buf_put_char(p->why, '\n');
    }
    return false;
}

static bool fail_about(struct player *p, const char *what, struct guest *g) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    struct str came = STR_NONE;
    const struct seat *seat = CONTAINER_OF(g, struct seat, guest);
    buf_printf(&text, "%.*s %s", STR_FMT(seat->who), what);
    if (g->state == GUEST_GONE) {
        buf_printf(&text, " (closed with %u)", g->close_code);
    } else if (g->state == GUEST_REFUSED) {
        buf_printf(&text, " (refused with %u)", g->status);
    }
    buf_put_char(&text, '\0');
    guest_has_heard(g, &came);
    return fail(p, text.p, p->step == NULL ? STR_NONE : p->step->text, came);
}

/* ---- guests */

static struct guest *guest_of(struct player *p, struct str who) {
    for (size_t i = 0; i < p->seat_count; i++) {
        if (str_eq(p->seats[i].who, who)) {
            return &p->seats[i].guest;
        }
    }
    CHECK(p->seat_count < GUESTS_MAX);
    struct seat *seat = &p->seats[p->seat_count++];
    seat->who = who;
    guest_init(&seat->guest, p->stage);
    return &seat->guest;
}

/* Everybody who said something has been served. */
static void settle(struct player *p) {
    p->talker = NULL;
    stage_run(p->stage);
}

static void put_base64url(struct buf *out, struct str text) {
    base64url_put(out, text.p, text.n);
}

/* A token with these claims, `exp` added; without claims, those of the person. */
static void put_token(struct player *p, const struct step *step, struct buf *out) {
    SCOPED(buf_fini) struct buf claims = BUF_INIT(TEXT_BYTES_MAX);
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    struct str person = script_person(step->who);
    bool has_claims = step->kind <= STEP_RENEWS && step->text.n > 2;

    buf_printf(&claims, "{\"exp\":%llu,", (unsigned long long)(stage_now_s() + step->ttl_s));
    if (has_claims) {
        buf_put(&claims, step->text.p + 1, step->text.n - 1);
    } else {
        buf_printf(&claims, "\"user_id\":%llu,\"username\":",
                   (unsigned long long)script_id(p->script, person));
        json_put_text(&claims, person);
        buf_put_char(&claims, '}');
    }
    put_base64url(out, STR_LIT("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    buf_put_char(out, '.');
    put_base64url(out, buf_str(&claims));
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)STAGE_SECRET, sizeof STAGE_SECRET - 1);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)out->p, out->n);
    crypto_auth_hmacsha256_final(&state, mac);
    buf_put_char(out, '.');
    base64url_put(out, mac, sizeof mac);
}

static bool come(struct player *p, struct guest *g, const struct step *step) {
    SCOPED(buf_fini) struct buf token = BUF_INIT(TEXT_BYTES_MAX);
    settle(p);
    if (str_eq(step->dialect, STR_LIT("tchatator"))) {
        struct str person = script_person(step->who);
        stage_give_token(p->stage, person, script_id(p->script, person), &token);
    } else {
        put_token(p, step, &token);
    }
    CHECK(buf_ok(&token));
    return guest_come(g, &(struct invitation){ .dialect = step->dialect,
                                               .query = step->query,
                                               .token = buf_str(&token) }) ||
           fail_about(p, "speaks a dialect that has no address here", g);
}

/* Somebody who acts is let in, if they were not yet. */
static bool be_here(struct player *p, struct guest *g) {
    bool is_body = g->state == GUEST_REFUSED && p->step->kind == STEP_HEARS && guest_count(g) > 0;
    bool is_new = g->state == GUEST_AWAY || (g->state == GUEST_REFUSED && !is_body);
    if (is_new && str_eq(p->step->who, STR_LIT(OPERATOR))) {
        guest_come_as_operator(g);
    } else if (is_new) {
        struct step arrival = *p->step;
        arrival.kind = STEP_COMES;
        arrival.text = STR_NONE;
        arrival.query = STR_NONE;
        arrival.ttl_s = 3600;
        if (!come(p, g, &arrival)) {
            return false;
        }
    }
    return g->state != GUEST_AWAY;
}

/* ---- steps */

static bool do_comes(struct player *p, struct guest *g) {
    if (g->state == GUEST_HERE) {
        return fail_about(p, "is here already", g);
    }
    return come(p, g, p->step) && (g->state == GUEST_HERE || fail_about(p, "was not let in", g));
}

/* A status is the answer to the upgrade; a close code ends what was let in to be told why. */
static bool is_refused(struct guest *g, uint64_t number) {
    if (number >= WS_CLOSE_NORMAL && g->state == GUEST_GONE && g->close_code == number) {
        g->state = GUEST_REFUSED;
        return true;
    }
    return g->state == GUEST_REFUSED && g->status == number;
}

static bool do_refused(struct player *p, struct guest *g) {
    if (!come(p, g, p->step)) {
        return false;
    }
    if (is_refused(g, p->step->number)) {
        return true;
    }
    return fail_about(p, g->state == GUEST_HERE ? "was let in" : "was refused in another way", g);
}

static bool do_says(struct player *p, struct guest *g) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    if (p->talker != g) {
        settle(p);
    }
    if (!be_here(p, g) || g->state != GUEST_HERE) {
        return fail_about(p, "is not here to speak", g);
    }
    names_fill(&p->names, p->step->text, true, &text);
    CHECK(buf_ok(&text));
    p->talker = g;
    for (uint64_t i = 0; i < p->step->number; i++) {
        if (!str_eq(p->step->dialect, STR_LIT("core"))) {
            guest_say(g, buf_str(&text));
        } else if (!stage_ask(p->stage, g->link, buf_str(&text))) {
            return fail_about(p, "cannot ask for that", g);
        }
    }
    return true;
}

/* Brings a fresh token in a frame, or, if the query has one, that. */
static bool do_renews(struct player *p, struct guest *g) {
    SCOPED(buf_fini) struct buf token = BUF_INIT(TEXT_BYTES_MAX);
    SCOPED(buf_fini) struct buf frame = BUF_INIT(TEXT_BYTES_MAX);
    const struct str own = STR_LIT("?token=");
    struct str query = p->step->query;
    if (!be_here(p, g) || g->state != GUEST_HERE) {
        return fail_about(p, "is not here to speak", g);
    }
    if (str_starts(query, own)) {
        buf_put(&token, query.p + own.n, query.n - own.n);
    } else {
        put_token(p, p->step, &token);
    }
    BUF_PUT_LIT(&frame, "{\"type\":\"auth\",\"data\":{\"token\":");
    json_put_text(&frame, buf_str(&token));
    BUF_PUT_LIT(&frame, "}}");
    CHECK(buf_ok(&frame));
    guest_say(g, buf_str(&frame));
    return true;
}

static bool hear(struct player *p, struct guest *g, struct str wanted) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(TEXT_BYTES_MAX);
    struct str came;
    if (!guest_has_heard(g, &came)) {
        return fail_about(p, "heard nothing", g);
    }
    if (!match(&p->matcher, wanted, came, &why)) {
        buf_put_char(&why, '\0');
        return fail(p, why.p, wanted, came);
    }
    guest_take(g);
    return true;
}

static bool do_hears(struct player *p, struct guest *g) {
    SCOPED(buf_fini) struct buf wanted = BUF_INIT(TEXT_BYTES_MAX);
    if (!be_here(p, g)) {
        return false;
    }
    names_fill(&p->names, p->step->text, false, &wanted);
    for (uint64_t i = 0; i < p->step->number; i++) {
        if (!hear(p, g, buf_str(&wanted))) {
            return false;
        }
    }
    return true;
}

static bool do_silence(struct player *p, struct guest *g) {
    if (!be_here(p, g) || g->state != GUEST_HERE || guest_count(g) > 0) {
        return fail_about(p, "should have heard nothing more", g);
    }
    return true;
}

static bool do_closed(struct player *p, struct guest *g) {
    if (guest_count(g) > 0) {
        return fail_about(p, "has heard something more before", g);
    }
    if (g->state != GUEST_GONE || g->close_code != p->step->number) {
        return fail_about(p, "should have been closed so", g);
    }
    g->state = GUEST_AWAY;
    return true;
}

static bool do_leaves(struct player *p, struct guest *g) {
    if (g->state != GUEST_HERE || guest_count(g) > 0) {
        return fail_about(p, "should be here, with nothing unheard", g);
    }
    if (p->step->kind == STEP_VANISHES) {
        guest_vanish(g);
        return true;
    }
    return guest_leave(g) || fail_about(p, "said goodbye and got no goodbye back", g);
}

static bool do_belongs(struct player *p, struct guest *g) {
    struct str person = script_person(p->step->who);
    return stage_belong(p->stage, person, script_id(p->script, person), p->step->text) ||
           fail_about(p, "cannot belong to a room that is not there", g);
}

static bool play_for(struct player *p, struct guest *g) {
    switch (p->step->kind) {
    case STEP_COMES: return do_comes(p, g);
    case STEP_REFUSED: return do_refused(p, g);
    case STEP_RENEWS: return do_renews(p, g);
    case STEP_SAYS: return do_says(p, g);
    case STEP_HEARS: return do_hears(p, g);
    case STEP_SILENCE: return do_silence(p, g);
    case STEP_CLOSED: return do_closed(p, g);
    case STEP_LEAVES:
    case STEP_VANISHES: return do_leaves(p, g);
    case STEP_BELONGS: return do_belongs(p, g);
    case STEP_STORE:
    case STEP_CLOCK:
    case STEP_RESTART: break;
    }
    return false;
}

/* What the operator was told and no line asks for must be a yes. */
static bool check_operator(struct player *p) {
    const struct str name = STR_LIT(OPERATOR);
    bool is_his_turn = p->step != NULL && str_eq(p->step->who, name);
    for (size_t i = 0; i < p->seat_count && !is_his_turn; i++) {
        struct guest *g = &p->seats[i].guest;
        while (str_eq(p->seats[i].who, name) && guest_count(g) > 0) {
            if (!hear(p, g, STR_LIT("{\"ok\":true}"))) {
                return false;
            }
        }
    }
    return true;
}

static bool play_step(struct player *p) {
    const struct step *step = p->step;
    if (step->kind != STEP_SAYS) {
        settle(p);
    }
    if (!check_operator(p)) {
        return false;
    }
    if (step->kind == STEP_STORE) {
        stage_set_room(p->stage, step->is_on);
    } else if (step->kind == STEP_CLOCK) {
        stage_pass(p->stage, step->number);
    } else if (step->kind == STEP_RESTART) {
        stage_restart(p->stage);
        guest_vanish(guest_of(p, STR_LIT(OPERATOR)));
    } else {
        return play_for(p, guest_of(p, step->who));
    }
    return true;
}

/* Nobody has heard more than the script knows of, and nobody was thrown out. */
static bool check_end(struct player *p) {
    settle(p);
    p->step = NULL;
    if (!check_operator(p)) {
        return false;
    }
    for (size_t i = 0; i < p->seat_count; i++) {
        struct guest *g = &p->seats[i].guest;
        if (g->state == GUEST_HERE && guest_count(g) > 0) {
            return fail_about(p, "heard something more, at the end", g);
        }
        if (g->state == GUEST_GONE) {
            return fail_about(p, "is gone at the end, and no line says so", g);
        }
    }
    return true;
}

bool play(const struct script *script, struct buf *why) {
    struct player *p = xzalloc(sizeof *p);
    bool is_fine = true;
    p->script = script;
    p->why = why;
    p->stage = stage_new(script->settings, script->setting_count);
    matcher_init(&p->matcher, &p->names);
    for (size_t i = 0; i < script->step_count && is_fine; i++) {
        p->step = &script->steps[i];
        is_fine = play_step(p);
    }
    is_fine = is_fine && check_end(p);
    for (size_t i = 0; i < p->seat_count; i++) {
        (void)guest_leave(&p->seats[i].guest);
        guest_fini(&p->seats[i].guest);
    }
    matcher_fini(&p->matcher);
    names_fini(&p->names);
    stage_free(&p->stage);
    xfree(p);
    return is_fine;
}
