/* parloir import: what parloir export wrote, back into an installation.
 *
 *     line ──type──> import_<type>() ──> the fact that it is ──> facts_add ──> kept
 *
 * Here is decided what a line means: who has a name here already is that person, a channel of that
 * name is that channel, and for these there is no fact. Whether a fact may be is the core's to say.
 *
 * Users keep their ids: tokens that a back end signed speak of people by id, and must not mean
 * somebody else after a move. Where that cannot be, the line is refused, unless --renumber says
 * that nobody outside knows the ids. Rooms are known outside by name: theirs are kept if free, and
 * else given anew. `people` and `rooms` know which became which.
 *
 * Files people sent keep their names, which are random: one of that name is that file.
 *
 * A message with a client_id that its author used in its room before is there already: so a file
 * can be read twice. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/map.h"
#include "core/user.h"
#include "media/files.h"
#include "server/cli_export.h"
#include "server/cli_facts.h"
#include "server/cli_out.h"

#define LINE_BYTES_MAX (4u << 20)
#define MENTIONS_BYTES_MAX (1u << 16)

struct person {
    uint64_t id;
    struct str name;    // the placeholder, if erased
    bool is_erased;
};

struct import {
    const struct cli *cli;
    struct facts *facts;           // owned
    struct json_reader *reader;    // owned
    struct arena arena;            // persons, and keys of the maps
    struct map people;             // id in the file -> id here, as a pointer
    struct map newcomers;          // ids here of people who came with this file
    struct map rooms;              // the same
    struct map by_id;              // who is here: struct person
    struct text_map by_name;       // the same
    struct map room_ids;           // ids that are, or were, a room's here
    struct text_map channels;      // name -> id here
    struct text_map places;        // "dm 1 2", "member 3 1", "keep 3 0" -> id here
    struct text_map uploads;       // names that were told in this file
    uint64_t user_id_max;
    uint64_t room_id_max;
    uint64_t line_number;
    struct buf mentions;    // of the message at hand
    struct buf why;
};

/* ---- what is here */

static void *of_id(uint64_t id) {
    return (void *)(uintptr_t)id;
}

static uint64_t id_of(const void *value) {
    return (uint64_t)(uintptr_t)value;
}

/* Remembers, or looks up, a thing by a key made of its kind and two numbers. */
static struct str place_key(char *key, size_t bytes, const char *kind, uint64_t a, uint64_t b) {
    int n =
        snprintf(key, bytes, "%s %llu %llu", kind, (unsigned long long)a, (unsigned long long)b);
    return (struct str){ key, (size_t)n };
}

static void put_place(struct import *im, const char *kind, uint64_t a, uint64_t b, uint64_t id) {
    char key[64];
    struct str text = place_key(key, sizeof key, kind, a, b);
    text_map_put(&im->places, arena_str(&im->arena, text), of_id(id));
}

static uint64_t find_place(const struct import *im, const char *kind, uint64_t a, uint64_t b) {
    char key[64];
    return id_of(text_map_get(&im->places, place_key(key, sizeof key, kind, a, b)));
}

static void learn_person(struct import *im, const struct event *ev) {
    struct person *person = map_get(&im->by_id, ev->user.v);
    if (person == NULL) {
        person = arena_zalloc(&im->arena, sizeof *person);
        person->id = ev->user.v;
        map_put(&im->by_id, person->id, person);
        im->user_id_max = MAX(im->user_id_max, person->id);
    } else {
        text_map_drop(&im->by_name, person->name);
    }
    person->name = arena_str(&im->arena, ev->username);
    person->is_erased = ev->type == EV_user_erased;
    text_map_put(&im->by_name, person->name, person);
}

static void learn_room(struct import *im, const struct event *ev) {
    im->room_id_max = MAX(im->room_id_max, ev->room.v);
    map_put(&im->room_ids, ev->room.v, im);
    if (ev->room_kind == ROOM_CHANNEL && text_map_get(&im->channels, ev->room_name) == NULL) {
        text_map_put(&im->channels, arena_str(&im->arena, ev->room_name), of_id(ev->room.v));
    } else if (ev->room_kind == ROOM_DM) {
        put_place(im, "dm", MIN(ev->user.v, ev->other.v), MAX(ev->user.v, ev->other.v), ev->room.v);
    }
}

/* A removed room may have had the name of one that lives, whichever has the smaller id. */
static void forget_room(struct import *im, const struct event *ev) {
    if (id_of(text_map_get(&im->channels, ev->room_name)) == ev->room.v) {
        text_map_drop(&im->channels, ev->room_name);
    }
}

