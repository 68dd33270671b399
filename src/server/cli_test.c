/* Commands run in this process on a store of their own, without a server: their exit status and
 * what they print. Beside a server the end-to-end tests run them. */
#include "server/cli.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tape.h"
#include "test/unit.h"

#define ARGS_MAX 16
#define OUTPUT_BYTES_MAX (1u << 20)
#define PICTURE "images/5f1c5f1c5f1c5f1c5f1c5f1c5f1c5f1c.png"    // a file's name

/* A data directory, and what the last command printed. */
struct place {
    char dir[64];
    char file[96];    // beside the store
    struct buf out;
    struct buf err;
};

static void place_fini(struct place *p) {
    DIR *dir = opendir(p->dir);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    (void)rmdir(p->dir);
    buf_fini(&p->out);
    buf_fini(&p->err);
}

static struct place place_new(void) {
    struct place p = { .dir = "/tmp/parloir-cli-XXXXXX",
                       .out = BUF_INIT(OUTPUT_BYTES_MAX),
                       .err = BUF_INIT(OUTPUT_BYTES_MAX) };
    OKAY(mkdtemp(p.dir) != NULL);
    (void)snprintf(p.file, sizeof p.file, "%s/file", p.dir);
    (void)unsetenv("JWT_SECRET");
    (void)unsetenv("DATABASE_URL");
    return p;
}

/* Makes the file of the one upload there is in these tests. */
static void put_upload(struct place *p, const char *bytes) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/uploads", p->dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/uploads/images", p->dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/uploads/" PICTURE "", p->dir);
    FILE *file = fopen(path, "we");
    OKAY(file != NULL && fputs(bytes, file) >= 0 && fclose(file) == 0);
}

static void drop_uploads(struct place *p) {
    static const char *const names[] = { PICTURE, "images", "" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/uploads/%s", p->dir, names[i]);
        OKAY(remove(path) == 0);
    }
}

/* Sends what is written to `fd` into a file without a name. */
struct caught {
    int fd;
    int kept;
    FILE *file;
};

static struct caught catch (int fd) {
    struct caught c = { fd, dup(fd), tmpfile() };
    OKAY(c.kept >= 0 && c.file != NULL && dup2(fileno(c.file), fd) == fd);
    return c;
}

static void release(struct caught *c, struct buf *out) {
    char text[4096];
    size_t n;
    dup2(c->kept, c->fd);
    close(c->kept);
    rewind(c->file);
    buf_reset(out);
    while ((n = fread(text, 1, sizeof text, c->file)) > 0) {
        buf_put(out, text, n);
    }
    fclose(c->file);
}

/* Standard input is `input` while the command runs. */
static int run_with(struct place *p, const char *input, int (*command)(int, char **), char **args) {
    char *argv[ARGS_MAX];
    int argc = 0;
    while (args[argc] != NULL) {
        argv[argc] = args[argc];
        argc++;
    }
    argv[argc++] = "--data";
    argv[argc++] = p->dir;
    argv[argc] = NULL;
    FILE *in = tmpfile();
    OKAY(in != NULL && fputs(input, in) >= 0 && fflush(in) == 0);
    rewind(in);
    int kept = dup(STDIN_FILENO);
    dup2(fileno(in), STDIN_FILENO);
    clearerr(stdin);
    fflush(NULL);
    struct caught out = catch (STDOUT_FILENO), err = catch (STDERR_FILENO);
    int status = command(argc, argv);
    fflush(NULL);
    release(&out, &p->out);
    release(&err, &p->err);
    __fpurge(stdin);
    dup2(kept, STDIN_FILENO);
    close(kept);
    fclose(in);
    return status;
}

#define RUN(p, command, ...) run_with(p, "", command, (char *[]){ "x", __VA_ARGS__, NULL })
#define FEED(p, input, command, ...)                                                               \
    run_with(p, input, command, (char *[]){ "x", __VA_ARGS__, NULL })
#define RUN_ALONE(p, command) run_with(p, "", command, (char *[]){ "x", NULL })

static bool says(const struct buf *text, const char *what) {
    return text->n > 0 && memmem(text->p, text->n, what, strlen(what)) != NULL;
}

TEST(users_live_and_are_erased) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_user, "add", "ann", "--role", "pro", "--mobile", "+33612345678"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "1\n");
    EQ(RUN(&p, cli_user, "add", "bob", "--json"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "{\"id\":2,\"username\":\"bob\",\"role\":\"member\"}\n");
    EQ(RUN(&p, cli_user, "add", "bob"), CLI_FAILED);
    STR_EQ(buf_str(&p.out), "");
    OKAY(says(&p.err, "username"));
    EQ(RUN(&p, cli_user, "role", "bob", "admin"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "bob: admin\n");
    EQ(RUN(&p, cli_user, "role", "bob", "king"), CLI_USAGE);
    EQ(RUN(&p, cli_user, "add", "eve", "--role", "king"), CLI_USAGE);
    EQ(RUN(&p, cli_user, "show", "ann"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "id: 1\nusername: ann\nrole: pro\nmobile: +33612345678\n");
    EQ(RUN(&p, cli_user, "list"), CLI_DONE);
    OKAY(says(&p.out, "\n 1  ann       pro    +33612345678  20"));
    EQ(RUN(&p, cli_user, "erase", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_user, "show", "ann", "--json"), CLI_FAILED);
    EQ(RUN(&p, cli_user, "list", "--json"), CLI_DONE);
    OKAY(says(&p.out, "\"bob\"") && !says(&p.out, "ann"));
}

TEST(a_password_is_the_first_line_of_standard_input) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p, "correct horse\nrest\n", cli_user, "add", "ann", "--password-stdin"), CLI_DONE);
    EQ(FEED(&p, "battery staple", cli_user, "password", "ann"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "ann: new password\n");
    EQ(FEED(&p, "short\n", cli_user, "password", "ann"), CLI_FAILED);
    EQ(RUN(&p, cli_user, "password", "ann"), CLI_FAILED);
}

