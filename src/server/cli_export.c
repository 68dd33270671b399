/* parloir export: users, rooms and messages as lines of JSON, beside the running server or not.
 *
 *     {"type":"parloir","version":1}
 *     {"type":"user","id":1,"username":"alice","role":"member","created_ms":...}
 *     {"type":"room","id":1,"kind":"channel","room":"general","is_private":false,...}
 *     {"type":"room","id":7,"kind":"dm","users":[1,2],...}
 *     {"type":"member","room_id":3,"user_id":1}
 *     {"type":"ban","user_id":2,"until_ms":0}
 *     {"type":"audit","at_ms":...,"actor":"alice","action":"ban_set","username":"bob",...}
 *     {"type":"block","user_id":2,"from_id":1,"until_ms":...}    from_id 0: from everyone
 *     {"type":"upload","name":"images/5f1c.jpg","user_id":1,"media_type":"image/jpeg",...}
 *     {"type":"message","id":5,"room_id":1,"room":"general","seq":3,"user_id":1,...}
 *     {"type":"read","room_id":1,"user_id":2,"message_id":5}
 *     {"type":"changes","user_id":2}
 *     {"type":"keep","room_id":1,"messages":1000,"bytes":0,"age_ms":0}
 *
 * A user's, a room's and an upload's line come before those that name them, the messages of all
 * rooms in their order, and behind the last one of a room how far people have read there. Who asks
 * for changes has had those of the lines before his `changes`: in another store they have other
 * numbers, but the same order. What a room of rules of its own keeps (0: no limit) comes behind all
 * messages, so that none goes before what points to it has come.
 *
 * What was decided comes by the names of people and rooms, as they are now, oldest first; without
 * an actor it was the operator.
 *
 * No password, no token and no key is in it, and no message that was deleted: a mark that stands at
 * one goes up to the one before. Who, where and how far is held in memory; messages stream, a page
 * of each room at a time. A message without a client_id gets one made of what it is: that is how
 * importing twice finds that it is there.
 *
 * The files of uploads are not in it: they are copied by hand. */
#include "server/cli_export.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "server/cli_out.h"
#include "store/store.h"

#define PAGE_MESSAGES 500
#define PAGE_MESSAGES_MIN 8
#define HELD_MESSAGES 65536    // of all rooms, as far as it goes
#define LINE_BYTES_MAX (4u << 20)

struct person {
    struct event ev;    // user_created
    bool is_erased;
    bool is_told;
    struct person *next;
};

/* A room, what it keeps, a member, a ban or a block. */
struct fact {
    struct event ev;
    bool is_gone;
    struct fact *next;
};

/* How far somebody has read in a room. */
struct mark {
    user_id user;
    uint64_t seq;
    message_id message;    // the newest up to there that has a line; 0: none has
    struct mark *next;
};

/* The marks of one room. */
struct marks {
    struct mark *first;    // while they are collected
    struct mark *sorted;
    size_t count;
    size_t passed;    // of the sorted ones, those that lie before the message at hand
};

/* A room whose messages are being told. */
struct stream {
    const struct event *room;
    struct marks *marks;
    struct change_log log;    // the page in hand
    size_t at;                // in it: the message that comes next
    uint64_t position;        // of what has been looked at
    message_id newest;        // the last one told
    bool is_more;             // behind the page
};

/* Somebody who has had changes up to a position. */
struct cursor {
    user_id user;
    uint64_t position;
};

struct export {
    const struct cli *cli;
    struct store *store;            // owned
    struct store_reader *reader;    // owned
    struct arena arena;             // of everything below
    struct map people;              // by id
    struct person *first_person;
    struct person **last_person;
    struct fact *rooms;
    struct fact **last_room;
    struct fact *others;
    struct fact **last_other;
    struct map rules;    // by room: struct fact, if it has rules of its own
    struct map marks;    // by room: struct marks
    size_t person_count;
    struct cursor *cursors;    // by position
    size_t cursor_count;
    size_t cursors_told;
    struct stream **heap;    // rooms that have messages left; the one with the oldest first
    size_t heap_count;
    size_t page_messages;
    struct text_map uploads;    // names that have a line
    struct buf line;
};

