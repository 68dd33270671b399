/* parloir import: what parloir export wrote, back into a store that no server has open.
 *
 *     line ──type──> import_<type>() ──> a command to a core, or a fact ──> batch ──> store
 *
 * People and channels go through the core, which holds them to its rules: who has a name here
 * already is that person. What the core has no command for (members, placeholders, dms, messages
 * at the time they were said) is put into the batch as the fact it is, and the core is told. Ids
 * are given anew; `people` and `rooms` know which became which.
 *
 * A message with a client_id that its author used in its room before is there already: so a file
 * can be read twice. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/map.h"
#include "core/core.h"
#include "core/user.h"
#include "server/cli_ask.h"
#include "server/cli_export.h"
#include "server/cli_out.h"
#include "store/store.h"

#define LINE_BYTES_MAX (4u << 20)
#define BATCH_ITEMS 1000

struct import {
    struct store *store;           // owned
    struct core *core;             // owned
    struct json_reader *reader;    // owned
    struct batch *batch;           // owned; not committed yet
    size_t batch_items;
    struct arena arena;          // keys of the maps
    struct map people;           // id in the file -> id here, as a pointer
    struct map rooms;            // the same
    struct text_map channels;    // name -> id here
    struct text_map places;      // "dm 1 2", "member 3 1", "erased NAME" -> id here
    uint64_t room_id_max;
    uint64_t line_number;
    uint64_t added[4];    // by enum added
    struct buf why;
};

enum added { ADDED_USERS, ADDED_ROOMS, ADDED_MESSAGES, ADDED_REPEATS };

static const char *const added_names[] = { "users", "rooms", "messages", "repeats" };

/* ---- what is here */

static void *of_id(uint64_t id) {
    return (void *)(uintptr_t)id;
}

static uint64_t id_of(const void *value) {
    return (uint64_t)(uintptr_t)value;
}

/* Remembers, or looks up, a thing by a key made of its kind and two numbers, or of a name. */
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

static void learn_room(struct import *im, const struct event *ev) {
    im->room_id_max = MAX(im->room_id_max, ev->room.v);
    if (ev->room_kind == ROOM_CHANNEL) {
        text_map_put(&im->channels, arena_str(&im->arena, ev->room_name), of_id(ev->room.v));
    } else if (ev->room_kind == ROOM_DM) {
        put_place(im, "dm", MIN(ev->user.v, ev->other.v), MAX(ev->user.v, ev->other.v), ev->room.v);
    }
}

/* For the core, and for what it does not tell: placeholders of erased users are known by name. */
static void on_fact(void *ctx, const struct event *ev) {
    struct import *im = ctx;
    core_restore(im->core, ev);
    switch ((int)ev->type) {
    case EV_room_created: learn_room(im, ev); break;
    case EV_room_removed:
        if (ev->room_kind == ROOM_CHANNEL) {
            text_map_drop(&im->channels, ev->room_name);
        }
        break;
    case EV_member_added: put_place(im, "member", ev->room.v, ev->user.v, 1); break;
    case EV_user_erased:
        text_map_put(&im->places, arena_str(&im->arena, ev->username), of_id(ev->user.v));
        break;
    default: break;
    }
}

/* ---- into the batch */

static enum err wrong(struct import *im, const char *what) {
    buf_printf(&im->why, "line %llu: %s", (unsigned long long)im->line_number, what);
    return ERR_PROTO;
}

static enum err flush(struct import *im) {
    enum err err = OK;
    if (im->batch->kept_count > 0) {
        err = im->store->ops->commit(im->store, im->batch);
    }
    if (err != OK) {
        buf_printf(&im->why, "the store cannot be written: %s", err_text(err));
        return err;
    }
    BATCH_EACH(item, im->batch) {
        if (item->kind == ITEM_EVENT && item->event.type == EV_message_posted) {
            im->added[item->event.is_repeat ? ADDED_REPEATS : ADDED_MESSAGES]++;
        }
    }
    batch_unref(&im->batch);
    im->batch = batch_new(clock_wall_ms());
    im->batch_items = 0;
    return OK;
}

