/* Scripts: a line is words up to its sign, and text behind it.
 *
 * People get their ids in the order in which they appear, unless the line `# people:` says
 * otherwise; so the same script means the same people wherever it is played. */
#include "test/talk/script.h"

#include <errno.h>
#include <stdio.h>

#define SCRIPT_BYTES_MAX (1u << 20)
#define TTL_S 3600

struct reading {
    struct script *script;
    struct step *step;    // the line's
    struct buf *why;
};

/* ---- words */

/* Takes the next word off the front of *rest; empty at the end. */
static struct str word(struct str *rest) {
    *rest = str_trim(*rest);
    size_t n = str_find(*rest, ' ');
    struct str first = { rest->p, n };
    *rest = str_trim((struct str){ rest->p + n, rest->n - n });
    return first;
}

/* "61s", "250ms", "2m" in milliseconds. */
static bool read_time(struct str s, uint64_t *out) {
    static const struct {
        struct str unit;
        uint64_t ms;
    } units[] = { { STR_LIT("ms"), 1 },
                  { STR_LIT("s"), 1000 },
                  { STR_LIT("m"), 60000 },
                  { STR_LIT("h"), 3600000 } };
    for (size_t i = 0; i < COUNT(units); i++) {
        struct str unit = units[i].unit;
        uint64_t number = 0;
        if (str_ends(s, unit) && str_to_u64((struct str){ s.p, s.n - unit.n }, &number) == OK) {
            *out = number * units[i].ms;
            return true;
        }
    }
    return false;
}

/* "20 times " at the front of *text. */
static uint64_t read_times(struct str *text) {
    struct str rest = *text;
    uint64_t count = 0;
    if (str_to_u64(word(&rest), &count) == OK && str_eq(word(&rest), STR_LIT("times"))) {
        *text = rest;
        return count;
    }
    return 1;
}

/* ---- people */

struct str script_person(struct str who) {
    return (struct str){ who.p, str_find(who, '#') };
}

uint64_t script_id(const struct script *script, struct str person) {
    for (size_t i = 0; i < script->person_count; i++) {
        if (str_eq(script->people[i].name, person)) {
            return script->people[i].id;
        }
    }
    return 0;
}

static void add_person(struct script *script, struct str name, uint64_t id) {
    if (script_id(script, name) == 0) {
        CHECK(script->person_count < PEOPLE_MAX);
        script->people[script->person_count++] = (struct person){ name, id };
    }
}

static void meet(struct script *script, struct str who) {
    uint64_t id_max = 0;
    for (size_t i = 0; i < script->person_count; i++) {
        id_max = MAX(id_max, script->people[i].id);
    }
    if (!str_eq(who, STR_LIT("operator"))) {
        add_person(script, script_person(who), id_max + 1);
    }
}

/* ---- comments that say something */

static bool read_people(struct reading *r, struct str rest) {
    while (rest.n > 0) {
        struct str id = word(&rest);
        struct str name = str_cut(&id, '=');
        uint64_t number = 0;
        if (str_to_u64(id, &number) != OK || number == 0) {
            return false;
        }
        add_person(r->script, name, number);
    }
    return true;
}

static bool read_setting(struct reading *r, struct str rest) {
    struct script *script = r->script;
    CHECK(script->setting_count < SETTINGS_MAX);
    char *text = arena_alloc(&script->arena, rest.n + 1);
    memcpy(text, rest.p, rest.n);
    text[rest.n] = '\0';
    script->settings[script->setting_count++] = text;
    return rest.n > 0;
}

static bool read_comment(struct reading *r, struct str line) {
    struct str rest = str_trim((struct str){ line.p + 1, line.n - 1 });
    struct str text = rest;
    struct str first = word(&rest);
    if (str_eq(first, STR_LIT("people:"))) {
        return read_people(r, rest);
    }
    if (str_eq(first, STR_LIT("set:"))) {
        return read_setting(r, rest);
    }
    if (r->script->title.n == 0) {
        r->script->title = text;
    }
    return true;
}

/* ---- steps */

/* `store full`, `store back`, `clock +61s`, `restart`. */
static bool read_world(struct step *s, struct str first, struct str rest) {
    struct str second = word(&rest);
    if (str_eq(first, STR_LIT("store"))) {
        s->kind = STEP_STORE;
        s->is_on = str_eq(second, STR_LIT("back"));
        return s->is_on || str_eq(second, STR_LIT("full"));
    }
    if (str_eq(first, STR_LIT("clock"))) {
        s->kind = STEP_CLOCK;
        return second.n > 1 && second.p[0] == '+' &&
               read_time((struct str){ second.p + 1, second.n - 1 }, &s->number);
    }
    s->kind = STEP_RESTART;
    return str_eq(first, STR_LIT("restart"));
}

/* `ann leaves`, `ann vanishes`, `ann belongs to secret`. */
static bool read_person(struct step *s, struct str second, struct str rest) {
    if (str_eq(second, STR_LIT("belongs"))) {
        s->kind = STEP_BELONGS;
        bool has_to = str_eq(word(&rest), STR_LIT("to"));
        s->text = rest;
        return has_to && rest.n > 0;
    }
    s->kind = str_eq(second, STR_LIT("leaves")) ? STEP_LEAVES : STEP_VANISHES;
    return s->kind == STEP_LEAVES || str_eq(second, STR_LIT("vanishes"));
}