/* ---- collecting */

static void keep_texts(struct export *x, struct event *ev) {
    ev->username = arena_str(&x->arena, ev->username);
    ev->mobile = arena_str(&x->arena, ev->mobile);
    ev->room_name = arena_str(&x->arena, ev->room_name);
    ev->hash = STR_NONE;
    ev->label = STR_NONE;
}

static struct fact *keep(struct export *x, const struct event *ev, struct fact ***last) {
    struct fact *fact = arena_zalloc(&x->arena, sizeof *fact);
    fact->ev = *ev;
    keep_texts(x, &fact->ev);
    **last = fact;
    *last = &fact->next;
    return fact;
}

static void keep_person(struct export *x, const struct event *ev) {
    struct person *person = arena_zalloc(&x->arena, sizeof *person);
    person->ev = *ev;
    keep_texts(x, &person->ev);
    map_put(&x->people, ev->user.v, person);
    *x->last_person = person;
    x->last_person = &person->next;
    x->person_count++;
}

static void keep_rules(struct export *x, const struct event *ev) {
    struct fact *rules = arena_zalloc(&x->arena, sizeof *rules);
    rules->ev = *ev;
    map_put(&x->rules, ev->room.v, rules);
}

static void on_fact(void *ctx, const struct event *ev) {
    struct export *x = ctx;
    struct person *person = map_get(&x->people, ev->user.v);
    switch ((int)ev->type) {    // what is not named has no line
    case EV_user_created: keep_person(x, ev); break;
    case EV_user_erased: person->is_erased = true; break;
    case EV_room_created: keep(x, ev, &x->last_room); break;
    case EV_room_removed:    // right after its room_created
        CONTAINER_OF(x->last_room, struct fact, next)->is_gone = true;
        break;
    case EV_room_kept: keep_rules(x, ev); break;
    case EV_member_added:
    case EV_ban_set:
    case EV_block_set: keep(x, ev, &x->last_other); break;
    default: break;
    }
}

static void keep_mark(struct export *x, user_id user, const struct list_row *row) {
    struct marks *marks = map_get(&x->marks, row->id);
    if (marks == NULL) {
        marks = arena_zalloc(&x->arena, sizeof *marks);
        map_put(&x->marks, row->id, marks);
    }
    struct mark *mark = arena_zalloc(&x->arena, sizeof *mark);
    *mark = (struct mark){ .user = user, .seq = row->read_seq, .next = marks->first };
    marks->first = mark;
    marks->count++;
}

/* Asks for each person, as a client of theirs would. */
static enum err collect_marks(struct export *x) {
    enum err err = OK;
    for (struct person *person = x->first_person; err == OK && person != NULL;
         person = person->next) {
        if (person->is_erased) {
            continue;
        }
        const struct ask ask = { .kind = ASK_UNREAD, .user = person->ev.user };
        SCOPED(answer_free) struct answer *answer = answer_new(&ask);
        err = x->reader->ops->answer(x->reader, &answer->ask, answer);
        for (size_t i = 0; i < answer->row_count; i++) {
            if (answer->rows[i].read_seq != 0) {
                keep_mark(x, person->ev.user, &answer->rows[i]);
            }
        }
    }
    return err;
}

static int by_position(const void *a, const void *b) {
    const struct cursor *one = a, *other = b;
    bool is_same = one->position == other->position;
    uint64_t left = is_same ? one->user.v : one->position;
    uint64_t right = is_same ? other->user.v : other->position;
    return (left > right) - (left < right);
}