static struct event *fact(struct import *im, enum event_type type) {
    im->batch_items++;
    return batch_event(im->batch, type);
}

/* Gives the core a command. NULL: it refused, and `why` has its reason. */
static struct reply *order(struct import *im, struct cmd *cmd) {
    cmd->dialect = DIALECT_OPERATOR;
    im->batch_items++;
    struct item **end = im->batch->last;
    core_apply(im->core, cmd, im->batch);
    struct reply *reply = NULL;
    for (struct item *item = *end; item != NULL; item = item->next) {
        reply = item->kind == ITEM_REPLY ? &item->reply : reply;
    }
    CHECK(reply != NULL);
    if (reply->refusal == REFUSE_NONE) {
        return reply;
    }
    buf_reset(&im->why);
    buf_printf(&im->why, "line %llu: %s (%.*s)", (unsigned long long)im->line_number,
               refusal_text(reply->refusal, LANG_EN), STR_FMT(reply->detail));
    return NULL;
}

/* ---- what lines say; texts go where they live as long as the batch */

static struct str text_in(struct import *im, const struct json *line, const char *key) {
    return batch_str(im->batch, json_text(json_get(line, key)));
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

/* Somebody who is nobody any more, here as there: made under a passing name, then erased. */
static enum err import_erased(struct import *im, const struct json *line, uint64_t *id) {
    struct str name = text_in(im, line, "username");
    *id = id_of(text_map_get(&im->places, name));
    if (*id != 0) {
        return OK;
    }
    if (!str_starts(name, STR_LIT(ERASED_PREFIX)) || name.n > USERNAME_BYTES_MAX) {
        return wrong(im, "an erased user is called \"" ERASED_PREFIX "...\"");
    }
    SCOPED(buf_fini) struct buf passing = BUF_INIT(USERNAME_BYTES_MAX);
    buf_printf(&passing, "leaving %llu", (unsigned long long)number_in(line, "id"));
    struct reply *reply = order(im, &(struct cmd){
                                        .type = CMD_user_add,
                                        .username = batch_str(im->batch, buf_str(&passing)),
                                    });
    if (reply == NULL) {
        return ERR_PROTO;
    }
    struct event *ev = fact(im, EV_user_erased);
    ev->user = reply->user;
    ev->username = name;
    core_restore(im->core, ev);
    *id = reply->user.v;
    text_map_put(&im->places, arena_str(&im->arena, name), of_id(*id));
    return OK;
}

/* Who has the name here is that person, as they are here. */
static enum err import_living(struct import *im, const struct json *line, uint64_t *id) {
    struct cmd cmd = { .type = CMD_user_show, .username = text_in(im, line, "username") };
    struct reply *reply = order(im, &cmd);
    if (reply != NULL) {
        *id = reply->user.v;
        return OK;
    }
    enum role role = role_by_name(json_text(json_get(line, "role")));
    uint64_t created_ms = number_in(line, "created_ms");
    cmd.type = CMD_user_add;
    cmd.role = role == ROLE_COUNT ? ROLE_MEMBER : role;
    cmd.mobile = text_in(im, line, "mobile");
    if ((reply = order(im, &cmd)) == NULL) {
        return ERR_PROTO;
    }
    reply->event->at_ms = created_ms != 0 ? created_ms : reply->event->at_ms;
    im->added[ADDED_USERS]++;
    *id = reply->user.v;
    return OK;
}

static enum err import_user(struct import *im, const struct json *line) {
    uint64_t id = 0;
    enum err err =
        flag_in(line, "is_erased") ? import_erased(im, line, &id) : import_living(im, line, &id);
    if (err == OK) {
        map_put(&im->people, number_in(line, "id"), of_id(id));
    }
    return err;
}

static enum err import_channel(struct import *im, const struct json *line, uint64_t *id) {
    struct str name = text_in(im, line, "room");
    uint64_t created_ms = number_in(line, "created_ms");
    *id = id_of(text_map_get(&im->channels, name));
    if (*id != 0) {
        return OK;
    }
    struct reply *reply = order(im, &(struct cmd){
                                        .type = CMD_room_add,
                                        .room_name = name,
                                        .is_private = flag_in(line, "is_private"),
                                    });
    if (reply == NULL) {
        return ERR_PROTO;
    }
    reply->event->at_ms = created_ms != 0 ? created_ms : reply->event->at_ms;
    learn_room(im, reply->event);
    im->added[ADDED_ROOMS]++;
    *id = reply->room.v;
    return OK;
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
    uint64_t a = MIN(pair[0], pair[1]), b = MAX(pair[0], pair[1]);
    *id = find_place(im, "dm", a, b);
    if (*id != 0) {
        return OK;
    }
    struct event *ev = fact(im, EV_room_created);
    uint64_t created_ms = number_in(line, "created_ms");
    ev->room.v = im->room_id_max + 1;
    ev->room_kind = ROOM_DM;
    ev->is_private = true;
    ev->user.v = a;
    ev->other.v = b;
    ev->at_ms = created_ms != 0 ? created_ms : ev->at_ms;
    core_restore(im->core, ev);
    learn_room(im, ev);
    *id = ev->room.v;
    return OK;
}

static enum err import_room(struct import *im, const struct json *line) {
    struct str kind = json_text(json_get(line, "kind"));
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
    if (find_place(im, "member", room, user) == 0) {
        struct event *ev = fact(im, EV_member_added);
        ev->room.v = room;
        ev->user.v = user;
        core_restore(im->core, ev);
        put_place(im, "member", room, user, 1);
    }
    return OK;
}

static enum err import_ban(struct import *im, const struct json *line) {
    uint64_t user = here(&im->people, line, "user_id");
    uint64_t until_ms = number_in(line, "until_ms");
    if (user == 0) {
        return wrong(im, "a ban is of a user of a line before");
    }
    if (until_ms == 0 || until_ms > im->batch->at_ms) {
        struct event *ev = fact(im, EV_ban_set);
        ev->user.v = user;
        ev->until_ms = until_ms;
        core_restore(im->core, ev);
    }
    return OK;
}

static enum err import_message(struct import *im, const struct json *line) {
    uint64_t room = here(&im->rooms, line, "room_id");
    uint64_t user = here(&im->people, line, "user_id");
    struct str content = text_in(im, line, "content");
    struct str client_id = text_in(im, line, "client_id");
    uint64_t at_ms = number_in(line, "ts");
    if (room == 0 || user == 0) {
        return wrong(im, "a message is of a user of a line before in a room of a line before");
    }
    if (content.n == 0 || memchr(content.p, 0, content.n) != NULL || at_ms == 0) {
        return wrong(im, "a message has a content, and a time in ts");
    }
    if (str_chars(client_id) > CLIENT_ID_CHARS_MAX) {
        return wrong(im, "a client_id has at most 64 characters");
    }
    struct event *ev = fact(im, EV_message_posted);
    ev->room.v = room;
    ev->user.v = user;
    ev->content = content;
    ev->client_id = client_id;
    ev->at_ms = at_ms;
    return OK;
}

/* ---- the file */

static enum err import_line(struct import *im, struct str text) {
    static const struct {
        struct str type;
        enum err (*import)(struct import *im, const struct json *line);
    } types[] = {
        { STR_LIT("parloir"), import_header }, { STR_LIT("user"), import_user },
        { STR_LIT("room"), import_room },      { STR_LIT("member"), import_member },
        { STR_LIT("ban"), import_ban },        { STR_LIT("message"), import_message },
    };
    const struct json *line;
    if (json_parse(im->reader, text, &line) != OK) {
        return wrong(im, json_reader_why(im->reader));
    }
    struct str type = json_text(json_get(line, "type"));
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
        if (err == OK && im->batch_items >= BATCH_ITEMS) {
            err = flush(im);
        }
    }
    if (err == OK && (!buf_ok(&line) || im->line_number == 0)) {
        im->line_number++;
        err = wrong(im, buf_ok(&line) ? "there is nothing to import" : "it is too long");
    }
    if (err == OK && ferror(file)) {
        buf_printf(&im->why, "the file cannot be read: %s", strerror(errno));
        err = ERR_IO;
    }
    return err == OK ? flush(im) : err;
}