TEST(tokens_are_made_listed_and_revoked) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_token, "add", "ann", "--label", "ci"), CLI_DONE);
    EQ(p.out.n, 44);
    EQ(RUN(&p, cli_token, "add", "ann", "--label", "ci"), CLI_FAILED);
    EQ(RUN(&p, cli_token, "add", "ann", "--json"), CLI_DONE);
    OKAY(says(&p.out, "{\"token\":\"") && says(&p.out, "\"username\":\"ann\",\"label\":\"20"));
    EQ(RUN(&p, cli_token, "list", "ann"), CLI_DONE);
    OKAY(says(&p.out, "\nci "));
    EQ(RUN(&p, cli_token, "revoke", "ann", "ci"), CLI_DONE);
    EQ(RUN(&p, cli_token, "revoke", "ann", "ci"), CLI_FAILED);
    EQ(RUN(&p, cli_token, "add", "ann", "--jwt", "--ttl", "60"), CLI_DONE);
    OKAY(says(&p.out, "eyJ"));
    EQ(RUN(&p, cli_token, "add", "ann", "--ttl", "60"), CLI_USAGE);
    EQ(RUN(&p, cli_token, "add", "eve", "--jwt"), CLI_FAILED);
    EQ(RUN(&p, cli_token, "add", "ann", "--jwt", "--set",
           "auth.jwt_secret=a secret of more than 32 bytes, for once"),
       CLI_DONE);
}

TEST(a_key_that_others_can_read_is_not_used) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_token, "add", "ann"), CLI_DONE);
    char key[96];
    (void)snprintf(key, sizeof key, "%s/token.key", p.dir);
    EQ(chmod(key, 0644), 0);
    EQ(RUN(&p, cli_token, "add", "ann"), CLI_FAILED);
    OKAY(says(&p.err, "chmod 600"));
}

TEST(rooms_and_bans_come_and_go) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_room, "add", "cellar", "--private", "--server", "lobby"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "2\n");
    EQ(RUN(&p, cli_room, "add", "attic", "--server", "tower"), CLI_FAILED);
    EQ(RUN(&p, cli_room, "list"), CLI_DONE);
    OKAY(says(&p.out, " 2  cellar   yes             0  20"));
    EQ(RUN(&p, cli_room, "remove", "cellar"), CLI_DONE);
    EQ(RUN(&p, cli_room, "remove", "cellar"), CLI_FAILED);
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_ban, "add", "ann"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "ann: banned for good\n");
    EQ(RUN(&p, cli_ban, "list"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "username  until\nann       for good\n");
    EQ(RUN(&p, cli_ban, "add", "ann", "--hours", "1"), CLI_DONE);
    OKAY(says(&p.out, "ann: banned until 20"));
    EQ(RUN(&p, cli_ban, "remove", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_ban, "list"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "There are none.\n");
}

TEST(blocks_come_and_go_and_the_log_says_who_set_them) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_user, "add", "bob"), CLI_DONE);
    EQ(RUN(&p, cli_block, "list"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "There are none.\n");
    EQ(RUN(&p, cli_block, "add", "ann", "--from", "bob"), CLI_DONE);
    OKAY(says(&p.out, "ann: blocked until 20"));
    EQ(RUN(&p, cli_block, "add", "bob", "--hours", "2"), CLI_DONE);
    EQ(RUN(&p, cli_block, "list"), CLI_DONE);
    OKAY(says(&p.out, "username  from        until\n"
                      "ann       bob         20"));
    OKAY(says(&p.out, "bob       (everyone)  20"));
    EQ(RUN(&p, cli_block, "list", "--json"), CLI_DONE);
    OKAY(says(&p.out, "{\"id\":1,\"username\":\"ann\",\"from\":\"bob\",\"until_ms\":"));
    OKAY(says(&p.out, "{\"id\":2,\"username\":\"bob\",\"from\":\"\",\"until_ms\":"));
    EQ(RUN(&p, cli_block, "remove", "ann"), CLI_DONE);    // of everyone there is none
    EQ(RUN(&p, cli_block, "remove", "bob", "--json"), CLI_DONE);
    OKAY(says(&p.out, "\"username\":\"bob\""));
    EQ(RUN(&p, cli_block, "remove", "ann", "--from", "bob"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "ann: not blocked\n");
    EQ(RUN(&p, cli_block, "list"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "There are none.\n");

    EQ(RUN(&p, cli_block, "add", "joe"), CLI_FAILED);
    EQ(RUN(&p, cli_block, "add", "ann", "--from", "joe"), CLI_FAILED);
    EQ(RUN(&p, cli_block, "add", "ann", "--from", "ann"), CLI_FAILED);
    EQ(RUN(&p, cli_block, "add", "ann", "--hours", "87841"), CLI_FAILED);
    OKAY(says(&p.err, "ten years"));
}

TEST(the_log_of_what_was_decided_is_read_whole_or_of_one_person) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN_ALONE(&p, cli_audit), CLI_DONE);
    STR_EQ(buf_str(&p.out), "There are none.\n");
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_user, "add", "bob"), CLI_DONE);
    EQ(RUN(&p, cli_user, "role", "bob", "pro"), CLI_DONE);
    EQ(RUN(&p, cli_ban, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_block, "add", "ann", "--from", "bob"), CLI_DONE);
    EQ(RUN_ALONE(&p, cli_audit), CLI_DONE);
    OKAY(says(&p.out, "(operator)  block_set     ann  bob"));
    OKAY(says(&p.out, "(operator)  ban_set       ann                       for good\n"));
    OKAY(says(&p.out,
              "(operator)  role_changed  bob                                             pro"));
    EQ(RUN(&p, cli_audit, "--json", "--limit", "1"), CLI_DONE);
    OKAY(says(&p.out, "\"actor\":\"\",\"action\":\"block_set\",\"username\":\"ann\","
                      "\"from\":\"bob\",\"until_ms\":"));
    OKAY(!says(&p.out, "ban_set"));
    EQ(RUN(&p, cli_audit, "--user", "bob"), CLI_DONE);
    OKAY(says(&p.out, "role_changed") && says(&p.out, "block_set") && !says(&p.out, "ban_set"));
    EQ(RUN(&p, cli_audit, "--user", "joe"), CLI_FAILED);
    EQ(RUN(&p, cli_user, "erase", "bob"), CLI_DONE);
    EQ(RUN_ALONE(&p, cli_audit), CLI_DONE);
    OKAY(says(&p.out, "erased-2") && !says(&p.out, "bob"));
}