static enum err collect_cursors(struct export *x) {
    enum err err = OK;
    x->cursors = arena_alloc(&x->arena, x->person_count * sizeof *x->cursors);
    for (struct person *person = x->first_person; err == OK && person != NULL;
         person = person->next) {
        const struct ask ask = { .kind = ASK_CHANGES, .user = person->ev.user, .limit = 1 };
        SCOPED(answer_free) struct answer *answer = answer_new(&ask);
        err = x->reader->ops->answer(x->reader, &answer->ask, answer);
        if (err == OK && answer->confirmed != 0) {
            x->cursors[x->cursor_count++] = (struct cursor){ ask.user, answer->confirmed };
        }
    }
    qsort(x->cursors, x->cursor_count, sizeof *x->cursors, by_position);
    return err;
}

static int by_seq(const void *a, const void *b) {
    const struct mark *one = a, *other = b;
    bool is_same = one->seq == other->seq;
    uint64_t left = is_same ? one->user.v : one->seq, right = is_same ? other->user.v : other->seq;
    return (left > right) - (left < right);
}

/* The marks of a room, by seq; NULL: there are none. */
static struct marks *sort_marks(struct export *x, room_id room) {
    struct marks *marks = map_get(&x->marks, room.v);
    size_t n = 0;
    if (marks != NULL) {
        marks->sorted = arena_alloc(&x->arena, marks->count * sizeof *marks->sorted);
        for (const struct mark *mark = marks->first; mark != NULL; mark = mark->next) {
            marks->sorted[n++] = *mark;
        }
        qsort(marks->sorted, n, sizeof *marks->sorted, by_seq);
    }
    return marks;
}

/* Marks that stand before message `seq` go up to `newest`, which has a line. */
static void pass_marks(struct marks *marks, uint64_t seq, message_id newest) {
    while (marks != NULL && marks->passed < marks->count &&
           marks->sorted[marks->passed].seq < seq) {
        marks->sorted[marks->passed++].message = newest;
    }
}

/* ---- lines */

static void begin_line(struct export *x, const char *type) {
    buf_reset(&x->line);
    buf_printf(&x->line, "{\"type\":\"%s\"", type);
}

static void put_text(struct export *x, const char *key, struct str value) {
    buf_printf(&x->line, ",\"%s\":", key);
    json_put_text(&x->line, value);
}

static void put_number(struct export *x, const char *key, uint64_t value) {
    buf_printf(&x->line, ",\"%s\":%llu", key, (unsigned long long)value);
}

static void end_line(struct export *x) {
    buf_put_char(&x->line, '}');
    CHECK(buf_ok(&x->line));
    cli_print_json(buf_str(&x->line));
}

/* A user's line, once, before the first line that names them. */
static void tell_person(struct export *x, user_id id) {
    struct person *person = map_get(&x->people, id.v);
    if (person == NULL || person->is_told) {
        return;
    }
    person->is_told = true;
    begin_line(x, "user");
    put_number(x, "id", id.v);
    put_text(x, "username", person->ev.username);
    put_text(x, "role", str_of(role_name(person->ev.role)));
    if (person->ev.mobile.n > 0) {
        put_text(x, "mobile", person->ev.mobile);
    }
    put_number(x, "created_ms", person->ev.at_ms);
    if (person->is_erased) {
        buf_printf(&x->line, ",\"is_erased\":true");
    }
    end_line(x);
}

static void tell_room(struct export *x, const struct event *room) {
    static const char *const kinds[ROOM_KIND_COUNT] = { "channel", "group", "dm" };
    bool is_dm = room->room_kind == ROOM_DM;
    if (is_dm) {
        tell_person(x, room->user);
        tell_person(x, room->other);
    }
    begin_line(x, "room");
    put_number(x, "id", room->room.v);
    put_text(x, "kind", str_of(kinds[room->room_kind]));
    if (is_dm) {
        buf_printf(&x->line, ",\"users\":[%llu,%llu]", (unsigned long long)room->user.v,
                   (unsigned long long)room->other.v);
    } else {
        put_text(x, "room", room->room_name);
        buf_printf(&x->line, ",\"is_private\":%s", room->is_private ? "true" : "false");
    }
    put_number(x, "created_ms", room->at_ms);
    end_line(x);
}