static enum err open_all(struct import *im, const struct config *config) {
    enum err err = cli_make_data_dir(config, &im->why);
    if (err == OK) {
        err = store_open(config->store_url, &im->store, &im->why);
    }
    if (err != OK) {
        return err;
    }
    im->core = core_new(&(struct core_limits){ 0 });
    im->reader = json_reader_new(LINE_BYTES_MAX);
    im->batch = batch_new(clock_wall_ms());
    err = im->store->ops->load(im->store, on_fact, im);
    if (err != OK) {
        buf_printf(&im->why, "the store cannot be read: %s", err_text(err));
    }
    return err;
}

static void import_fini(struct import *im) {
    batch_unref(&im->batch);
    json_reader_free(&im->reader);
    core_free(&im->core);
    if (im->store != NULL) {
        im->store->ops->free(&im->store);
    }
    map_fini(&im->people);
    map_fini(&im->rooms);
    text_map_fini(&im->channels);
    text_map_fini(&im->places);
    arena_fini(&im->arena);
    buf_fini(&im->why);
}

static void say_added(const struct cli *cli, const struct import *im) {
    SCOPED(buf_fini) struct buf line = BUF_INIT(CLI_LINE_BYTES_MAX);
    for (size_t i = 0; i < COUNT(added_names); i++) {
        buf_printf(&line, "%s\"%s\":%llu", i == 0 ? "{" : ",", added_names[i],
                   (unsigned long long)im->added[i]);
    }
    buf_put_char(&line, '}');
    if (cli->is_json) {
        cli_print_json(buf_str(&line));
    } else {
        cli_say("Imported: %llu users, %llu rooms, %llu messages; %llu messages were here already.",
                (unsigned long long)im->added[ADDED_USERS],
                (unsigned long long)im->added[ADDED_ROOMS],
                (unsigned long long)im->added[ADDED_MESSAGES],
                (unsigned long long)im->added[ADDED_REPEATS]);
    }
}

