/* Key files, on a real directory. */
#include "auth/keyfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "test/unit.h"

struct place {
    char dir[64];
    char path[128];
};

static struct place place_new(void) {
    struct place p = { .dir = "/tmp/parloir-key-XXXXXX" };
    OKAY(mkdtemp(p.dir) != NULL);
    snprintf(p.path, sizeof p.path, "%s/jwt.key", p.dir);
    return p;
}

/* Removes the directory and says how many files were in it. */
static size_t place_clear(struct place *p) {
    size_t count = 0;
    DIR *dir = opendir(p->dir);
    OKAY(dir != NULL);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] != '.') {
            EQ(unlinkat(dirfd(dir), e->d_name, 0), 0);
            count++;
        }
    }
    closedir(dir);
    EQ(rmdir(p->dir), 0);
    return count;
}

static void write_file(const char *path, const char *text, mode_t mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    OKAY(fd >= 0);
    EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    EQ(fchmod(fd, mode), 0);
    close(fd);
}

TEST(the_first_start_makes_a_key_and_the_next_reads_it) {
    struct place p = place_new();
    SCOPED(buf_fini) struct buf first = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf second = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf why = BUF_INIT(512);
    bool is_new = false;
    EQ(key_file_load(p.path, &first, &is_new, &why), OK);
    OKAY(is_new);
    EQ(first.n, 43);
    struct stat st;
    EQ(stat(p.path, &st), 0);
    EQ(st.st_mode & 0777, 0600);

    EQ(key_file_load(p.path, &second, &is_new, &why), OK);
    OKAY(!is_new);
    OKAY(str_eq(buf_str(&first), buf_str(&second)));

    const char *sentence = NULL;
    OKAY(jwt_secret_check(buf_str(&first), &sentence));
    EQ(place_clear(&p), 1);    // no draft is left behind
}

TEST(a_key_that_others_can_read_is_refused) {
    struct place p = place_new();
    write_file(p.path, "k3Vw9-0aQzPq71LmNx8YtRr5Wd2Xe6Gh\n", 0640);
    SCOPED(buf_fini) struct buf key = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf why = BUF_INIT(512);
    bool is_new = true;
    EQ(key_file_load(p.path, &key, &is_new, &why), ERR_DENIED);
    OKAY(key.n == 0 && memmem(why.p, why.n, "chmod 600", 9) != NULL);
    EQ(chmod(p.path, 0600), 0);
    EQ(key_file_load(p.path, &key, &is_new, &why), OK);
    STR_EQ(buf_str(&key), "k3Vw9-0aQzPq71LmNx8YtRr5Wd2Xe6Gh");
    EQ(place_clear(&p), 1);
}

TEST(what_is_no_key_file_is_refused) {
    struct place p = place_new();
    SCOPED(buf_fini) struct buf key = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf why = BUF_INIT(2048);
    bool is_new = true;
    write_file(p.path, " \n", 0600);
    EQ(key_file_load(p.path, &key, &is_new, &why), ERR_PROTO);
    char text[1100];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    write_file(p.path, text, 0600);
    EQ(key_file_load(p.path, &key, &is_new, &why), ERR_PROTO);
    EQ(unlink(p.path), 0);
    EQ(symlink("/dev/zero", p.path), 0);
    EQ(key_file_load(p.path, &key, &is_new, &why), ERR_IO);
    EQ(unlink(p.path), 0);
    EQ(mkfifo(p.path, 0600), 0);
    EQ(key_file_load(p.path, &key, &is_new, &why), ERR_DENIED);
    EQ(key.n, 0);
    EQ(place_clear(&p), 1);
}

TEST(a_key_that_cannot_be_made_is_an_error_with_its_path) {
    SCOPED(buf_fini) struct buf key = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf why = BUF_INIT(512);
    bool is_new = true;
    EQ(key_file_load("/nonexistent/dir/jwt.key", &key, &is_new, &why), ERR_IO);
    OKAY(memmem(why.p, why.n, "/nonexistent/dir/jwt.key", 24) != NULL);
}

struct racer {
    const char *path;
    struct buf key;
    enum err err;
};

static void *race(void *ctx) {
    struct racer *r = ctx;
    SCOPED(buf_fini) struct buf why = BUF_INIT(512);
    bool is_new;
    r->key = BUF_INIT(4096);
    r->err = key_file_load(r->path, &r->key, &is_new, &why);
    return NULL;
}

TEST(many_first_starts_at_once_agree_on_one_key) {
    struct place p = place_new();
    struct racer racers[8];
    pthread_t threads[COUNT(racers)];
    for (size_t i = 0; i < COUNT(racers); i++) {
        racers[i].path = p.path;
        EQ(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < COUNT(racers); i++) {
        EQ(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < COUNT(racers); i++) {
        EQ(racers[i].err, OK);
        OKAY(str_eq(buf_str(&racers[i].key), buf_str(&racers[0].key)));
    }
    for (size_t i = 0; i < COUNT(racers); i++) {
        buf_fini(&racers[i].key);
    }
    EQ(place_clear(&p), 1);
}