TEST(status_needs_a_server) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN_ALONE(&p, cli_status), CLI_FAILED);
    OKAY(says(&p.err, "no server runs"));
}

TEST(a_copy_is_sound_and_written_over_nothing) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_backup, p.file), CLI_FAILED);
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_backup, p.file), CLI_DONE);
    EQ(RUN(&p, cli_backup, p.file), CLI_FAILED);
    EQ(RUN(&p, cli_backup, "/nowhere/at/all"), CLI_FAILED);
    char url[128];
    (void)snprintf(url, sizeof url, "store.url=sqlite:%s", p.file);
    EQ(RUN(&p, cli_check, "--set", url), CLI_DONE);
    STR_EQ(buf_str(&p.out), "No damage was found.\n");
    EQ(RUN(&p, cli_check, "--set", url, "--json"), CLI_DONE);
    STR_EQ(buf_str(&p.out), "{\"ok\":true,\"report\":\"No damage was found.\"}\n");
    EQ(RUN(&p, cli_check, "--set", "store.url=memory:"), CLI_FAILED);
}

static const char exported[] =
    "{\"type\":\"parloir\",\"version\":1}\n"
    "{\"type\":\"user\",\"id\":3,\"username\":\"ann\",\"role\":\"pro\",\"created_ms\":1000}\n"
    "{\"type\":\"user\",\"id\":4,\"username\":\"erased-4\",\"role\":\"member\",\"created_ms\":1,"
    "\"is_erased\":true}\n"
    "{\"type\":\"room\",\"id\":5,\"kind\":\"channel\",\"room\":\"cellar\",\"is_private\":true,"
    "\"created_ms\":2000}\n"
    "{\"type\":\"room\",\"id\":6,\"kind\":\"dm\",\"users\":[3,4],\"created_ms\":3000}\n"
    "{\"type\":\"member\",\"room_id\":5,\"user_id\":3}\n"
    "{\"type\":\"ban\",\"user_id\":3,\"until_ms\":0}\n"
    "{\"type\":\"message\",\"room_id\":5,\"user_id\":3,\"content\":\"one\",\"ts\":4000,"
    "\"client_id\":\"a\"}\n"
    "{\"type\":\"message\",\"room_id\":6,\"user_id\":4,\"content\":\"two\",\"ts\":5000,"
    "\"client_id\":\"b\"}\n";

TEST(what_is_imported_is_exported_and_imported_once) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p, exported, cli_import, "json", "-", "--json"), CLI_DONE);
    STR_EQ(buf_str(&p.out),
           "{\"users\":1,\"rooms\":1,\"messages\":2,\"repeats\":0,\"uploads\":0,\"left_out\":0}\n");
    EQ(FEED(&p, exported, cli_import, "json", "-"), CLI_DONE);
    STR_EQ(buf_str(&p.out),
           "Imported: 0 users, 0 rooms, 0 messages; 2 messages were here already.\n");
    EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
    OKAY(says(&p.out, "\"id\":3,\"username\":\"ann\",\"role\":\"pro\",\"created_ms\":1000}"));
    OKAY(says(&p.out, "\"id\":4,\"username\":\"erased-4\",\"role\":\"member\",\"created_ms\":1,"));
    OKAY(says(&p.out, "\"id\":6,\"kind\":\"dm\",\"users\":[3,4],\"created_ms\":3000}"));
    OKAY(says(&p.out, "{\"type\":\"member\",\"room_id\":5,\"user_id\":3}"));
    OKAY(says(&p.out, "{\"type\":\"ban\",\"user_id\":3,\"until_ms\":0}"));
    OKAY(says(&p.out, "\"content\":\"two\",\"client_id\":\"b\","
                      "\"timestamp\":\"1970-01-01T00:00:05Z\",\"ts\":5000}"));
    EQ(RUN(&p, cli_export, "--room", "cellar"), CLI_DONE);
    OKAY(says(&p.out, "\"one\"") && !says(&p.out, "\"two\"") && !says(&p.out, "\"ban\""));
    EQ(RUN(&p, cli_export, "--room", "attic"), CLI_FAILED);
}

TEST(blocks_are_exported_and_imported) {
    SCOPED(place_fini) struct place p = place_new();
    SCOPED(place_fini) struct place other = place_new();
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_user, "add", "bob"), CLI_DONE);
    EQ(RUN(&p, cli_block, "add", "ann", "--from", "bob"), CLI_DONE);
    EQ(RUN(&p, cli_block, "add", "bob"), CLI_DONE);
    EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
    OKAY(says(&p.out, "{\"type\":\"block\",\"user_id\":1,\"from_id\":2,\"until_ms\":1"));
    OKAY(says(&p.out, "{\"type\":\"block\",\"user_id\":2,\"from_id\":0,\"until_ms\":1"));
    buf_put_char(&p.out, '\0');
    EQ(FEED(&other, p.out.p, cli_import, "json", "-"), CLI_DONE);
    EQ(RUN(&p, cli_block, "list"), CLI_DONE);
    buf_put_char(&p.out, '\0');
    EQ(RUN(&other, cli_block, "list"), CLI_DONE);
    STR_EQ(buf_str(&other.out), p.out.p);
    EQ(RUN(&p, cli_export, "--room", "general"), CLI_DONE);
    OKAY(!says(&p.out, "\"block\""));
}