static int import_json(struct cli *cli) {
    SCOPED(import_fini) struct import im = { .why = BUF_INIT(CLI_LINE_BYTES_MAX) };
    bool is_stdin = str_eq(cli->args[0], STR_LIT("-"));
    FILE *file = is_stdin ? stdin : fopen(cli->args[0].p, "re");
    if (file == NULL) {
        return cli_fail("%s cannot be read: %s", cli->args[0].p, strerror(errno));
    }
    enum err err = open_all(&im, cli->config);
    err = err == OK ? import_file(&im, file) : err;
    if (!is_stdin) {
        fclose(file);
    }
    if (err != OK) {
        return cli_fail("%.*s", STR_FMT(buf_str(&im.why)));
    }
    say_added(cli, &im);
    return CLI_DONE;
}

static int import_hub(struct cli *cli) {
    (void)cli;
    return cli_fail("an existing hub database is read by the PostgreSQL store, which this build "
                    "does not have: import json FILE reads what parloir export wrote");
}

int cli_import(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "json", "FILE",
          "Reads what parloir export wrote (-: standard input), while no server runs. Who has a "
          "name here already is that person; a message that is here already is not added again.",
          0, 1, import_json },
        { "hub", "URL", "Not in this build: it needs the PostgreSQL store.", 0, 1, import_hub },
    };
    static const struct cli_command command = { "import", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}