static void tell_other(struct export *x, const struct event *ev) {
    bool is_member = ev->type == EV_member_added, is_block = ev->type == EV_block_set;
    tell_person(x, ev->user);
    tell_person(x, ev->other);
    begin_line(x, is_member ? "member" : is_block ? "block" : "ban");
    if (is_member) {
        put_number(x, "room_id", ev->room.v);
    }
    put_number(x, "user_id", ev->user.v);
    if (is_block) {
        put_number(x, "from_id", ev->other.v);
    }
    if (!is_member) {
        put_number(x, "until_ms", ev->until_ms);
    }
    end_line(x);
}

/* FNV-1a. A client_id counts for one author in one room only. */
static uint64_t fingerprint(const struct message *m) {
    uint64_t hash = UINT64_C(14695981039346656037);
    const uint64_t numbers[] = { m->at_ms, m->seq };
    const struct str parts[] = { { (const char *)numbers, sizeof numbers }, m->content };
    for (size_t part = 0; part < COUNT(parts); part++) {
        for (size_t i = 0; i < parts[part].n; i++) {
            hash = (hash ^ (uint8_t)parts[part].p[i]) * UINT64_C(1099511628211);
        }
    }
    return hash;
}

static void put_client_id(struct export *x, const struct message *m) {
    SCOPED(buf_fini) struct buf made = BUF_INIT(CLIENT_ID_CHARS_MAX);
    buf_printf(&made, "export-%016llx", (unsigned long long)fingerprint(m));
    put_text(x, "client_id", m->client_id.n > 0 ? m->client_id : buf_str(&made));
}

static void tell_upload(struct export *x, const struct upload *upload) {
    tell_person(x, upload->user);
    begin_line(x, "upload");
    put_text(x, "name", upload->name);
    put_number(x, "user_id", upload->user.v);
    put_text(x, "media_type", upload->media_type);
    put_number(x, "bytes", upload->bytes);
    put_number(x, "created_ms", upload->at_ms);
    end_line(x);
    text_map_put(&x->uploads, arena_str(&x->arena, upload->name), x);
}

/* The line of the file that a message shows, once. */
static enum err tell_shown(struct export *x, struct str url) {
    SCOPED(arena_fini) struct arena arena = ARENA_INIT;
    struct upload upload;
    size_t n = strlen(UPLOADS_PATH);
    if (!str_starts(url, STR_LIT(UPLOADS_PATH))) {
        return OK;
    }
    struct str name = { url.p + n, url.n - n };
    if (text_map_get(&x->uploads, name) != NULL) {
        return OK;
    }
    enum err err = x->reader->ops->upload(x->reader, name, &arena, &upload);
    if (err == OK) {
        tell_upload(x, &upload);
    }
    return err == ERR_NOT_FOUND ? OK : err;    // an import will say so, and parloir check does
}

/* What a message has beside its text. */
static void put_body(struct export *x, const struct message *m) {
    if (m->type != MESSAGE_TEXT) {
        put_text(x, "message_type", str_of(message_type_name(m->type)));
    }
    if (m->media_url.n > 0) {
        put_text(x, "media_url", m->media_url);
    }
    if (m->media_type.n > 0) {
        put_text(x, "media_type", m->media_type);
    }
    if (m->duration_ms != 0) {
        put_number(x, "duration_ms", m->duration_ms);
    }
    if (m->reply_to.v != 0) {
        put_number(x, "reply_to", m->reply_to.v);
    }
    if (m->mentions.n > 0) {
        buf_printf(&x->line, ",\"mentions\":[%.*s]", STR_FMT(m->mentions));
    }
}

static void tell_people_of(struct export *x, const struct message *m) {
    struct str rest = m->mentions;
    tell_person(x, m->user);
    while (rest.n > 0) {
        uint64_t id = 0;
        if (str_to_u64(str_cut(&rest, ','), &id) == OK) {
            tell_person(x, (user_id){ id });
        }
    }
}

