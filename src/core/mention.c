/* Mentions: who is called by name in a text.
 *
 *      "@ann, ask @bob.smith!"   ann and bob.smith, if they are somebody and may read the room
 *      "mail@ann.example"        nobody: no word ends before the @
 *
 * A name goes as far as letters, digits, and _ - . do, and any character beyond ASCII; a full stop
 * or hyphen at its end belongs to the sentence unless somebody is called so. Names with spaces in
 * them cannot be called. Who speaks is not called by himself. */
#include "base/buf.h"
#include "core/state.h"
#include "core/turn.h"

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

/* The user whom the text names at its front, as long a name as there is. */
static const struct user *user_at(const struct users *users, struct str text) {
    size_t n = 0;
    while (n < text.n && n < USERNAME_BYTES_MAX && is_name_byte(text.p[n])) {
        n++;
    }
    for (; n > 0; n--) {
        const struct user *user = user_by_name(users, (struct str){ text.p, n });
        if (user != NULL && !user->is_erased) {
            return user;
        }
        if (text.p[n - 1] != '.' && text.p[n - 1] != '-') {
            return NULL;
        }
    }
    return NULL;
}

struct found {
    const struct user *users[MENTIONS_MAX];
    size_t count;
};

static bool has(const struct found *found, const struct user *user) {
    for (size_t i = 0; i < found->count; i++) {
        if (found->users[i] == user) {
            return true;
        }
    }
    return false;
}

static void find(const struct turn *t, const struct room *room, struct str text,
                 struct found *found) {
    for (size_t at = 0; at < text.n && found->count < MENTIONS_MAX; at++) {
        bool is_start = text.p[at] == '@' && (at == 0 || !is_name_byte(text.p[at - 1]));
        if (!is_start) {
            continue;
        }
        struct str rest = { text.p + at + 1, text.n - at - 1 };
        const struct user *user = user_at(&t->core->users, rest);
        bool may_hear =
            user != NULL && user != t->user && !has(found, user) && room_is_open_to(room, user);
        if (may_hear) {
            found->users[found->count++] = user;
        }
    }
}

static void put_ids(struct turn *t, const struct found *found, struct event *ev) {
    SCOPED(buf_fini) struct buf ids = BUF_INIT(MENTIONS_MAX * 24);
    for (size_t i = 0; i < found->count; i++) {
        if (i > 0) {
            buf_put_char(&ids, ',');
        }
        buf_put_u64(&ids, found->users[i]->id.v);
    }
    ev->mentions = batch_str(t->batch, buf_str(&ids));
}

/* Whom the event's sessions are. */
static void put_sessions(struct turn *t, const struct found *found, struct event *ev) {
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        count += session_count(found->users[i]);
    }
    session_id *ids = arena_alloc(&t->batch->arena, count * sizeof *ids);
    for (size_t i = 0; i < found->count; i++) {
        for (const struct session *s = found->users[i]->sessions; s != NULL; s = s->next) {
            ids[ev->session_count++] = s->id;
        }
    }
    ev->sessions = ids;
}

void turn_mention(struct turn *t, const struct room *room, struct event *ev) {
    struct found found = { .count = 0 };
    if (ev->content.n == 0 || memchr(ev->content.p, '@', ev->content.n) == NULL) {
        return;
    }
    find(t, room, ev->content, &found);
    if (found.count > 0) {
        put_ids(t, &found, ev);
        if (ev->type == EV_message_posted) {
            put_sessions(t, &found, ev);
        }
    }
}