static void learn(void *ctx, const struct event *ev) {
    struct import *im = ctx;
    switch ((int)ev->type) {    // the rest changes nothing of what a line means
    case EV_user_created:
    case EV_user_erased: learn_person(im, ev); break;
    case EV_room_created: learn_room(im, ev); break;
    case EV_room_removed: forget_room(im, ev); break;
    case EV_room_kept: put_place(im, "keep", ev->room.v, 0, 1); break;
    case EV_member_added: put_place(im, "member", ev->room.v, ev->user.v, 1); break;
    default: break;
    }
}

/* ---- out */

static enum err wrong(struct import *im, const char *fmt, ...) PRINTF_LIKE(2, 3);

static enum err wrong(struct import *im, const char *fmt, ...) {
    char text[CLI_SENTENCE_BYTES_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    buf_printf(&im->why, "line %llu: %s", (unsigned long long)im->line_number, text);
    return ERR_PROTO;
}

static enum err add(struct import *im, const struct event *fact) {
    enum err err = facts_add(im->facts, im->line_number, fact, &im->why);
    if (err == OK) {
        learn(im, fact);
    }
    return err;
}

/* ---- what lines say */

static struct str text_in(const struct json *line, const char *key) {
    return json_text(json_get(line, key));
}

static uint64_t number_in(const struct json *line, const char *key) {
    uint64_t number = 0;
    return json_u64(json_get(line, key), &number) == OK ? number : 0;
}

static bool flag_in(const struct json *line, const char *key) {
    bool flag = false;
    return json_bool(json_get(line, key), &flag) == OK && flag;
}

/* The id here of what the file calls by this number; 0: no line before said so. */
static uint64_t here(const struct map *map, const struct json *line, const char *key) {
    return id_of(map_get(map, number_in(line, key)));
}

static enum err import_header(struct import *im, const struct json *line) {
    return number_in(line, "version") == CLI_EXPORT_VERSION
               ? OK
               : wrong(im, "this is no export of a version that this build reads");
}

/* ---- people */

#define SAFE_WAYS "import into an empty store, or with --renumber, "

/* Finds whom a user of the file is here, or which id they get. */
static enum err find_user(struct import *im, uint64_t id, struct str name, bool is_erased,
                          struct person *out, bool *is_new) {
    const struct person *same = text_map_get(&im->by_name, name);
    const struct person *holder = map_get(&im->by_id, id);
    bool may_renumber = (im->cli->given & CLI_RENUMBER) != 0;
    *is_new = same == NULL || same->is_erased != is_erased;
    if (!*is_new) {
        *out = *same;
        return same->id == id || may_renumber
                   ? OK
                   : wrong(im,
                           "\"%.*s\" is user %llu here and user %llu in the file: " SAFE_WAYS
                           "which takes them for one",
                           STR_FMT(name), (unsigned long long)same->id, (unsigned long long)id);
    }
    out->id = holder == NULL ? id : im->user_id_max + 1;
    return holder == NULL || may_renumber
               ? OK
               : wrong(im,
                       "user %llu is \"%.*s\" here and \"%.*s\" in the file: " SAFE_WAYS
                       "which gives the latter a new id",
                       (unsigned long long)id, STR_FMT(holder->name), STR_FMT(name));
}

/* Who has the name here is that person, as they are here. */
static enum err import_user(struct import *im, const struct json *line) {
    uint64_t id = number_in(line, "id");
    bool is_erased = flag_in(line, "is_erased");
    struct person person = { .name = text_in(line, "username") };
    bool is_new = false;
    if (id == 0) {
        return wrong(im, "a user has an id");
    }
    enum err err = find_user(im, id, person.name, is_erased, &person, &is_new);
    if (err == OK && is_new) {
        enum role role = role_by_name(text_in(line, "role"));
        err = add(im, &(struct event){
                          .type = is_erased ? EV_user_erased : EV_user_created,
                          .at_ms = number_in(line, "created_ms"),
                          .user = { person.id },
                          .username = text_in(line, "username"),
                          .mobile = is_erased ? STR_NONE : text_in(line, "mobile"),
                          .role = is_erased || role == ROLE_COUNT ? ROLE_MEMBER : role,
                      });
    }
    if (err == OK && is_new) {
        map_put(&im->newcomers, person.id, im);
    }
    if (err == OK) {
        map_put(&im->people, id, of_id(person.id));
    }
    return err;
}

static enum err import_ban(struct import *im, const struct json *line) {
    uint64_t user = here(&im->people, line, "user_id");
    uint64_t until_ms = number_in(line, "until_ms");
    if (user == 0) {
        return wrong(im, "a ban is of a user of a line before");
    }
    if (until_ms != 0 && until_ms <= clock_wall_ms()) {
        return OK;
    }
    return add(im, &(struct event){ .type = EV_ban_set, .user = { user }, .until_ms = until_ms });
}

static enum err import_block(struct import *im, const struct json *line) {
    uint64_t user = here(&im->people, line, "user_id");
    uint64_t from = here(&im->people, line, "from_id");
    uint64_t until_ms = number_in(line, "until_ms");
    if (user == 0 || (from == 0 && number_in(line, "from_id") != 0)) {
        return wrong(im, "a block is of a user of a line before, from another or from everyone");
    }
    if (until_ms <= clock_wall_ms()) {
        return OK;
    }
    return add(
        im, &(struct event){
                .type = EV_block_set, .user = { user }, .other = { from }, .until_ms = until_ms });
}

/* Who has a name; 0: the line has none. false: nobody has, and that has been said. */
static bool find_named(struct import *im, const struct json *line, const char *key, uint64_t *id) {
    struct str name = text_in(line, key);
    const struct person *person = text_map_get(&im->by_name, name);
    *id = person == NULL ? 0 : person->id;
    if (name.n > 0 && person == NULL) {
        (void)!wrong(im, "nobody is called \"%.*s\"", STR_FMT(name));
        return false;
    }
    return true;
}

/* A room that is gone has no line: then its name is all there is to say. */
static enum err import_decision(struct import *im, const struct json *line) {
    struct str room = text_in(line, "room"), detail = text_in(line, "detail");
    struct event ev = { .type = EV_decision_noted,
                        .at_ms = number_in(line, "at_ms"),
                        .label = text_in(line, "action"),
                        .until_ms = number_in(line, "until_ms") };
    if (!find_named(im, line, "actor", &ev.actor.v) ||
        !find_named(im, line, "username", &ev.user.v) ||
        !find_named(im, line, "from", &ev.other.v)) {
        return ERR_PROTO;
    }
    ev.room.v = room.n == 0 ? 0 : id_of(text_map_get(&im->channels, room));
    ev.content = ev.room.v == 0 && detail.n == 0 ? room : detail;
    return add(im, &ev);
}

/* ---- rooms */

/* The id a room of the file gets: its own, if it is nobody's here. */
static room_id id_for_room(const struct import *im, const struct json *line) {
    uint64_t id = number_in(line, "id");
    bool is_free = id != 0 && map_get(&im->room_ids, id) == NULL;
    return (room_id){ is_free ? id : im->room_id_max + 1 };
}

static enum err import_channel(struct import *im, const struct json *line, uint64_t *id) {
    struct str name = text_in(line, "room");
    *id = id_of(text_map_get(&im->channels, name));
    if (*id != 0) {
        return OK;
    }
    struct event ev = { .type = EV_room_created,
                        .at_ms = number_in(line, "created_ms"),
                        .room = id_for_room(im, line),
                        .room_name = name,
                        .room_kind = ROOM_CHANNEL,
                        .is_private = flag_in(line, "is_private") };
    *id = ev.room.v;
    return add(im, &ev);
}

static enum err import_dm(struct import *im, const struct json *line, uint64_t *id) {
    uint64_t pair[2] = { 0 };
    for (size_t i = 0; i < COUNT(pair); i++) {
        uint64_t user = 0;
        if (json_u64(json_at(json_get(line, "users"), i), &user) != OK ||
            (pair[i] = id_of(map_get(&im->people, user))) == 0) {
            return wrong(im, "a dm is of two users of lines before");
        }
    }
    struct event ev = { .type = EV_room_created,
                        .at_ms = number_in(line, "created_ms"),
                        .room = id_for_room(im, line),
                        .room_kind = ROOM_DM,
                        .user = { MIN(pair[0], pair[1]) },
                        .other = { MAX(pair[0], pair[1]) } };
    *id = find_place(im, "dm", ev.user.v, ev.other.v);
    if (*id != 0) {
        return OK;
    }
    *id = ev.room.v;
    return add(im, &ev);
}

static enum err import_room(struct import *im, const struct json *line) {
    struct str kind = text_in(line, "kind");
    uint64_t id = 0;
    enum err err = str_eq(kind, STR_LIT("channel")) ? import_channel(im, line, &id)
                   : str_eq(kind, STR_LIT("dm"))    ? import_dm(im, line, &id)
                                                    : wrong(im, "this build has no such rooms");
    if (err == OK) {
        map_put(&im->rooms, number_in(line, "id"), of_id(id));
    }
    return err;
}

static enum err import_member(struct import *im, const struct json *line) {
    uint64_t room = here(&im->rooms, line, "room_id");
    uint64_t user = here(&im->people, line, "user_id");
    if (room == 0 || user == 0) {
        return wrong(im, "a member is a user of a line before in a room of a line before");
    }
    if (find_place(im, "member", room, user) != 0) {
        return OK;
    }
    return add(im, &(struct event){ .type = EV_member_added, .room = { room }, .user = { user } });
}

/* A room that has rules of its own here keeps by these. */
static enum err import_keep(struct import *im, const struct json *line) {
    uint64_t room = here(&im->rooms, line, "room_id");
    if (room == 0) {
        return wrong(im, "what is kept is of a room of a line before");
    }
    if (find_place(im, "keep", room, 0) != 0) {
        return OK;
    }
    return add(im, &(struct event){ .type = EV_room_kept,
                                    .room = { room },
                                    .is_on = true,
                                    .messages = number_in(line, "messages"),
                                    .bytes = number_in(line, "bytes"),
                                    .age_ms = number_in(line, "age_ms") });
}

/* ---- messages */

/* Puts whom the line's message names into im->mentions, by their ids here. */
static enum err read_mentions(struct import *im, const struct json *line) {
    const struct json *list = json_get(line, "mentions");
    buf_reset(&im->mentions);
    for (size_t i = 0; i < json_count(list); i++) {
        uint64_t user = 0;
        if (json_u64(json_at(list, i), &user) != OK ||
            (user = id_of(map_get(&im->people, user))) == 0) {
            return wrong(im, "who is named in a message is a user of a line before");
        }
        if (i > 0) {
            buf_put_char(&im->mentions, ',');
        }
        buf_put_u64(&im->mentions, user);
    }
    return buf_ok(&im->mentions) ? OK : wrong(im, "it names too many people");
}

static enum message_type message_type_in(const struct json *line) {
    struct str name = text_in(line, "message_type");
    return name.p == NULL ? MESSAGE_TEXT : message_type_by_name(name);
}

/* The ids of messages are the file's: facts_add knows what became of them. One that was edited is
 * told as it is now, and then that it is so since. */
static enum err import_message(struct import *im, const struct json *line) {
    struct event ev = { .type = EV_message_posted,
                        .at_ms = number_in(line, "ts"),
                        .room = { here(&im->rooms, line, "room_id") },
                        .user = { here(&im->people, line, "user_id") },
                        .message = { number_in(line, "id") },
                        .content = text_in(line, "content"),
                        .client_id = text_in(line, "client_id"),
                        .message_type = message_type_in(line),
                        .media_url = text_in(line, "media_url"),
                        .media_type = text_in(line, "media_type"),
                        .duration_ms = number_in(line, "duration_ms"),
                        .reply_to = { number_in(line, "reply_to") } };
    if (ev.room.v == 0 || ev.user.v == 0) {
        return wrong(im, "a message is of a user of a line before in a room of a line before");
    }
    if (ev.message_type == MESSAGE_TYPE_COUNT) {
        return wrong(im, "this build has no such messages");
    }
    enum err err = read_mentions(im, line);
    ev.mentions = buf_str(&im->mentions);
    err = err == OK ? add(im, &ev) : err;
    uint64_t edited_ms = number_in(line, "edited_ms");
    if (err != OK || edited_ms == 0 || ev.message.v == 0) {
        return err;
    }
    return add(im, &(struct event){ .type = EV_message_edited,
                                    .at_ms = edited_ms,
                                    .room = ev.room,
                                    .user = ev.user,
                                    .message = ev.message,
                                    .content = ev.content,
                                    .mentions = ev.mentions });
}

static enum err import_read(struct import *im, const struct json *line) {
    uint64_t room = here(&im->rooms, line, "room_id");
    uint64_t user = here(&im->people, line, "user_id");
    uint64_t message = number_in(line, "message_id");
    if (room == 0 || user == 0 || message == 0) {
        return wrong(im, "what was read is a message of a room, by a user, of lines before");
    }
    return add(im, &(struct event){ .type = EV_read_changed,
                                    .room = { room },
                                    .user = { user },
                                    .message = { message } });
}

/* Whoever was here before may still wait for what others here said. */
static enum err import_changes(struct import *im, const struct json *line) {
    uint64_t user = here(&im->people, line, "user_id");
    if (user == 0) {
        return wrong(im, "changes have come to a user of a line before");
    }
    if (map_get(&im->newcomers, user) == NULL) {
        return OK;
    }
    return add(
        im, &(struct event){ .type = EV_changes_confirmed, .user = { user }, .position = ID_MAX });
}

static enum err import_upload(struct import *im, const struct json *line) {
    uint64_t user = here(&im->people, line, "user_id");
    struct str name = text_in(line, "name");
    bool is_there = text_map_get(&im->uploads, name) != NULL;
    if (user == 0) {
        return wrong(im, "an upload is of a user of a line before");
    }
    if (media_name_type(name) == NULL) {
        return wrong(im, "no file that a server here gives out is called so");
    }
    enum err err = is_there ? OK : facts_find_upload(im->facts, name, &is_there, &im->why);
    if (err != OK || is_there) {
        return err;
    }
    text_map_put(&im->uploads, arena_str(&im->arena, name), im);
    return add(im, &(struct event){ .type = EV_upload_added,
                                    .at_ms = number_in(line, "created_ms"),
                                    .user = { user },
                                    .label = name,
                                    .media_type = text_in(line, "media_type"),
                                    .bytes = number_in(line, "bytes") });
}

/* ---- the file */

static enum err import_line(struct import *im, struct str text) {
    static const struct {
        struct str type;
        enum err (*import)(struct import *im, const struct json *line);
    } types[] = {
        { STR_LIT("parloir"), import_header },  { STR_LIT("user"), import_user },
        { STR_LIT("room"), import_room },       { STR_LIT("member"), import_member },
        { STR_LIT("ban"), import_ban },         { STR_LIT("message"), import_message },
        { STR_LIT("read"), import_read },       { STR_LIT("upload"), import_upload },
        { STR_LIT("block"), import_block },     { STR_LIT("audit"), import_decision },
        { STR_LIT("changes"), import_changes }, { STR_LIT("keep"), import_keep },
    };
    const struct json *line;
    if (json_parse(im->reader, text, &line) != OK) {
        return wrong(im, "%s", json_reader_why(im->reader));
    }
    struct str type = text_in(line, "type");
    if (im->line_number == 1 && !str_eq(type, types[0].type)) {
        return wrong(im, "this is not what parloir export writes");
    }
    for (size_t i = 0; i < COUNT(types); i++) {
        if (str_eq(type, types[i].type)) {
            return types[i].import(im, line);
        }
    }
    return OK;    // of a later version, that says something more
}

/* Reads one line without its newline. false: the end, or it is too long and line->over. */
static bool read_line(FILE *file, struct buf *line) {
    buf_reset(line);
    int c;
    while ((c = getc_unlocked(file)) != EOF && c != '\n') {
        buf_put_char(line, (char)c);
    }
    return buf_ok(line) && (c != EOF || line->n > 0);
}

static enum err import_file(struct import *im, FILE *file) {
    SCOPED(buf_fini) struct buf line = BUF_INIT(LINE_BYTES_MAX);
    enum err err = OK;
    while (err == OK && read_line(file, &line)) {
        im->line_number++;
        if (str_trim(buf_str(&line)).n > 0) {
            err = import_line(im, buf_str(&line));
        }
    }
    if (err == OK && (!buf_ok(&line) || im->line_number == 0)) {
        im->line_number++;
        err = wrong(im, "%s", buf_ok(&line) ? "there is nothing to import" : "it is too long");
    }
    if (err == OK && ferror(file)) {
        buf_printf(&im->why, "the file cannot be read: %s", strerror(errno));
        err = ERR_IO;
    }
    return err == OK ? facts_keep(im->facts, &im->why) : err;
}

/* ---- the command */

static void import_fini(struct import *im) {
    facts_free(&im->facts);
    json_reader_free(&im->reader);
    map_fini(&im->people);
    map_fini(&im->newcomers);
    map_fini(&im->rooms);
    map_fini(&im->by_id);
    text_map_fini(&im->by_name);
    map_fini(&im->room_ids);
    text_map_fini(&im->channels);
    text_map_fini(&im->places);
    text_map_fini(&im->uploads);
    arena_fini(&im->arena);
    buf_fini(&im->mentions);
    buf_fini(&im->why);
}

static void put_kept(struct buf *out, const struct facts_kept *kept) {
    buf_printf(out, "%llu users, %llu rooms, %llu messages; %llu messages were here already.",
               (unsigned long long)kept->users, (unsigned long long)kept->rooms,
               (unsigned long long)kept->messages, (unsigned long long)kept->repeats);
    if (kept->left_out > 0) {
        buf_printf(out, " %llu reactions were left out: what they stood under is not there.",
                   (unsigned long long)kept->left_out);
    }
    if (kept->uploads > 0) {
        buf_printf(out, " %llu uploads are known: copy their files, too.",
                   (unsigned long long)kept->uploads);
    }
}

static void say_kept(const struct cli *cli, const struct facts_kept *kept) {
    SCOPED(buf_fini) struct buf line = BUF_INIT(CLI_LINE_BYTES_MAX);
    if (cli->is_json) {
        buf_printf(&line,
                   "{\"users\":%llu,\"rooms\":%llu,\"messages\":%llu,\"repeats\":%llu,"
                   "\"uploads\":%llu,\"left_out\":%llu}",
                   (unsigned long long)kept->users, (unsigned long long)kept->rooms,
                   (unsigned long long)kept->messages, (unsigned long long)kept->repeats,
                   (unsigned long long)kept->uploads, (unsigned long long)kept->left_out);
        cli_print_json(buf_str(&line));
        return;
    }
    put_kept(&line, kept);
    cli_say("Imported: %.*s", STR_FMT(buf_str(&line)));
}

/* Why it ended, and what is here of it all the same. */
static int fail(struct import *im) {
    const struct facts_kept kept = facts_kept(im->facts);
    struct buf *why = &im->why;
    if (why->n > 0 && why->p[why->n - 1] != '.') {
        buf_put_char(why, '.');
    }
    if (kept.users + kept.rooms + kept.messages + kept.repeats + kept.uploads == 0) {
        BUF_PUT_LIT(why, " Nothing was imported.");
    } else {
        BUF_PUT_LIT(why, " Imported until then: ");
        put_kept(why, &kept);
        BUF_PUT_LIT(why, " Reading the file again doubles no message that has a client_id, and "
                         "parloir export gives one to each.");
    }
    return cli_fail("%.*s", STR_FMT(buf_str(why)));
}

static int import_json(struct cli *cli) {
    SCOPED(import_fini)
    struct import im = {
        .cli = cli,
        .reader = json_reader_new(LINE_BYTES_MAX),
        .by_name = { .folds = true },
        .mentions = BUF_INIT(MENTIONS_BYTES_MAX),
        .why = BUF_INIT(CLI_LINE_BYTES_MAX),
    };
    bool is_stdin = str_eq(cli->args[0], STR_LIT("-"));
    FILE *file = is_stdin ? stdin : fopen(cli->args[0].p, "re");
    if (file == NULL) {
        return cli_fail("%s cannot be read: %s", cli->args[0].p, strerror(errno));
    }
    enum err err = facts_open(cli->config, learn, &im, &im.facts, &im.why);
    err = err == OK ? import_file(&im, file) : err;
    if (!is_stdin) {
        fclose(file);
    }
    if (im.facts == NULL) {
        return cli_fail("%.*s", STR_FMT(buf_str(&im.why)));
    }
    if (err != OK) {
        return fail(&im);
    }
    const struct facts_kept kept = facts_kept(im.facts);
    say_kept(cli, &kept);
    return CLI_DONE;
}

static int import_hub(struct cli *cli) {
    (void)cli;
    return cli_fail("an existing hub database is read by the PostgreSQL store, which this build "
                    "does not have: import json FILE reads what parloir export wrote");
}

int cli_import(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "json", "FILE [--renumber]",
          "Reads what parloir export wrote (-: standard input). Users keep their ids, and who has "
          "a name here already is that person: where the two do not go "
          "together, the import ends, unless --renumber lets such users be known by the id they "
          "have or get here. A message with a client_id that its author used in that room before "
          "is not added again; export gives every message one, so its file may be read twice.",
          CLI_RENUMBER, 1, import_json },
        { "hub", "URL", "Not in this build: it needs the PostgreSQL store.", 0, 1, import_hub },
    };
    static const struct cli_command command = { "import", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}
