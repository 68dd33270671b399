/* Matching: one walk over what is expected. See match.h for the rules. */
#include "test/talk/match.h"

#include "base/clock.h"

#define DEPTH_MAX 16
#define VALUE_BYTES_MAX 65536

struct walk {
    struct matcher *m;
    struct buf *why;
    struct str path[DEPTH_MAX];    // keys, from the outside
    size_t depth;
};

static bool walk(struct walk *w, const struct json *wanted, const struct json *came);

void matcher_init(struct matcher *m, struct names *names) {
    m->wanted = json_reader_new(JSON_BYTES_MAX);
    m->came = json_reader_new(JSON_BYTES_MAX);
    m->names = names;
}

void matcher_fini(struct matcher *m) {
    json_reader_free(&m->wanted);
    json_reader_free(&m->came);
}

/* ---- saying what is wrong */

static void put_value(struct buf *out, const struct json *v) {
    double number = 0;
    uint64_t whole = 0;
    bool flag = false;
    switch (json_kind_of(v)) {
    case JSON_NULL: BUF_PUT_LIT(out, "nothing"); break;
    case JSON_BOOL:
        flag = json_bool(v, &flag) == OK && flag;
        buf_put_str(out, flag ? STR_LIT("true") : STR_LIT("false"));
        break;
    case JSON_NUMBER:
        if (json_u64(v, &whole) == OK) {
            buf_put_u64(out, whole);
        } else if (json_double(v, &number) == OK) {
            buf_printf(out, "%.17g", number);
        }
        break;
    case JSON_TEXT: json_put_text(out, json_text(v)); break;
    case JSON_ARRAY: buf_printf(out, "a list of %zu", json_count(v)); break;
    case JSON_OBJECT: BUF_PUT_LIT(out, "an object"); break;
    }
}

/* "data.id should be 3, and is 4"; returns false. */
static bool wrong(struct walk *w, const struct json *wanted, const struct json *came) {
    for (size_t i = 0; i < w->depth; i++) {
        buf_put_str(w->why, i > 0 ? STR_LIT(".") : STR_NONE);
        buf_put_str(w->why, w->path[i]);
    }
    buf_put_str(w->why, w->depth > 0 ? STR_LIT(" should be ") : STR_LIT("it should be "));
    put_value(w->why, wanted);
    BUF_PUT_LIT(w->why, ", and is ");
    put_value(w->why, came);
    return false;
}

/* ---- values */

static bool is_time(struct str s) {
    uint64_t at_ms = 0;
    SCOPED(buf_fini) struct buf shown = BUF_INIT(64);
    if (clock_parse_rfc3339(s, &at_ms) != OK) {
        return false;
    }
    clock_put_rfc3339(&shown, at_ms);    // whole seconds, UTC: nothing else comes out the same
    return str_eq(buf_str(&shown), s);
}

static bool is_id(const struct json *v) {
    uint64_t id = 0;
    return json_kind_of(v) == JSON_NUMBER && json_u64(v, &id) == OK && id > 0;
}

static bool match_name(struct walk *w, struct str name, const struct json *came) {
    SCOPED(buf_fini) struct buf value = BUF_INIT(VALUE_BYTES_MAX);
    put_value(&value, came);
    struct str known = names_get(w->m->names, name);
    if (known.n > 0) {
        return str_eq(known, buf_str(&value));
    }
    if (came == NULL) {
        return false;
    }
    names_put(w->m->names, name, buf_str(&value));
    return true;
}

static bool match_text(struct walk *w, struct str text, const struct json *came) {
    const struct str more = STR_LIT("…");
    if (str_eq(text, STR_LIT("*"))) {
        return json_kind_of(came) != JSON_NULL;
    }
    if (str_eq(text, STR_LIT("*id"))) {
        return is_id(came);
    }
    if (str_eq(text, STR_LIT("*time"))) {
        return is_time(json_text(came));
    }
    if (text.n > 1 && text.p[0] == '$') {
        return match_name(w, (struct str){ text.p + 1, text.n - 1 }, came);
    }
    if (json_kind_of(came) != JSON_TEXT) {
        return false;
    }
    if (text.n > 1 && text.p[0] == '*' && str_ends(text, more)) {
        return str_starts(json_text(came), (struct str){ text.p + 1, text.n - 1 - more.n });
    }
    return str_eq(text, json_text(came));
}

static bool match_number(const struct json *wanted, const struct json *came) {
    double a = 0;
    double b = 0;
    return json_kind_of(came) == JSON_NUMBER && json_double(wanted, &a) == OK &&
           json_double(came, &b) == OK && a >= b && a <= b;
}

static bool match_flag(const struct json *wanted, const struct json *came) {
    bool a = false;
    bool b = false;
    return json_bool(wanted, &a) == OK && json_bool(came, &b) == OK && a == b;
}

/* ---- what has parts */

/* The member of exactly this key: json_get would take another spelling for it. */
static const struct json *member(const struct json *object, struct str key) {
    const struct json *value = NULL;
    const struct json *found = NULL;
    struct str other;
    for (size_t at = 0; json_each(object, &at, &other, &value);) {
        found = str_eq(other, key) ? value : found;
    }
    return json_kind_of(found) == JSON_NULL ? NULL : found;
}

static bool walk_object(struct walk *w, const struct json *wanted, const struct json *came) {
    const struct json *value = NULL;
    struct str key;
    if (json_kind_of(came) != JSON_OBJECT) {
        return wrong(w, wanted, came);
    }
    for (size_t at = 0; json_each(wanted, &at, &key, &value);) {
        CHECK(w->depth < DEPTH_MAX);
        w->path[w->depth++] = key;
        if (!walk(w, value, member(came, key))) {
            return false;
        }
        w->depth--;
    }
    return true;
}

static bool walk_list(struct walk *w, const struct json *wanted, const struct json *came) {
    size_t count = json_count(wanted);
    if (json_kind_of(came) != JSON_ARRAY || json_count(came) != count) {
        return wrong(w, wanted, came);
    }
    for (size_t i = 0; i < count; i++) {
        if (!walk(w, json_at(wanted, i), json_at(came, i))) {
            return false;
        }
    }
    return true;
}

static bool walk(struct walk *w, const struct json *wanted, const struct json *came) {
    bool is_fine = false;
    switch (json_kind_of(wanted)) {
    case JSON_OBJECT: return walk_object(w, wanted, came);
    case JSON_ARRAY: return walk_list(w, wanted, came);
    case JSON_NULL: is_fine = json_kind_of(came) == JSON_NULL; break;
    case JSON_BOOL: is_fine = match_flag(wanted, came); break;
    case JSON_NUMBER: is_fine = match_number(wanted, came); break;
    case JSON_TEXT: is_fine = match_text(w, json_text(wanted), came); break;
    }
    return is_fine || wrong(w, wanted, came);
}

bool match(struct matcher *m, struct str wanted, struct str came, struct buf *why) {
    const struct json *a = NULL;
    const struct json *b = NULL;
    struct walk w = { .m = m, .why = why };
    if (json_parse(m->wanted, wanted, &a) != OK) {
        if (!str_eq(wanted, came)) {
            BUF_PUT_LIT(why, "it is another text");
            return false;
        }
        return true;
    }
    if (json_parse(m->came, came, &b) != OK) {
        BUF_PUT_LIT(why, "what came is no JSON");
        return false;
    }
    return walk(&w, a, b);
}
