/* What a command says: its values, each read as its kind demands, into the command of the core it
 * stands for. The first thing that is wrong with it is the one that is told. */
#include "dialect/tchatator/walk.h"

static const uint64_t hour_ms = 3600u * 1000;

/* ---- one value */

static enum problem read_id(struct str value, void *out) {
    uint64_t id = 0;
    if (str_to_u64(str_trim(value), &id) != OK || id == 0 || id > ID_MAX) {
        return PROBLEM_not_id;
    }
    *(uint64_t *)out = id;
    return PROBLEM_NONE;
}

/* 0 is what a command has without it, too: read_command tells the two apart. */
static enum problem read_whom(struct str value, void *out) {
    bool is_everyone = str_eq(str_trim(value), STR_LIT("0"));
    bool is_fine = is_everyone || read_id(value, out) == PROBLEM_NONE;
    return is_fine ? PROBLEM_NONE : PROBLEM_not_whom;
}

static enum problem read_partner(struct str value, void *out) {
    struct str said = str_trim(value);
    bool is_nobody = said.n == 0 || str_eq(said, STR_LIT("0")) || str_eq(said, STR_LIT("-1"));
    bool is_fine = is_nobody || read_id(said, out) == PROBLEM_NONE;
    return is_fine ? PROBLEM_NONE : PROBLEM_not_partner;
}

static enum problem read_flag(struct str value, void *out) {
    static const struct {
        struct str word;
        bool is_on;
    } words[] = {
        { STR_LIT("true"), true }, { STR_LIT("1"), true },    { STR_LIT("on"), true },
        { STR_LIT("oui"), true },  { STR_LIT("yes"), true },  { STR_LIT("false"), false },
        { STR_LIT("0"), false },   { STR_LIT("off"), false }, { STR_LIT("non"), false },
        { STR_LIT("no"), false },
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (str_eq_nocase(str_trim(value), words[i].word)) {
            *(uint64_t *)out = words[i].is_on;
            return PROBLEM_NONE;
        }
    }
    return PROBLEM_not_flag;
}

static enum problem read_hours(struct str value, void *out) {
    uint64_t hours = 0;
    if (str_to_u64(str_trim(value), &hours) != OK || hours == 0 || hours > BLOCK_MS_MAX / hour_ms) {
        return PROBLEM_not_hours;
    }
    *(uint64_t *)out = hours * hour_ms;
    return PROBLEM_NONE;
}

static enum problem read_client_id(struct str value, void *out) {
    if (value.n == 0 || str_chars(value) > CLIENT_ID_CHARS_MAX) {
        return PROBLEM_not_client_id;
    }
    *(struct str *)out = value;
    return PROBLEM_NONE;
}

static enum problem read_content(struct str value, void *out) {
    *(struct str *)out = value;
    return value.n == 0 ? PROBLEM_empty_content : PROBLEM_NONE;
}

static enum problem read_token(struct str value, void *out) {
    *(struct str *)out = str_trim(value);
    return str_trim(value).n == 0 ? PROBLEM_missing_token : PROBLEM_NONE;
}

static enum problem read_framing(struct str value, void *out) {
    bool is_length = str_eq_name(str_trim(value), STR_LIT("length"));
    bool is_none = str_eq_name(str_trim(value), STR_LIT("none"));
    *(bool *)out = is_length;
    return is_length || is_none ? PROBLEM_NONE : PROBLEM_not_framing;
}

static enum problem read_rooms(struct str value, void *out) {
    uint64_t is_on = 0;
    enum problem wrong = read_flag(value, &is_on);
    *(bool *)out = is_on != 0;
    return wrong;
}

/* ---- all of them */

/* Where a parameter's value goes. */
static void *place_of(const struct param *param, struct tchatator_command *out) {
    switch (param->kind) {
    case KIND_API_TOKEN:
    case KIND_TOKEN: return &out->token;
    case KIND_FRAMING: return &out->wants_framing;
    case KIND_ROOMS: return &out->wants_rooms;
    case KIND_ID:
    case KIND_WHOM:
    case KIND_PARTNER:
    case KIND_LENGTH:
    case KIND_CONTENT:
    case KIND_CLIENT_ID:
    case KIND_FLAG:
    case KIND_HOURS:
    case KIND_NONE:
    case KIND_COUNT: break;
    }
    return (char *)&out->cmd + param->offset;
}