TEST(what_was_decided_is_exported_and_imported_once) {
    SCOPED(place_fini) struct place p = place_new();
    SCOPED(place_fini) struct place other = place_new();
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_user, "add", "bob"), CLI_DONE);
    EQ(RUN(&p, cli_user, "role", "bob", "pro"), CLI_DONE);
    EQ(RUN(&p, cli_ban, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_ban, "remove", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_room, "add", "cellar"), CLI_DONE);
    EQ(RUN(&p, cli_room, "remove", "cellar"), CLI_DONE);
    EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
    OKAY(says(&p.out, ",\"action\":\"role_changed\",\"username\":\"bob\",\"detail\":\"pro\"}"));
    OKAY(says(&p.out, ",\"action\":\"room_removed\",\"room\":\"cellar\"}"));
    buf_put_char(&p.out, '\0');
    for (int i = 0; i < 2; i++) {
        EQ(FEED(&other, p.out.p, cli_import, "json", "-"), CLI_DONE);
        EQ(RUN_ALONE(&other, cli_export), CLI_DONE);
        OKAY(says(&other.out, ",\"action\":\"room_removed\",\"detail\":\"cellar\"}"));
        EQ(RUN(&other, cli_audit, "--json"), CLI_DONE);
        OKAY(says(&other.out, "{\"id\":4,") && !says(&other.out, "{\"id\":5,"));
    }
    EQ(RUN(&other, cli_ban, "list"), CLI_DONE);
    STR_EQ(buf_str(&other.out), "There are none.\n");
    EQ(RUN(&p, cli_export, "--room", "general"), CLI_DONE);
    OKAY(!says(&p.out, "\"audit\""));
}

TEST(a_block_from_somebody_unknown_is_not_one_from_everyone) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p,
            "{\"type\":\"parloir\",\"version\":1}\n"
            "{\"type\":\"user\",\"id\":1,\"username\":\"ann\"}\n"
            "{\"type\":\"block\",\"user_id\":1,\"from_id\":9,\"until_ms\":9007199254740991}\n",
            cli_import, "json", "-"),
       CLI_FAILED);
    OKAY(says(&p.err, "line 3: a block is of"));
}

#define HEAD "{\"type\":\"parloir\",\"version\":1}\n"
#define USER(id, name) "{\"type\":\"user\",\"id\":" #id ",\"username\":\"" name "\"}\n"
#define GONE(id, name)                                                                             \
    "{\"type\":\"user\",\"id\":" #id ",\"username\":\"" name "\",\"is_erased\":true}\n"
#define CHANNEL(id, name)                                                                          \
    "{\"type\":\"room\",\"id\":" #id ",\"kind\":\"channel\",\"room\":\"" name "\"}\n"
#define SAID(room, user, id)                                                                       \
    "{\"type\":\"message\",\"room_id\":" #room ",\"user_id\":" #user                               \
    ",\"content\":\"x\",\"ts\":1,\"client_id\":\"" id "\"}\n"

#define SAYS(id, more)                                                                             \
    "{\"type\":\"message\",\"id\":" #id ",\"room_id\":1,\"user_id\":1,\"ts\":" #id                 \
    "000,\"client_id\":\"c" #id "\"," more "}\n"
#define UPLOAD(name)                                                                               \
    "{\"type\":\"upload\",\"name\":\"" name "\",\"user_id\":2,\"media_type\":\"image/png\","       \
    "\"bytes\":5,\"created_ms\":9000}\n"
#define READ(user, id)                                                                             \
    "{\"type\":\"read\",\"room_id\":1,\"user_id\":" #user ",\"message_id\":" #id "}\n"
#define KEEP(room, messages, bytes, age_ms)                                                        \
    "{\"type\":\"keep\",\"room_id\":" #room ",\"messages\":" #messages ",\"bytes\":" #bytes        \
    ",\"age_ms\":" #age_ms "}\n"
#define LIKES(id, to)                                                                              \
    SAYS(id, "\"content\":\"\xf0\x9f\x91\x8d\",\"message_type\":\"reaction\",\"reply_to\":" #to)

TEST(an_id_that_is_somebody_elses_here_is_refused) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(RUN(&p, cli_user, "add", "bob"), CLI_DONE);
    EQ(RUN(&p, cli_user, "erase", "bob"), CLI_DONE);
    EQ(FEED(&p, HEAD USER(1, "eve"), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "line 2: user 1 is \"ann\" here and \"eve\" in the file: import into an "
                      "empty store, or with --renumber"));
    EQ(FEED(&p, HEAD USER(2, "eve"), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "user 2 is \"erased-2\" here and \"eve\" in the file"));
    EQ(FEED(&p, HEAD USER(9, "Ann"), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "\"Ann\" is user 1 here and user 9 in the file: import into an empty store, "
                      "or with --renumber"));
    EQ(FEED(&p, HEAD GONE(1, "erased-1"), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "user 1 is \"ann\" here and \"erased-1\" in the file"));
    EQ(FEED(&p, HEAD GONE(9, "erased-2"), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "\"erased-2\" is user 2 here and user 9 in the file"));
    EQ(FEED(&p, HEAD USER(1, "ann") GONE(2, "erased-2") USER(5, "eve"), cli_import, "json", "-"),
       CLI_DONE);
    EQ(RUN(&p, cli_user, "list", "--json"), CLI_DONE);
    OKAY(says(&p.out, "{\"id\":1,\"username\":\"ann\"") && says(&p.out, "{\"id\":5,"));
}