static enum err tell_message(struct export *x, const struct event *room, const struct message *m) {
    enum err err = tell_shown(x, m->media_url);
    if (err != OK) {
        return err;
    }
    tell_people_of(x, m);
    begin_line(x, "message");
    put_number(x, "id", m->id.v);
    put_number(x, "room_id", m->room.v);
    if (room->room_kind != ROOM_DM) {
        put_text(x, "room", room->room_name);
    }
    put_number(x, "seq", m->seq);
    put_number(x, "user_id", m->user.v);
    put_text(x, "username", m->username);
    put_text(x, "content", m->content);
    put_body(x, m);
    put_client_id(x, m);
    BUF_PUT_LIT(&x->line, ",\"timestamp\":\"");
    clock_put_rfc3339(&x->line, m->at_ms);
    BUF_PUT_LIT(&x->line, "\"");
    put_number(x, "ts", m->at_ms);
    if (m->edited_ms != 0) {
        put_number(x, "edited_ms", m->edited_ms);
    }
    end_line(x);
    return OK;
}

static void tell_marks(struct export *x, room_id room, const struct marks *marks) {
    for (size_t i = 0; marks != NULL && i < marks->count; i++) {
        const struct mark *mark = &marks->sorted[i];
        if (mark->message.v != 0) {
            tell_person(x, mark->user);
            begin_line(x, "read");
            put_number(x, "room_id", room.v);
            put_number(x, "user_id", mark->user.v);
            put_number(x, "message_id", mark->message.v);
            end_line(x);
        }
    }
}

/* Those who have had all changes before this message. */
static void tell_cursors(struct export *x, message_id next) {
    for (; x->cursors_told < x->cursor_count; x->cursors_told++) {
        const struct cursor *cursor = &x->cursors[x->cursors_told];
        if (cursor->position >= next.v) {
            return;
        }
        tell_person(x, cursor->user);
        begin_line(x, "changes");
        put_number(x, "user_id", cursor->user.v);
        end_line(x);
    }
}

static void tell_rules(struct export *x, room_id room) {
    const struct fact *rules = map_get(&x->rules, room.v);
    if (rules != NULL) {
        begin_line(x, "keep");
        put_number(x, "room_id", room.v);
        put_number(x, "messages", rules->ev.messages);
        put_number(x, "bytes", rules->ev.bytes);
        put_number(x, "age_ms", rules->ev.age_ms);
        end_line(x);
    }
}

/* ---- messages, in the order of the log */

static bool is_wanted(const struct export *x, const struct fact *room) {
    return !room->is_gone &&
           ((x->cli->given & CLI_ROOM) == 0 ||
            (room->ev.room_kind == ROOM_CHANNEL && str_eq(room->ev.room_name, x->cli->room)));
}

static const struct message *next_of(const struct stream *s) {
    return &s->log.changes[s->at].message;
}

/* Goes on to the room's next message that is told, which the change log has once as new, and as it
 * is now. *is_over: there is none. */
static enum err find_next(struct export *x, struct stream *s, bool *is_over) {
    while (true) {
        for (; s->at < s->log.count; s->at++) {
            const struct change *change = &s->log.changes[s->at];
            s->position = change->position;
            if (change->kind == CHANGE_NEW && change->message.deleted_ms == 0) {
                *is_over = false;
                return OK;
            }
        }
        change_log_fini(&s->log);
        s->log = (struct change_log){ 0 };
        s->at = 0;
        if (!s->is_more) {
            *is_over = true;
            return OK;
        }
        enum err err = x->reader->ops->changes(x->reader, s->room->room, s->position,
                                               x->page_messages, &s->log);
        if (err != OK) {
            return err;
        }
        s->is_more = s->log.count == x->page_messages;
    }
}

/* Puts the room at `at` where it belongs among those below it. */
static void sink(struct export *x, size_t at) {
    struct stream *s = x->heap[at];
    while (2 * at + 1 < x->heap_count) {
        size_t child = 2 * at + 1;
        if (child + 1 < x->heap_count &&
            next_of(x->heap[child + 1])->id.v < next_of(x->heap[child])->id.v) {
            child++;
        }
        if (next_of(s)->id.v < next_of(x->heap[child])->id.v) {
            break;
        }
        x->heap[at] = x->heap[child];
        at = child;
    }
    x->heap[at] = s;
}