/* `[for 30s] [?lang=en] [{claims}]` */
static bool read_arrival(struct step *s, struct str rest) {
    struct str before = rest;
    uint64_t ttl_ms = TTL_S * 1000;
    s->ttl_s = TTL_S;
    if (str_eq(word(&rest), STR_LIT("for"))) {
        if (!read_time(word(&rest), &ttl_ms)) {
            return false;
        }
        s->ttl_s = ttl_ms / 1000;
        before = rest;
    }
    rest = before;
    if (rest.n > 0 && rest.p[0] == '?') {
        s->query = word(&rest);
    }
    s->text = rest;
    return rest.n == 0 || rest.p[0] == '{';
}

/* What stands behind `who dialect`. */
static bool read_act(struct step *s, struct str sign, struct str rest) {
    if (str_eq(sign, STR_LIT(">")) || str_eq(sign, STR_LIT("<"))) {
        s->kind = str_eq(sign, STR_LIT(">")) ? STEP_SAYS : STEP_HEARS;
        s->number = read_times(&rest);
        s->text = rest;
        return s->number > 0;
    }
    if (str_eq(sign, STR_LIT("."))) {
        s->kind = STEP_SILENCE;
        return str_eq(rest, STR_LIT("silence"));
    }
    if (str_eq(sign, STR_LIT("comes")) || str_eq(sign, STR_LIT("renews"))) {
        s->kind = str_eq(sign, STR_LIT("comes")) ? STEP_COMES : STEP_RENEWS;
        return read_arrival(s, rest);
    }
    bool is_refused = str_eq(sign, STR_LIT("refused"));
    s->kind = is_refused ? STEP_REFUSED : STEP_CLOSED;
    if (!is_refused && !str_eq(sign, STR_LIT("closed"))) {
        return false;
    }
    if (str_to_u64(word(&rest), &s->number) != OK) {
        return false;
    }
    return is_refused ? read_arrival(s, rest) : rest.n == 0;
}

static bool read_step(struct reading *r, struct str line) {
    static const struct str world[] = { STR_LIT("store"), STR_LIT("clock"), STR_LIT("restart") };
    static const struct str person[] = { STR_LIT("leaves"), STR_LIT("vanishes"),
                                         STR_LIT("belongs") };
    struct str rest = line;
    struct str first = word(&rest);
    for (size_t i = 0; i < COUNT(world); i++) {
        if (str_eq(first, world[i])) {
            return read_world(r->step, first, rest);
        }
    }
    struct str second = word(&rest);
    r->step->who = first;
    meet(r->script, first);
    for (size_t i = 0; i < COUNT(person); i++) {
        if (str_eq(second, person[i])) {
            return read_person(r->step, second, rest);
        }
    }
    if (str_eq(first, STR_LIT("operator"))) {
        return read_act(r->step, second, rest);
    }
    r->step->dialect = second;
    struct str sign = word(&rest);
    return read_act(r->step, sign, rest);
}

static bool read_line(struct reading *r, struct str line, unsigned number) {
    struct script *script = r->script;
    line = str_trim(line);
    if (line.n == 0) {
        return true;
    }
    if (line.p[0] == '#') {
        return read_comment(r, line);
    }
    script->steps = xrealloc(script->steps, (script->step_count + 1) * sizeof *script->steps);
    r->step = &script->steps[script->step_count++];
    *r->step = (struct step){ .line = number };
    return read_step(r, line);
}

/* ---- the whole */

enum err script_parse(const char *name, struct str text, struct script **out, struct buf *why) {
    struct script *script = xzalloc(sizeof *script);
    struct reading r = { .script = script, .why = why };
    script->name = name;
    script->owned = xstrndup(text.p, text.n);
    struct str rest = { script->owned, text.n };
    for (unsigned number = 1; rest.p != NULL; number++) {
        struct str line = str_cut(&rest, '\n');
        if (!read_line(&r, line, number)) {
            buf_printf(why, "%s:%u: what is this? %.*s", name, number, STR_FMT(line));
            script_free(&script);
            return ERR_PROTO;
        }
    }
    *out = script;
    return OK;
}

enum err script_read(const char *path, struct script **out, struct buf *why) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(SCRIPT_BYTES_MAX);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        buf_printf(why, "%s: %s", path, strerror(errno));
        return ERR_IO;
    }
    for (int c = getc(file); c != EOF; c = getc(file)) {
        buf_put_char(&text, (char)c);
    }
    (void)fclose(file);
    CHECK(buf_ok(&text));
    return script_parse(path, buf_str(&text), out, why);
}

void script_free(struct script **out) {
    struct script *script = *out;
    if (script != NULL) {
        arena_fini(&script->arena);
        xfree(script->owned);
        xfree(script->steps);
        xfree(script);
    }
    *out = NULL;
}