TEST(renumber_gives_new_ids_where_they_are_taken) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_user, "add", "ann"), CLI_DONE);
    EQ(FEED(&p,
            HEAD USER(1, "eve") USER(7, "ann") GONE(2, "erased-1") CHANNEL(1, "general")
                SAID(1, 1, "e") SAID(1, 7, "a") SAID(1, 2, "g"),
            cli_import, "json", "-", "--renumber"),
       CLI_DONE);
    EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
    OKAY(says(&p.out, "\"id\":1,\"username\":\"ann\""));
    OKAY(says(&p.out, "\"id\":2,\"username\":\"eve\""));
    OKAY(says(&p.out, "\"id\":3,\"username\":\"erased-1\""));
    OKAY(says(&p.out, "\"user_id\":2,\"username\":\"eve\",\"content\":\"x\",\"client_id\":\"e\""));
    OKAY(says(&p.out, "\"user_id\":1,\"username\":\"ann\",\"content\":\"x\",\"client_id\":\"a\""));
}

TEST(a_rooms_id_is_kept_where_it_is_free) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_room, "add", "garden"), CLI_DONE);
    EQ(RUN(&p, cli_room, "add", "old"), CLI_DONE);
    EQ(RUN(&p, cli_room, "remove", "old"), CLI_DONE);
    static const char file[] = HEAD CHANNEL(8, "garden") CHANNEL(9, "attic") CHANNEL(2, "cellar")
        CHANNEL(3, "old") CHANNEL(1, "general");
    EQ(FEED(&p, file, cli_import, "json", "-", "--json"), CLI_DONE);
    STR_EQ(buf_str(&p.out),
           "{\"users\":0,\"rooms\":3,\"messages\":0,\"repeats\":0,\"uploads\":0,\"left_out\":0}\n");
    EQ(FEED(&p, file, cli_import, "json", "-", "--json"), CLI_DONE);
    STR_EQ(buf_str(&p.out),
           "{\"users\":0,\"rooms\":0,\"messages\":0,\"repeats\":0,\"uploads\":0,\"left_out\":0}\n");
    EQ(RUN(&p, cli_room, "list", "--json"), CLI_DONE);
    OKAY(says(&p.out, "{\"id\":1,\"room\":\"general\"") &&
         says(&p.out, "{\"id\":2,\"room\":\"garden\"") &&
         says(&p.out, "{\"id\":9,\"room\":\"attic\"") &&
         says(&p.out, "{\"id\":10,\"room\":\"cellar\"") &&
         says(&p.out, "{\"id\":11,\"room\":\"old\""));
}

TEST(what_a_room_keeps_is_exported_and_imported_into_an_empty_store) {
    SCOPED(place_fini) struct place from = place_new();
    EQ(RUN(&from, cli_room, "add", "diary"), CLI_DONE);
    EQ(RUN(&from, cli_room, "add", "book"), CLI_DONE);
    EQ(RUN(&from, cli_room, "keep", "diary", "--messages", "7", "--age", "1h"), CLI_DONE);
    EQ(RUN(&from, cli_room, "keep", "general", "--bytes", "9"), CLI_DONE);
    EQ(RUN_ALONE(&from, cli_export), CLI_DONE);
    OKAY(says(&from.out, KEEP(1, 0, 9, 0) KEEP(2, 7, 0, 3600000)));
    buf_put_char(&from.out, '\0');

    SCOPED(place_fini) struct place to = place_new();
    EQ(FEED(&to, from.out.p, cli_import, "json", "-"), CLI_DONE);
    EQ(RUN_ALONE(&to, cli_export), CLI_DONE);
    OKAY(says(&to.out, "\"room\":\"book\""));
    OKAY(says(&to.out, KEEP(1, 0, 9, 0) KEEP(2, 7, 0, 3600000)));
    OKAY(!says(&to.out, "\"type\":\"keep\",\"room_id\":3"));
}

TEST(a_room_that_has_rules_here_keeps_by_these) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_room, "add", "taken"), CLI_DONE);
    EQ(RUN(&p, cli_room, "keep", "general", "--messages", "5"), CLI_DONE);
    for (int i = 0; i < 2; i++) {    // the second time, diary has rules here, too
        EQ(FEED(&p,
                HEAD CHANNEL(1, "general") CHANNEL(2, "diary") KEEP(1, 9, 9, 9) KEEP(2, 7, 6, 5),
                cli_import, "json", "-"),
           CLI_DONE);
        EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
        OKAY(says(&p.out, KEEP(1, 5, 0, 0) KEEP(3, 7, 6, 5)));    // 2 is taken
    }
    EQ(FEED(&p, HEAD KEEP(1, 1, 1, 1), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "line 2: what is kept is of a room of a line before"));
}

TEST(a_removed_room_with_a_higher_id_hides_no_living_one) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p, HEAD CHANNEL(9, "garden"), cli_import, "json", "-"), CLI_DONE);
    EQ(RUN(&p, cli_room, "remove", "garden"), CLI_DONE);
    EQ(FEED(&p, HEAD CHANNEL(5, "garden"), cli_import, "json", "-"), CLI_DONE);
    EQ(FEED(&p, HEAD CHANNEL(5, "garden") CHANNEL(9, "attic"), cli_import, "json", "-"), CLI_DONE);
    EQ(RUN(&p, cli_room, "list", "--json"), CLI_DONE);
    OKAY(says(&p.out, "{\"id\":5,\"room\":\"garden\"") &&
         says(&p.out, "{\"id\":10,\"room\":\"attic\""));
}