static enum err open_room(struct export *x, const struct event *room) {
    struct stream *s = arena_zalloc(&x->arena, sizeof *s);
    bool is_over = true;
    *s = (struct stream){ .room = room, .marks = sort_marks(x, room->room), .is_more = true };
    enum err err = find_next(x, s, &is_over);
    if (err == OK && !is_over) {
        x->heap[x->heap_count++] = s;
    }
    return err;
}

static enum err open_rooms(struct export *x) {
    size_t count = 0;
    enum err err = OK;
    for (struct fact *room = x->rooms; room != NULL; room = room->next) {
        count += is_wanted(x, room);
    }
    x->heap = arena_alloc(&x->arena, count * sizeof(struct stream *));
    x->page_messages = MAX(MIN(HELD_MESSAGES / MAX(count, 1), PAGE_MESSAGES), PAGE_MESSAGES_MIN);
    for (struct fact *room = x->rooms; err == OK && room != NULL; room = room->next) {
        err = is_wanted(x, room) ? open_room(x, &room->ev) : OK;
    }
    for (size_t at = x->heap_count / 2; at > 0; at--) {
        sink(x, at - 1);
    }
    return err;
}

static enum err tell_oldest(struct export *x) {
    struct stream *s = x->heap[0];
    const struct message *m = next_of(s);
    bool is_over = false;
    tell_cursors(x, m->id);
    pass_marks(s->marks, m->seq, s->newest);
    enum err err = tell_message(x, s->room, m);
    s->newest = m->id;
    s->at++;
    if (err != OK || (err = find_next(x, s, &is_over)) != OK) {
        return err;
    }
    if (is_over) {
        pass_marks(s->marks, UINT64_MAX, s->newest);
        tell_marks(x, s->room->room, s->marks);
        x->heap[0] = x->heap[--x->heap_count];
    }
    if (x->heap_count > 0) {
        sink(x, 0);
    }
    return OK;
}

static enum err tell_messages(struct export *x) {
    enum err err = open_rooms(x);
    while (err == OK && x->heap_count > 0) {
        err = tell_oldest(x);
    }
    tell_cursors(x, (message_id){ UINT64_MAX });
    return err;
}

/* Files that wait for the message that shows them. */
static enum err tell_orphans(struct export *x) {
    struct upload_list list = { 0 };
    enum err err = x->reader->ops->orphans(x->reader, ID_MAX, LIST_ROWS_MAX, &list);
    for (size_t i = 0; err == OK && i < list.count; i++) {
        if (text_map_get(&x->uploads, list.uploads[i].name) == NULL) {
            tell_upload(x, &list.uploads[i]);
        }
    }
    upload_list_fini(&list);
    return err;
}

/* ---- what was decided */

/* The message is left out: deleted, it has no line, and its id means another elsewhere. */
static void tell_decision(struct export *x, const struct list_row *row) {
    const struct {
        const char *key;
        struct str text;
    } texts[] = {
        { "actor", row->actor },     { "action", row->action }, { "username", row->name },
        { "from", row->other_name }, { "room", row->room },     { "detail", row->detail }
    };
    begin_line(x, "audit");
    put_number(x, "at_ms", row->at_ms);
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (texts[i].text.n > 0) {
            put_text(x, texts[i].key, texts[i].text);
        }
    }
    if (row->until_ms != 0) {
        put_number(x, "until_ms", row->until_ms);
    }
    end_line(x);
}

static enum err tell_decisions(struct export *x) {
    const struct ask ask = { .kind = ASK_LIST, .list_kind = LIST_AUDIT };
    SCOPED(answer_free) struct answer *answer = answer_new(&ask);
    enum err err = x->reader->ops->answer(x->reader, &answer->ask, answer);
    for (size_t i = answer->row_count; err == OK && i-- > 0;) {
        tell_decision(x, &answer->rows[i]);
    }
    return err;
}