static enum problem read_value(const struct param *param, struct str value,
                               struct tchatator_command *out) {
    static enum problem (*const read[KIND_COUNT])(struct str, void *) = {
        [KIND_API_TOKEN] = read_token, [KIND_TOKEN] = read_token,
        [KIND_ID] = read_id,           [KIND_WHOM] = read_whom,
        [KIND_PARTNER] = read_partner, [KIND_CONTENT] = read_content,
        [KIND_FLAG] = read_flag,       [KIND_CLIENT_ID] = read_client_id,
        [KIND_HOURS] = read_hours,     [KIND_FRAMING] = read_framing,
        [KIND_ROOMS] = read_rooms,    // KIND_LENGTH: walk() has read it
    };
    bool is_read = read[param->kind] == NULL;
    enum problem wrong = is_read ? PROBLEM_NONE : read[param->kind](value, place_of(param, out));
    return wrong == PROBLEM_missing_token && param->kind == KIND_API_TOKEN ? PROBLEM_missing
                                                                           : wrong;
}

/* Reads every parameter; returns what is wrong, and with which. */
static enum problem read_values(const struct walk *w, struct tchatator_command *out,
                                struct str *which) {
    const struct param *params = verb_row(w->verb)->params;
    for (unsigned i = 0; i < VERB_PARAMS_MAX && params[i].kind != KIND_NONE; i++) {
        bool is_given = (w->given & BIT(i)) != 0;
        enum problem wrong = PROBLEM_NONE;
        if (is_given) {
            wrong = read_value(&params[i], w->values[i], out);
        } else if (params[i].is_required) {
            wrong = params[i].kind == KIND_TOKEN ? PROBLEM_missing_token : PROBLEM_missing;
        }
        if (wrong != PROBLEM_NONE) {
            *which = str_of(params[i].key);
            return wrong;
        }
        if (is_given && params[i].kind == KIND_WHOM) {
            out->cmd.is_on = out->cmd.other == 0;
        }
    }
    return PROBLEM_NONE;
}

/* What is wrong with the command as a whole, before its values are looked at. */
static enum problem problem_of(const struct walk *w, struct str command) {
    if (!str_is_utf8(command)) {
        return PROBLEM_not_utf8;
    }
    if (str_find(command, '\0') < command.n) {
        return PROBLEM_has_nul;
    }
    return w->found == WALK_TOO_LONG ? PROBLEM_over_size : w->problem;
}

static void start(struct tchatator_command *out, enum tchatator_verb verb) {
    *out = (struct tchatator_command){ .verb = verb };
    out->cmd.type = verb_row(verb)->type;
    out->cmd.dialect = DIALECT_tchatator;
    out->cmd.form = DIALECT_tchatator;
}

static void refuse(struct tchatator_command *out, enum problem problem, struct str argument) {
    SCOPED(buf_fini) struct buf detail = BUF_INIT(sizeof out->detail);
    problem_put_argument(&detail, argument);
    start(out, out->verb);
    if (detail.n > 0) {
        memcpy(out->detail, detail.p, detail.n);
    }
    out->cmd.type = CMD_malformed;
    out->cmd.refusal = problem_refusal(problem);
    out->cmd.problem = problem;
    out->cmd.detail = (struct str){ out->detail, detail.n };
}

void tchatator_read(struct str command, struct tchatator_command *out) {
    struct walk w;
    walk(command, SCAN_SILENT_LONG, &w);
    start(out, w.verb);
    struct str argument = w.argument;
    enum problem wrong = problem_of(&w, command);
    if (wrong == PROBLEM_not_utf8 || wrong == PROBLEM_has_nul) {
        argument = STR_NONE;    // it would be shown
    }
    if (wrong == PROBLEM_NONE) {
        wrong = read_values(&w, out, &argument);
    }
    if (wrong != PROBLEM_NONE) {
        refuse(out, wrong, argument);
    } else if (w.verb == TCHATATOR_LOGIN) {
        out->cmd.detail = out->token;
        out->cmd.is_alone = 1;
    }
}

void tchatator_refuse_too_long(struct tchatator_command *out) {
    start(out, TCHATATOR_UNKNOWN);
    refuse(out, PROBLEM_over_size, STR_NONE);
}