TEST(an_import_that_fails_says_why_and_what_is_here) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p, HEAD USER(1, "ann") USER(2, "bob") "nonsense\n", cli_import, "json", "-"),
       CLI_FAILED);
    STR_EQ(buf_str(&p.err), "parloir: line 4: unknown word at byte 0. Nothing was "
                            "imported.\n");
    EQ(FEED(&p, HEAD USER(1, " "), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "parloir: line 2: The request is not understood. (username: 1 to 32"));
    SCOPED(buf_fini) struct buf text = BUF_INIT(1u << 20);
    BUF_PUT_LIT(&text, HEAD USER(1, "ann") CHANNEL(1, "general") CHANNEL(2, "garden"));
    for (unsigned i = 0; i < 1500; i++) {
        buf_printf(&text,
                   "{\"type\":\"message\",\"room_id\":1,\"user_id\":1,\"content\":\"x\",\"ts\":1,"
                   "\"client_id\":\"%u\"}\n",
                   i);
    }
    size_t whole = text.n;
    BUF_PUT_LIT(&text, "nonsense\n\0");
    EQ(FEED(&p, text.p, cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "line 1505: unknown word at byte 0. Imported until then: 1 users, "
                      "1 rooms, 998 messages; 0 messages were here already. Reading the file "
                      "again doubles no message that has a client_id"));
    text.p[whole] = '\0';
    EQ(FEED(&p, text.p, cli_import, "json", "-"), CLI_DONE);
    STR_EQ(buf_str(&p.out),
           "Imported: 0 users, 0 rooms, 502 messages; 998 messages were here already.\n");
}

TEST(an_import_that_cannot_be_names_the_line) {
    static const char *const lines[] = {
        "nonsense",
        "{\"type\":\"user\",\"id\":1,\"username\":\"\"}",
        "{\"type\":\"user\",\"username\":\"ann\"}",
        "{\"type\":\"user\",\"id\":1,\"username\":\"gone\",\"is_erased\":true}",
        "{\"type\":\"room\",\"id\":1,\"kind\":\"channel\",\"room\":\"\"}",
        "{\"type\":\"room\",\"id\":1,\"kind\":\"group\",\"room\":\"x\"}",
        "{\"type\":\"room\",\"id\":1,\"kind\":\"dm\",\"users\":[1]}",
        "{\"type\":\"member\",\"room_id\":1,\"user_id\":1}",
        "{\"type\":\"ban\",\"user_id\":1}",
        "{\"type\":\"audit\",\"at_ms\":1,\"action\":\"ban_set\",\"username\":\"joe\"}",
        "{\"type\":\"audit\",\"at_ms\":1,\"action\":\"sang\"}",
        "{\"type\":\"block\",\"user_id\":1,\"until_ms\":9007199254740991}",
        "{\"type\":\"message\",\"room_id\":1,\"user_id\":1,\"content\":\"x\",\"ts\":1}",
        "{\"type\":\"read\",\"room_id\":1,\"user_id\":1,\"message_id\":1}",
        "{\"type\":\"upload\",\"name\":\"a\",\"user_id\":1,\"media_type\":\"a/b\",\"bytes\":1}",
    };
    SCOPED(place_fini) struct place p = place_new();
    for (size_t i = 0; i < COUNT(lines); i++) {
        SCOPED(buf_fini) struct buf text = BUF_INIT(4096);
        buf_printf(&text, "{\"type\":\"parloir\",\"version\":1}\n%s\n", lines[i]);
        buf_put_char(&text, '\0');
        EQ(FEED(&p, text.p, cli_import, "json", "-"), CLI_FAILED);
        OKAY(says(&p.err, "line 2: "));
    }
    static const char *const bad[] = {
        "\"content\":\"x\",\"message_type\":\"song\"",
        "\"content\":\"x\",\"mentions\":[9]",
        "\"content\":\"x\",\"message_type\":\"image\"",
        "\"content\":\"x\",\"message_type\":\"reaction\",\"reply_to\":4",
        "\"message_type\":\"file\",\"media_url\":\"/uploads/files/none.bin\"",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        SCOPED(buf_fini) struct buf text = BUF_INIT(4096);
        buf_printf(&text,
                   HEAD USER(1, "ann") CHANNEL(1, "general")
                       SAYS(4, "\"content\":\"x\"") "{\"type\":\"message\",\"room_id\":1,\"user_"
                                                    "id\":1,\"ts\":1,%s}\n",
                   bad[i]);
        buf_put_char(&text, '\0');
        EQ(FEED(&p, text.p, cli_import, "json", "-"), CLI_FAILED);
        OKAY(says(&p.err, "line 5: "));
    }
    EQ(RUN(&p, cli_import, "json", "-"), CLI_FAILED);
    EQ(RUN(&p, cli_import, "json", "/nowhere/at/all"), CLI_FAILED);
    EQ(RUN(&p, cli_import, "hub", "postgresql://localhost/hub"), CLI_FAILED);
    OKAY(says(&p.err, "PostgreSQL"));
}

// clang-format off
/* In a room of which the file does not know that others have spoken in it. */
static const char conversation[] =
    HEAD USER(1, "ann") USER(2, "bob") CHANNEL(1, "general") UPLOAD(PICTURE) UPLOAD(PICTURE)
    SAYS(70, "\"content\":\"one @bob\",\"mentions\":[2]")
    SAYS(71, "\"content\":\"\",\"message_type\":\"image\",\"reply_to\":70,"
             "\"media_url\":\"/uploads/" PICTURE "\",\"media_type\":\"image/png\"")
    LIKES(75, 71)
    SAYS(76, "\"content\":\"\",\"message_type\":\"audio\",\"reply_to\":71,"
             "\"media_url\":\"https://a.example/b.mp3\",\"duration_ms\":1500")
    SAYS(80, "\"content\":\"last\",\"reply_to\":70")
    READ(2, 76) READ(1, 80);