/* ---- the whole */

/* The memberships of one room; those of all, the bans and the blocks, if no room was named. */
static void tell_others(struct export *x, room_id room) {
    bool has_room = (x->cli->given & CLI_ROOM) != 0;
    for (struct fact *fact = x->others; fact != NULL; fact = fact->next) {
        const struct person *person = map_get(&x->people, fact->ev.user.v);
        if (person == NULL || person->is_erased) {
            continue;
        }
        if (!has_room || (fact->ev.type == EV_member_added && fact->ev.room.v == room.v)) {
            tell_other(x, &fact->ev);
        }
    }
}

static void tell_all_but_messages(struct export *x) {
    bool has_room = (x->cli->given & CLI_ROOM) != 0;
    room_id last = { 0 };
    for (struct person *person = x->first_person; !has_room && person != NULL;
         person = person->next) {
        tell_person(x, person->ev.user);
    }
    for (struct fact *room = x->rooms; room != NULL; room = room->next) {
        if (is_wanted(x, room)) {
            tell_room(x, &room->ev);
            last = room->ev.room;
        }
    }
    tell_others(x, last);
}

static int tell_all(struct export *x) {
    bool is_there = (x->cli->given & CLI_ROOM) == 0;
    for (struct fact *room = x->rooms; room != NULL; room = room->next) {
        is_there = is_there || is_wanted(x, room);
    }
    if (!is_there) {
        return cli_fail("there is no room \"%.*s\"", STR_FMT(x->cli->room));
    }
    begin_line(x, "parloir");
    put_number(x, "version", CLI_EXPORT_VERSION);
    end_line(x);
    tell_all_but_messages(x);

    enum err err = collect_marks(x);
    if (err == OK && (x->cli->given & CLI_ROOM) == 0) {
        err = collect_cursors(x);
    }
    if (err == OK) {
        err = tell_messages(x);
    }
    for (struct fact *room = x->rooms; err == OK && room != NULL; room = room->next) {
        if (is_wanted(x, room)) {
            tell_rules(x, room->ev.room);
        }
    }
    if (err == OK && (x->cli->given & CLI_ROOM) == 0) {
        err = tell_orphans(x);
        err = err == OK ? tell_decisions(x) : err;
    }
    return err == OK ? CLI_DONE : cli_fail("the messages cannot be read: %s", err_text(err));
}

static void export_fini(struct export *x) {
    for (size_t i = 0; i < x->heap_count; i++) {
        change_log_fini(&x->heap[i]->log);
    }
    if (x->reader != NULL) {
        x->reader->ops->free(&x->reader);
    }
    if (x->store != NULL) {
        x->store->ops->free(&x->store);
    }
    map_fini(&x->people);
    map_fini(&x->rules);
    map_fini(&x->marks);
    text_map_fini(&x->uploads);
    arena_fini(&x->arena);
    buf_fini(&x->line);
}

static int run(struct cli *cli) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_LINE_BYTES_MAX);
    SCOPED(export_fini) struct export x = { .cli = cli, .line = BUF_INIT(LINE_BYTES_MAX) };
    x.last_person = &x.first_person;
    x.last_room = &x.rooms;
    x.last_other = &x.others;
    if (store_look(cli->config->store_url, &x.store, &why) != OK) {
        return cli_fail("%.*s", STR_FMT(buf_str(&why)));
    }
    enum err err = x.store->ops->reader_open(x.store, &x.reader);
    if (err == OK) {
        err = x.store->ops->load(x.store, on_fact, &x);
    }
    return err == OK ? tell_all(&x) : cli_fail("the store cannot be read: %s", err_text(err));
}

int cli_export(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "", "[--room NAME]",
          "Writes users, rooms and messages, or one room, to standard output as lines of JSON; no "
          "passwords, no tokens. Of uploads it has the names: copy their files, too.",
          CLI_ROOM, 0, run },
    };
    static const struct cli_command command = { "export", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}
