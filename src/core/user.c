/* Users: everybody there is.
 *
 *     users ──owns──> user ──owns──> big name, token labels, rate ring, typing
 *       maps by id, name, mobile ──borrow──^
 *
 * There may be a million of them, nearly all idle, so a user is small: a name of up to sixteen
 * bytes lies in the struct (the map of names points into it: a slab does not move what it gave), a
 * mobile number is the integer it is, and what few have (tokens, a rate history) hangs on a
 * pointer. */
#include "core/user.h"

#include "base/fold.h"
#include "core/notice.h"
#include "core/rate.h"
#include "core/text.h"

#define USERS_PER_BLOCK 512

struct token_label {
    struct token_label *next;
    size_t bytes;
    char text[];
};

void users_init(struct users *users) {
    *users = (struct users){ .by_name = { .folds = true } };
    slab_init(&users->slab, sizeof(struct user), USERS_PER_BLOCK);
}

static void name_set(struct user *u, struct str name) {
    CHECK(name.n > 0 && name.n <= USERNAME_BYTES_MAX);
    u->name_bytes = (uint8_t)name.n;
    if (name.n <= NAME_SMALL_BYTES) {
        memcpy(u->name.small, name.p, name.n);
    } else {
        u->name.big = xstrndup(name.p, name.n);
    }
}

static void name_drop(struct user *u) {
    if (u->name_bytes > NAME_SMALL_BYTES) {
        xfree(u->name.big);
    }
    u->name_bytes = 0;
}

static void tokens_drop(struct user *u) {
    while (u->tokens != NULL) {
        struct token_label *next = u->tokens->next;
        xfree(u->tokens);
        u->tokens = next;
    }
}

void users_fini(struct users *users) {
    while (users->first != NULL) {
        struct user *u = users->first;
        users->first = u->next;
        CHECK(u->sessions == NULL && list_is_empty(&u->members));
        name_drop(u);
        tokens_drop(u);
        rate_free(&u->rate);
        rate_free(&u->upload_rate);
        notices_free(&u->notices);
        slab_put(&users->slab, u);
    }
    map_fini(&users->by_id);
    text_map_fini(&users->by_name);
    map_fini(&users->by_mobile);
    slab_fini(&users->slab);
}

struct user *user_find(const struct users *users, uint64_t id) {
    return map_get(&users->by_id, id);
}

struct user *user_by_name(const struct users *users, struct str name) {
    return text_map_get(&users->by_name, name);
}

struct user *user_by_mobile(const struct users *users, uint64_t mobile) {
    return mobile == 0 ? NULL : map_get(&users->by_mobile, mobile);
}

struct user *user_add(struct users *users, user_id id, struct str name, uint64_t mobile) {
    if (user_find(users, id.v) != NULL || user_by_name(users, name) != NULL ||
        user_by_mobile(users, mobile) != NULL) {
        return NULL;
    }
    struct user *u = slab_get(&users->slab);
    u->id = id;
    u->mobile = mobile;
    list_init(&u->members);
    name_set(u, name);
    map_put(&users->by_id, id.v, u);
    text_map_put(&users->by_name, user_name(u), u);
    if (mobile != 0) {
        map_put(&users->by_mobile, mobile, u);
    }
    u->next = users->first;
    users->first = u;
    users->count++;
    return u;
}

bool user_name_is_allowed(struct str name) {
    struct fold folded;
    return text_is_name(name, USERNAME_CHARS_MAX) && fold(name, &folded) && folded.n > 0 &&
           !str_starts(fold_str(&folded), STR_LIT(ERASED_PREFIX));
}

/* A store hands out an erased user under the placeholder, and then that they were erased: their own
 * name is not taken by another, if it is no name for the living. */
static bool is_taken(const struct users *users, const struct user *u, struct str placeholder) {
    const struct user *holder = user_by_name(users, placeholder);
    return holder != NULL && (holder != u || user_name_is_allowed(placeholder));
}

bool user_erase(struct users *users, struct user *u, struct str placeholder) {
    if (is_taken(users, u, placeholder)) {
        return false;
    }
    text_map_drop(&users->by_name, user_name(u));
    name_drop(u);
    name_set(u, placeholder);
    text_map_put(&users->by_name, user_name(u), u);
    if (u->mobile != 0) {
        map_drop(&users->by_mobile, u->mobile);
        u->mobile = 0;
    }
    tokens_drop(u);
    rate_free(&u->rate);
    rate_free(&u->upload_rate);
    notices_free(&u->notices);
    u->role = ROLE_MEMBER;
    u->banned_until_ms = BAN_NONE;
    u->is_erased = true;
    users->count--;
    return true;
}

/* The link that points to the label, or to the NULL behind the last. */
static struct token_label **token_at(struct user *u, struct str label) {
    struct token_label **at = &u->tokens;
    while (*at != NULL && !str_eq((struct str){ (*at)->text, (*at)->bytes }, label)) {
        at = &(*at)->next;
    }
    return at;
}

bool user_has_token(const struct user *u, struct str label) {
    return *token_at((struct user *)u, label) != NULL;
}

void user_add_token(struct user *u, struct str label) {
    struct token_label **at = token_at(u, label);
    if (*at != NULL) {
        return;
    }
    *at = xzalloc(sizeof **at + label.n);
    (*at)->bytes = label.n;
    if (label.n > 0) {
        memcpy((*at)->text, label.p, label.n);
    }
}

void user_drop_token(struct user *u, struct str label) {
    struct token_label **at = token_at(u, label);
    struct token_label *token = *at;
    if (token != NULL) {
        *at = token->next;
        xfree(token);
    }
}