// clang-format on

TEST(what_messages_are_made_of_and_point_to_is_imported_and_exported) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p, HEAD USER(1, "ann") CHANNEL(1, "general") SAID(1, 1, "x") SAID(1, 1, "y"),
            cli_import, "json", "-"),
       CLI_DONE);
    for (unsigned i = 0; i < 2; i++) {    // again, and nothing is doubled
        EQ(FEED(&p, conversation, cli_import, "json", "-", "--json"), CLI_DONE);
        STR_EQ(buf_str(&p.out),
               i == 0 ? "{\"users\":1,\"rooms\":0,\"messages\":5,\"repeats\":0,\"uploads\":1,"
                        "\"left_out\":0}\n"
                      : "{\"users\":0,\"rooms\":0,\"messages\":0,\"repeats\":5,\"uploads\":0,"
                        "\"left_out\":0}\n");
        EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
        OKAY(says(&p.out, "{\"type\":\"upload\",\"name\":\"" PICTURE "\",\"user_id\":2,"
                          "\"media_type\":\"image/png\",\"bytes\":5,\"created_ms\":9000}\n"
                          "{\"type\":\"message\",\"id\":4,"));
        OKAY(says(&p.out, "\"content\":\"one @bob\",\"mentions\":[2],\"client_id\":\"c70\""));
        OKAY(says(&p.out, "\"message_type\":\"image\",\"media_url\":\"/uploads/" PICTURE "\","
                          "\"media_type\":\"image/png\",\"reply_to\":3,\"client_id\":\"c71\""));
        OKAY(says(&p.out, "\"message_type\":\"reaction\",\"reply_to\":4,\"client_id\":\"c75\""));
        OKAY(says(&p.out, "\"message_type\":\"audio\",\"media_url\":\"https://a.example/b.mp3\","
                          "\"duration_ms\":1500,\"reply_to\":4,\"client_id\":\"c76\""));
        OKAY(says(&p.out, "\"id\":7,\"room_id\":1,\"room\":\"general\",\"seq\":7,\"user_id\":1,"
                          "\"username\":\"ann\",\"content\":\"last\",\"reply_to\":3,"));
        OKAY(says(&p.out, READ(2, 6) READ(1, 7)));
    }
    EQ(RUN_ALONE(&p, cli_check), CLI_FAILED);
    STR_EQ(buf_str(&p.err), "parloir: The file of the upload " PICTURE " is missing.\n");
}

TEST(a_check_looks_at_the_files_of_uploads) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p, conversation, cli_import, "json", "-"), CLI_DONE);
    put_upload(&p, "12345");
    EQ(RUN_ALONE(&p, cli_check), CLI_DONE);
    STR_EQ(buf_str(&p.out), "No damage was found.\n");
    put_upload(&p, "1234");
    EQ(RUN_ALONE(&p, cli_check), CLI_FAILED);
    STR_EQ(buf_str(&p.err), "parloir: The file of the upload " PICTURE " has 4 bytes, and had 5 "
                            "when it was taken in.\n");
    drop_uploads(&p);
    EQ(RUN_ALONE(&p, cli_check), CLI_FAILED);
    STR_EQ(buf_str(&p.err), "parloir: The file of the upload " PICTURE " is missing.\n");
}

TEST(a_check_names_some_of_many_missing_files) {
    SCOPED(place_fini) struct place p = place_new();
    SCOPED(buf_fini) struct buf text = BUF_INIT(1u << 16);
    BUF_PUT_LIT(&text, HEAD USER(2, "bob"));
    for (unsigned i = 10; i < 35; i++) {
        buf_printf(&text,
                   "{\"type\":\"upload\",\"name\":\"files/"
                   "000000000000000000000000000000%u.bin\",\"user_id\":2,"
                   "\"media_type\":\"a/b\",\"bytes\":5,\"created_ms\":%u}\n",
                   i, i);
    }
    buf_put_char(&text, '\0');
    EQ(FEED(&p, text.p, cli_import, "json", "-"), CLI_DONE);
    EQ(RUN_ALONE(&p, cli_check), CLI_FAILED);
    OKAY(says(&p.err, "files/00000000000000000000000000000010.bin is missing.\n") &&
         says(&p.err, "files/00000000000000000000000000000029.bin is missing.\n"));
    OKAY(!says(&p.err, "0030.bin"));
    OKAY(says(&p.err, "parloir: 5 more uploads have no such file as they had.\n"));
}

TEST(uploads_wait_in_an_export_of_everything_for_the_message_that_shows_them) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p, HEAD USER(2, "bob") CHANNEL(1, "general") UPLOAD(PICTURE), cli_import, "json", "-"),
       CLI_DONE);
    STR_EQ(buf_str(&p.out), "Imported: 1 users, 0 rooms, 0 messages; 0 messages were here already. "
                            "1 uploads are known: copy their files, too.\n");
    EQ(FEED(&p, HEAD USER(2, "bob") UPLOAD("../x"), cli_import, "json", "-"), CLI_FAILED);
    OKAY(says(&p.err, "line 3: no file that a server here gives out is called so"));
    EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
    OKAY(says(&p.out, "\"name\":\"" PICTURE "\""));
    EQ(RUN(&p, cli_export, "--room", "general"), CLI_DONE);
    OKAY(!says(&p.out, PICTURE));
}

