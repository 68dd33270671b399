/* Uploads on a real disk: what is there after each way it can go, and what is not. */
#include "media/files.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit.h"

#define GIF "GIF89a\1\0\1\0\0\0\0!\xf9\4\0\0\0\0\0,"
#define RANDOM "0123456789abcdef0123456789abcdef"

/* A data directory for one test. */
struct place {
    char data[64];
    struct media_files *files;
    struct buf why;
};

static void place_open(struct place *p, uint64_t spare_bytes) {
    *p = (struct place){ .data = "/tmp/parloir-media-XXXXXX", .why = BUF_INIT(1000) };
    OKAY(mkdtemp(p->data) != NULL);
    EQ(media_files_open(p->data, spare_bytes, &p->files, &p->why), OK);
}

static int remove_one(const char *path, __attribute__((unused)) const struct stat *st,
                      __attribute__((unused)) int type, __attribute__((unused)) struct FTW *at) {
    return remove(path);
}

static void place_close(struct place *p) {
    media_files_free(&p->files);
    buf_fini(&p->why);
    EQ(nftw(p->data, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
}

/* A path below the data directory. */
struct path {
    char text[256];
};

static struct path path_of(const struct place *p, const char *name) {
    struct path path;
    snprintf(path.text, sizeof path.text, "%s/uploads/%s", p->data, name);
    return path;
}

static size_t count_in(const struct place *p, const char *folder) {
    struct path path = path_of(p, folder);
    char command[300];
    snprintf(command, sizeof command, "ls -A %s | wc -l", path.text);
    FILE *pipe = popen(command, "r");
    OKAY(pipe != NULL);
    size_t count = 0;
    EQ(fscanf(pipe, "%zu", &count), 1);
    pclose(pipe);
    return count;
}

static void write_file(const struct place *p, const char *name, const char *text) {
    struct path path = path_of(p, name);
    int fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    OKAY(fd >= 0);
    EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static struct media_saved save(struct place *p, struct str bytes) {
    struct media_upload *u = NULL;
    struct media_saved saved = { 0 };
    EQ(media_upload_begin(p->files, 1 << 20, bytes.n, &u), OK);
    EQ(media_upload_append(u, bytes), OK);
    EQ(media_upload_finish(u, &saved), OK);
    media_upload_free(&u);
    return saved;
}

/* ---- coming in */

TEST(a_file_comes_in_and_is_read_back) {
    struct place p;
    place_open(&p, 0);
    struct media_upload *u = NULL;
    struct media_saved saved;
    EQ(media_upload_begin(p.files, 1000, 0, &u), OK);
    EQ(media_upload_append(u, STR_LIT("GIF89a\1\0\1\0")), OK);
    EQ(media_upload_append(u, STR_LIT("")), OK);
    EQ(media_upload_append(u, STR_LIT("\0\0\0!\xf9")), OK);
    EQ(count_in(&p, "incoming"), 1);
    EQ(count_in(&p, "images"), 0);
    EQ(media_upload_finish(u, &saved), OK);
    media_upload_free(&u);
    OKAY(u == NULL);
    EQ(count_in(&p, "incoming"), 0);
    EQ(count_in(&p, "images"), 1);
    EQ(saved.bytes, 15);
    STR_EQ(str_of(saved.type->name), "image/gif");
    OKAY(str_starts(str_of(saved.name), STR_LIT("images/")));
    OKAY(str_ends(str_of(saved.name), STR_LIT(".gif")));
    OKAY(media_name_type(str_of(saved.name)) == saved.type);

    struct media_file file = MEDIA_FILE_NONE;
    EQ(media_file_open(p.files, str_of(saved.name), &file), OK);
    EQ(file.bytes, 15);
    OKAY(file.type == saved.type && file.modified_ms > 1700000000000);
    char got[100];
    size_t n = 0;
    EQ(media_file_read(&file, 0, got, sizeof got, &n), OK);
    OKAY(str_eq((struct str){ got, n }, STR_LIT("GIF89a\1\0\1\0\0\0\0!\xf9")));
    EQ(media_file_read(&file, 3, got, 3, &n), OK);
    STR_EQ(((struct str){ got, n }), "89a");
    EQ(media_file_read(&file, 15, got, 3, &n), OK);
    EQ(n, 0);
    media_file_close(&file);
    media_file_close(&file);
    EQ(file.fd, -1);
    EQ(media_file_read(&file, 0, got, 1, &n), ERR_IO);
    place_close(&p);
}

TEST(each_kind_has_a_folder_and_nobody_else_may_look) {
    struct place p;
    place_open(&p, 0);
    static const char *const folders[] = { "", "incoming", "images", "audio", "video", "files" };
    struct stat st;
    for (size_t i = 0; i < COUNT(folders); i++) {
        EQ(stat(path_of(&p, folders[i]).text, &st), 0);
        EQ(st.st_mode & 0777, 0700);
    }
    static const struct {
        struct str bytes;
        const char *folder;
    } rows[] = {
        { STR_LIT(GIF), "images/" },
        { STR_LIT("OggS\0\2\0\0\0\0\0\0\0\0abcd\0\0\0\0crc.\1\x13OpusHead"), "audio/" },
        { STR_LIT("\0\0\0\x18"
                  "ftypisom\0\0\2\0isommp42"),
          "video/" },
        { STR_LIT("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "files/" },
        { STR_LIT("hello"), "files/" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct media_saved saved = save(&p, rows[i].bytes);
        OKAY(str_starts(str_of(saved.name), str_of(rows[i].folder)));
        EQ(stat(path_of(&p, saved.name).text, &st), 0);
        EQ(st.st_mode & 0777, 0600);
    }
    place_close(&p);
}

TEST(two_uploads_of_the_same_bytes_have_two_names) {
    struct place p;
    place_open(&p, 0);
    struct media_saved one = save(&p, STR_LIT(GIF));
    struct media_saved two = save(&p, STR_LIT(GIF));
    OKAY(strcmp(one.name, two.name) != 0);
    EQ(count_in(&p, "images"), 2);
    place_close(&p);
}

TEST(an_upload_that_is_given_up_leaves_nothing) {
    struct place p;
    place_open(&p, 0);
    struct media_upload *u = NULL;
    EQ(media_upload_begin(p.files, 1000, 100, &u), OK);
    EQ(media_upload_append(u, STR_LIT("half")), OK);
    EQ(count_in(&p, "incoming"), 1);
    media_upload_free(&u);
    media_upload_free(&u);
    EQ(count_in(&p, "incoming"), 0);
    place_close(&p);
}

TEST(an_empty_upload_is_refused) {
    struct place p;
    place_open(&p, 0);
    struct media_upload *u = NULL;
    struct media_saved saved = { .bytes = 42 };
    EQ(media_upload_begin(p.files, 1000, 0, &u), OK);
    EQ(media_upload_finish(u, &saved), ERR_PROTO);
    EQ(saved.bytes, 42);
    media_upload_free(&u);
    EQ(count_in(&p, "incoming"), 0);
    place_close(&p);
}

TEST(what_is_over_the_limit_is_not_written) {
    struct place p;
    place_open(&p, 0);
    struct media_upload *u = NULL;
    EQ(media_upload_begin(p.files, 10, 11, &u), ERR_TOO_BIG);
    OKAY(u == NULL);
    EQ(media_upload_begin(p.files, 10, 10, &u), OK);
    EQ(media_upload_append(u, STR_LIT("12345678")), OK);
    EQ(media_upload_append(u, STR_LIT("abc")), ERR_TOO_BIG);
    EQ(media_upload_append(u, STR_LIT("90")), OK);
    EQ(media_upload_append(u, STR_LIT("a")), ERR_TOO_BIG);
    struct media_saved saved;
    EQ(media_upload_finish(u, &saved), OK);
    EQ(saved.bytes, 10);
    media_upload_free(&u);
    place_close(&p);
}

/* ---- a disk without room */

TEST(a_disk_keeps_what_it_is_told_to_keep_free) {
    struct place p;
    place_open(&p, UINT64_MAX);
    struct media_upload *u = NULL;
    EQ(media_upload_begin(p.files, 10, 0, &u), ERR_FULL);
    place_close(&p);

    place_open(&p, 0);
    EQ(media_upload_begin(p.files, UINT64_MAX, UINT64_MAX, &u), ERR_FULL);
    EQ(media_upload_begin(p.files, UINT64_MAX, 0, &u), OK);
    media_upload_free(&u);
    EQ(count_in(&p, "incoming"), 0);
    place_close(&p);
}

TEST(a_disk_that_fills_up_on_the_way_says_so) {
    struct place p;
    place_open(&p, 0);
    struct media_upload *u = NULL;
    struct rlimit before;
    EQ(media_upload_begin(p.files, 1 << 20, 0, &u), OK);
    EQ(media_upload_append(u, STR_LIT("fits")), OK);

    EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    EQ(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 6, before.rlim_max }), 0);
    enum err err = media_upload_append(u, STR_LIT("does not"));
    EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    EQ(err, ERR_FULL);
    media_upload_free(&u);
    EQ(count_in(&p, "incoming"), 0);
    place_close(&p);
}

TEST(no_descriptor_left_is_no_room) {
    struct place p;
    place_open(&p, 0);
    struct media_upload *u = NULL;
    struct media_file file = MEDIA_FILE_NONE;
    struct media_saved saved = save(&p, STR_LIT(GIF));
    struct rlimit before;
    EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    EQ(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, before.rlim_max }), 0);
    enum err begun = media_upload_begin(p.files, 10, 0, &u);
    enum err opened = media_file_open(p.files, str_of(saved.name), &file);
    size_t removed = 0;
    enum err swept = media_files_sweep(p.files, UINT64_MAX, &removed);
    EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EQ(begun, ERR_FULL);
    EQ(opened, ERR_FULL);
    EQ(swept, ERR_IO);
    place_close(&p);
}

TEST(a_folder_that_is_gone_is_a_failure) {
    struct place p;
    place_open(&p, 0);
    struct media_upload *u = NULL;
    struct media_saved saved;
    EQ(media_upload_begin(p.files, 1000, 0, &u), OK);
    EQ(media_upload_append(u, STR_LIT(GIF)), OK);
    EQ(rmdir(path_of(&p, "images").text), 0);
    EQ(media_upload_finish(u, &saved), ERR_IO);
    media_upload_free(&u);
    EQ(count_in(&p, "incoming"), 0);
    EQ(rmdir(path_of(&p, "incoming").text), 0);
    EQ(media_upload_begin(p.files, 1000, 0, &u), ERR_IO);
    place_close(&p);
}

/* ---- opening the directory */

TEST(opening_again_finds_what_was_there) {
    struct place p;
    place_open(&p, 0);
    struct media_saved saved = save(&p, STR_LIT(GIF));
    media_files_free(&p.files);
    media_files_free(&p.files);
    EQ(media_files_open(p.data, 0, &p.files, &p.why), OK);
    struct media_file file = MEDIA_FILE_NONE;
    EQ(media_file_open(p.files, str_of(saved.name), &file), OK);
    media_file_close(&file);
    place_close(&p);
}

TEST(what_cannot_be_opened_says_why) {
    struct place p;
    place_open(&p, 0);
    struct media_files *other = NULL;
    EQ(media_files_open("/nonexistent/parloir", 0, &other, &p.why), ERR_IO);
    OKAY(memmem(p.why.p, p.why.n, "/nonexistent/parloir", 20) != NULL);

    buf_reset(&p.why);
    EQ(rmdir(path_of(&p, "audio").text), 0);
    EQ(symlink("images", path_of(&p, "audio").text), 0);
    EQ(media_files_open(p.data, 0, &other, &p.why), ERR_IO);
    OKAY(memmem(p.why.p, p.why.n, "audio", 5) != NULL);

    char data[128];
    buf_reset(&p.why);
    snprintf(data, sizeof data, "%s/uploads/images", p.data);
    write_file(&p, "images/uploads", "a file where the folder should be");
    EQ(media_files_open(data, 0, &other, &p.why), ERR_IO);
    OKAY(other == NULL);
    place_close(&p);
}

/* ---- names */

TEST(a_name_is_one_that_we_give) {
    STR_EQ(str_of(media_name_type(STR_LIT("images/" RANDOM ".jpg"))->name), "image/jpeg");
    STR_EQ(str_of(media_name_type(STR_LIT("files/" RANDOM ".bin"))->name),
           "application/octet-stream");
    static const struct str bad[] = {
        STR_LIT(""),
        STR_LIT("/"),
        STR_LIT("images"),
        STR_LIT("images/"),
        STR_LIT("images/photo123.jpg"),
        STR_LIT("images/" RANDOM),
        STR_LIT("images/" RANDOM "."),
        STR_LIT("images/" RANDOM ".JPG"),
        STR_LIT("images/" RANDOM ".jpg "),
        STR_LIT("images/" RANDOM ".jpg/"),
        STR_LIT("images/" RANDOM ".jpg\0"),
        STR_LIT("images/" RANDOM ".jpg.html"),
        STR_LIT("images/" RANDOM ".html"),
        STR_LIT("images/" RANDOM ".mp3"),
        STR_LIT("images/" RANDOM "0.jpg"),
        STR_LIT("images/0123456789abcdef0123456789abcde.jpg"),
        STR_LIT("images/0123456789ABCDEF0123456789ABCDEF.jpg"),
        STR_LIT("images/0123456789abcdef0123456789abcd%30.jpg"),
        STR_LIT("images/................................/.jpg"),
        STR_LIT("Images/" RANDOM ".jpg"),
        STR_LIT("incoming/" RANDOM ".jpg"),
        STR_LIT("incoming/" RANDOM),
        STR_LIT("/images/" RANDOM ".jpg"),
        STR_LIT("images//" RANDOM ".jpg"),
        STR_LIT("./images/" RANDOM ".jpg"),
        STR_LIT("../images/" RANDOM ".jpg"),
        STR_LIT("images/../images/" RANDOM ".jpg"),
        STR_LIT("images/%2e%2e/" RANDOM ".jpg"),
        STR_LIT("images\0/" RANDOM ".jpg"),
        STR_LIT("images\\" RANDOM ".jpg"),
        STR_LIT("../../../../../../etc/passwd"),
        STR_LIT("/etc/passwd"),
    };
    struct place p;
    place_open(&p, 0);
    write_file(&p, "incoming/" RANDOM, "on its way");
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct media_file file = MEDIA_FILE_NONE;
        OKAY(media_name_type(bad[i]) == NULL);
        EQ(media_file_open(p.files, bad[i], &file), ERR_NOT_FOUND);
        EQ(media_file_remove(p.files, bad[i]), ERR_NOT_FOUND);
    }
    OKAY(media_name_type(STR_NONE) == NULL);
    EQ(count_in(&p, "incoming"), 1);
    place_close(&p);
}

TEST(what_is_no_plain_file_is_not_there) {
    struct place p;
    place_open(&p, 0);
    struct media_file file = MEDIA_FILE_NONE;
    struct str name = STR_LIT("images/" RANDOM ".jpg");
    struct path path = path_of(&p, name.p);
    EQ(media_file_open(p.files, name, &file), ERR_NOT_FOUND);
    EQ(symlink("/etc/passwd", path.text), 0);
    EQ(media_file_open(p.files, name, &file), ERR_NOT_FOUND);
    EQ(unlink(path.text), 0);
    EQ(mkfifo(path.text, 0600), 0);
    EQ(media_file_open(p.files, name, &file), ERR_NOT_FOUND);
    EQ(unlink(path.text), 0);
    EQ(mkdir(path.text, 0700), 0);
    EQ(media_file_open(p.files, name, &file), ERR_NOT_FOUND);
    EQ(media_file_remove(p.files, name), ERR_IO);
    EQ(file.fd, -1);
    place_close(&p);
}

TEST(a_removed_file_is_gone) {
    struct place p;
    place_open(&p, 0);
    struct media_file file = MEDIA_FILE_NONE;
    struct media_saved saved = save(&p, STR_LIT(GIF));
    EQ(media_file_remove(p.files, str_of(saved.name)), OK);
    EQ(media_file_remove(p.files, str_of(saved.name)), ERR_NOT_FOUND);
    EQ(media_file_open(p.files, str_of(saved.name), &file), ERR_NOT_FOUND);
    EQ(count_in(&p, "images"), 0);
    place_close(&p);
}

/* ---- sweeping */

/* Makes a file look as if it was last written at `ms`. */
static void date_file(const struct place *p, const char *name, uint64_t ms) {
    struct timespec at = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
    EQ(utimensat(AT_FDCWD, path_of(p, name).text, (struct timespec[]){ at, at }, 0), 0);
}

TEST(what_a_crash_left_is_swept_what_is_under_way_stays) {
    struct place p;
    place_open(&p, 0);
    write_file(&p, "incoming/" RANDOM, "left");
    write_file(&p, "incoming/other", "left");
    date_file(&p, "incoming/" RANDOM, 1000000);
    date_file(&p, "incoming/other", 2000000);
    EQ(symlink("nothing", path_of(&p, "incoming/link").text), 0);
    struct media_upload *u = NULL;
    EQ(media_upload_begin(p.files, 100, 0, &u), OK);

    size_t removed = 42;
    EQ(media_files_sweep(p.files, 1000000, &removed), OK);
    EQ(removed, 0);
    EQ(media_files_sweep(p.files, 1000001, &removed), OK);
    EQ(removed, 1);
    EQ(media_files_sweep(p.files, 3000000, &removed), OK);
    EQ(removed, 1);
    EQ(count_in(&p, "incoming"), 2);
    media_upload_free(&u);
    place_close(&p);
}

struct seen {
    struct media_files *files;
    size_t count;
    size_t at_most;
    char last[MEDIA_NAME_BYTES_MAX];
};

static bool see(void *ctx, struct str name) {
    struct seen *seen = ctx;
    memcpy(seen->last, name.p, name.n);
    seen->last[name.n] = '\0';
    return ++seen->count < seen->at_most;
}

static bool see_and_remove(void *ctx, struct str name) {
    struct seen *seen = ctx;
    EQ(media_file_remove(seen->files, name), OK);
    return see(ctx, name);
}

TEST(old_files_are_listed_to_whoever_knows_which_are_needed) {
    struct place p;
    place_open(&p, 0);
    struct media_saved picture = save(&p, STR_LIT(GIF));
    struct media_saved text = save(&p, STR_LIT("hello"));
    write_file(&p, "images/thumbs.db", "not ours");
    date_file(&p, "images/thumbs.db", 1000000);
    date_file(&p, picture.name, 1000000);

    struct seen seen = { .files = p.files, .at_most = 100 };
    EQ(media_files_each(p.files, 2000000, see, &seen), OK);
    EQ(seen.count, 1);
    STR_EQ(str_of(seen.last), picture.name);

    date_file(&p, text.name, 1000000);
    seen = (struct seen){ .files = p.files, .at_most = 1 };
    EQ(media_files_each(p.files, 2000000, see, &seen), OK);
    EQ(seen.count, 1);
    seen = (struct seen){ .files = p.files, .at_most = 100 };
    EQ(media_files_each(p.files, 2000000, see_and_remove, &seen), OK);
    EQ(seen.count, 2);
    EQ(count_in(&p, "images"), 1);
    EQ(count_in(&p, "files"), 0);
    place_close(&p);
}

/* ---- threads */

#define THREADS 4
#define FILES_EACH 10

static void *save_many(void *arg) {
    struct place *p = arg;
    size_t saved = 0;
    for (size_t i = 0; i < FILES_EACH; i++) {
        struct media_upload *u = NULL;
        struct media_saved out;
        saved += media_upload_begin(p->files, 100, 0, &u) == OK &&
                 media_upload_append(u, STR_LIT(GIF)) == OK && media_upload_finish(u, &out) == OK;
        media_upload_free(&u);
    }
    return (void *)(uintptr_t)saved;
}

TEST(threads_save_at_once) {
    struct place p;
    place_open(&p, 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        EQ(pthread_create(&threads[i], NULL, save_many, &p), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *saved = NULL;
        EQ(pthread_join(threads[i], &saved), 0);
        EQ((uintptr_t)saved, FILES_EACH);
    }
    EQ(count_in(&p, "images"), THREADS * FILES_EACH);
    EQ(count_in(&p, "incoming"), 0);
    place_close(&p);
}