TEST(a_message_that_was_edited_says_so_since_when) {
    SCOPED(place_fini) struct place p = place_new();
    SCOPED(buf_fini) struct buf text = BUF_INIT(1u << 20);
    BUF_PUT_LIT(&text, HEAD USER(1, "ann") USER(2, "bob") CHANNEL(1, "general"));
    for (unsigned i = 1; i <= 2500; i++) {
        buf_printf(&text,
                   "{\"type\":\"message\",\"id\":%u,\"room_id\":1,\"user_id\":1,\"ts\":1,"
                   "\"client_id\":\"c%u\",\"content\":\"@bob %u\",\"mentions\":[2]%s}\n",
                   i + 9000, i, i, i % 5 == 0 ? "" : ",\"edited_ms\":77");
    }
    buf_put_char(&text, '\0');
    for (unsigned i = 0; i < 2; i++) {
        EQ(FEED(&p, text.p, cli_import, "json", "-"), CLI_DONE);
        EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
        for (unsigned at = 1; at <= 2500; at++) {
            SCOPED(buf_fini) struct buf part = BUF_INIT(256);
            buf_printf(&part,
                       "\"seq\":%u,\"user_id\":1,\"username\":\"ann\",\"content\":\"@bob %u\","
                       "\"mentions\":[2],\"client_id\":\"c%u\","
                       "\"timestamp\":\"1970-01-01T00:00:00Z\",\"ts\":1%s}",
                       at, at, at, at % 5 == 0 ? "" : ",\"edited_ms\":77");
            buf_put_char(&part, '\0');
            OKAY(says(&p.out, part.p));
        }
    }
}

TEST(what_points_to_nothing_comes_alone_or_not_at_all) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(FEED(&p,
            HEAD USER(1, "ann") USER(2, "bob") CHANNEL(1, "general")
                SAYS(70, "\"content\":\"one\",\"reply_to\":69") LIKES(71, 69) LIKES(72, 70)
                    LIKES(73, 69) READ(1, 73) READ(2, 69),
            cli_import, "json", "-"),
       CLI_DONE);
    STR_EQ(buf_str(&p.out),
           "Imported: 2 users, 0 rooms, 2 messages; 0 messages were here already. 2 reactions were "
           "left out: what they stood under is not there.\n");
    EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
    OKAY(says(&p.out, "\"content\":\"one\",\"client_id\":\"c70\""));    // no answer any more
    OKAY(says(&p.out, READ(1, 2)));    // up to what is left before the reaction
    OKAY(!says(&p.out, "\"read\",\"room_id\":1,\"user_id\":2"));
}

TEST(a_long_import_of_answers_finds_what_each_is_about) {
    SCOPED(place_fini) struct place p = place_new();
    SCOPED(buf_fini) struct buf text = BUF_INIT(1u << 20);
    BUF_PUT_LIT(&text, HEAD USER(1, "ann") CHANNEL(1, "general"));
    for (unsigned i = 1; i <= 2500; i++) {    // each seventh the one before, the rest one far away
        buf_printf(&text,
                   "{\"type\":\"message\",\"id\":%u,\"room_id\":1,\"user_id\":1,\"ts\":1,"
                   "\"content\":\"%u\",\"reply_to\":%u}\n",
                   i + 9000, i, 9000 + (i % 7 == 0 ? i - 1 : i / 2));
    }
    buf_put_char(&text, '\0');
    EQ(FEED(&p, text.p, cli_import, "json", "-"), CLI_DONE);
    EQ(RUN_ALONE(&p, cli_export), CLI_DONE);
    for (unsigned i = 2; i <= 2500; i++) {
        SCOPED(buf_fini) struct buf part = BUF_INIT(256);
        buf_printf(&part, "\"content\":\"%u\",\"reply_to\":%u,", i, i % 7 == 0 ? i - 1 : i / 2);
        buf_put_char(&part, '\0');
        OKAY(says(&p.out, part.p));
    }
}

TEST(a_tape_is_replayed) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_replay, p.file), CLI_FAILED);
    FILE *file = fopen(p.file, "we");
    OKAY(file != NULL && fputs("nonsense\n", file) >= 0 && fclose(file) == 0);
    EQ(RUN(&p, cli_replay, p.file), CLI_FAILED);
    OKAY(says(&p.err, "parloir: "));
    EQ(truncate(p.file, 0), 0);
    EQ(RUN(&p, cli_replay, p.file), CLI_FAILED);
    OKAY(says(&p.err, "no tape"));
    file = fopen(p.file, "we");
    SCOPED(buf_fini) struct buf line = BUF_INIT(4096);
    tape_put_limits(&line, &(struct core_limits){ 0 });
    OKAY(file != NULL && fwrite(line.p, 1, line.n, file) == line.n && fclose(file) == 0);
    EQ(RUN(&p, cli_replay, p.file), CLI_DONE);
}

TEST(every_command_has_help) {
    int (*const commands[])(int, char **) = {
        cli_serve, cli_user,   cli_token,  cli_room,   cli_ban,   cli_status, cli_block,
        cli_audit, cli_export, cli_import, cli_backup, cli_check, cli_replay,
    };
    SCOPED(place_fini) struct place p = place_new();
    for (size_t i = 0; i < COUNT(commands); i++) {
        EQ(RUN(&p, commands[i], "--help"), CLI_DONE);
        OKAY(says(&p.out, "parloir ") && says(&p.out, "--data DIR"));
    }
}

TEST(wrong_usage_and_a_bad_configuration_are_told_apart_from_failure) {
    SCOPED(place_fini) struct place p = place_new();
    EQ(RUN(&p, cli_user, "nonsense"), CLI_USAGE);
    OKAY(says(&p.err, "usage: parloir user"));
    EQ(RUN(&p, cli_user, "show"), CLI_USAGE);
    OKAY(says(&p.err, "usage: parloir user show NAME\n"));
    EQ(RUN(&p, cli_user, "list", "--set", "no.such=1"), CLI_USAGE);
    OKAY(says(&p.err, "no.such"));
    EQ(RUN(&p, cli_user, "list", "--set", "store.url=punchcards:"), CLI_USAGE);
    OKAY(says(&p.err, "store.url"));
}
