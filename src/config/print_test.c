/* What is printed from the table, and that the files made from it are current.
 *
 *     PARLOIR_WRITE_GENERATED=1 build/.../config_print_test
 *
 * writes etc/parloir.conf and man/parloir.conf.5 anew after a change of config.tbl.h. */
#include "config/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test/unit.h"

static bool contains(const struct buf *b, const char *piece) {
    return memmem(b->p, b->n, piece, strlen(piece)) != NULL;
}

/* Goes up from where we are, then from where this file was compiled, to the top of the
 * repository. */
static void find_root(char *out, size_t size) {
    static const char here[] = __FILE__;
    static const char tail[] = "src/config/print_test.c";
    snprintf(out, size, ".");
    for (int i = 0; i < 6; i++) {
        char probe[4200];
        snprintf(probe, sizeof probe, "%s/src/config/config.tbl.h", out);
        if (access(probe, R_OK) == 0) {
            return;
        }
        strncat(out, "/..", size - strlen(out) - 1);
    }
    OKAY(sizeof here >= sizeof tail);
    snprintf(out, size, "%.*s.", (int)(sizeof here - sizeof tail), here);
}

static void check_generated(const char *name, const struct buf *want) {
    char root[4096];
    char path[4200];
    find_root(root, sizeof root);
    snprintf(path, sizeof path, "%s/%s", root, name);
    if (getenv("PARLOIR_WRITE_GENERATED") != NULL) {
        FILE *file = fopen(path, "w");
        OKAY(file != NULL && fwrite(want->p, 1, want->n, file) == want->n && fclose(file) == 0);
    }
    FILE *file = fopen(path, "r");
    OKAY(file != NULL);
    char *text = xalloc(want->n + 2);
    size_t n = fread(text, 1, want->n + 2, file);
    fclose(file);
    bool is_current = n == want->n && memcmp(text, want->p, n) == 0;
    xfree(text);
    if (!is_current) {
        print_error("%s is not what src/config/config.tbl.h says: run this test with "
                    "PARLOIR_WRITE_GENERATED=1\n",
                    name);
    }
    OKAY(is_current);
}

TEST(the_sample_file_is_current) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    config_put_sample(&b);
    OKAY(buf_ok(&b));
    check_generated("etc/parloir.conf", &b);
}

TEST(the_man_page_is_current) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    config_put_man(&b);
    OKAY(buf_ok(&b));
    check_generated("man/parloir.conf.5", &b);
}

/* Takes the # off every line that has an option, and gives `text` back terminated. */
static void uncomment(struct buf *b, struct buf *text) {
    struct str rest = buf_str(b);
    while (rest.p != NULL) {
        struct str line = str_cut(&rest, '\n');
        if (line.n > 1 && line.p[0] == '#' && line.p[1] != ' ') {
            line.p++;
            line.n--;
        }
        buf_put_str(text, line);
        buf_put_char(text, '\n');
    }
    buf_put_char(text, '\0');
}

TEST(the_sample_with_every_comment_taken_off_is_the_defaults) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    SCOPED(buf_fini) struct buf text = BUF_INIT(1 << 20);
    SCOPED(buf_fini) struct buf why = BUF_INIT(1024);
    config_put_sample(&b);
    uncomment(&b, &text);
    struct config *plain = NULL;
    struct config *sample = NULL;
    EQ(config_load(&(struct config_sources){ 0 }, &plain, &why), OK);
    EQ(config_load(&(struct config_sources){ .file = "s", .file_text = text.p }, &sample, &why),
       OK);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        OKAY(option_is_same(&options[i], plain, sample));
    }
    config_free(&plain);
    config_free(&sample);

    /* And it has them all: a default changed in the sample shows. */
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        count += options[i].when != WHEN_HIDDEN;
    }
    size_t lines = 0;
    struct str rest = buf_str(&b);
    while (rest.p != NULL) {
        struct str line = str_cut(&rest, '\n');
        lines += line.n > 1 && line.p[0] == '#' && line.p[1] != ' ';
    }
    EQ(lines, count);
}

TEST(everything_printed_names_every_option_but_the_hidden) {
    void (*const puts[])(struct buf * out) = { config_put_help, config_put_man };
    for (size_t p = 0; p < COUNT(puts); p++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
        puts[p](&b);
        OKAY(buf_ok(&b));
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            EQ(contains(&b, options[i].name), options[i].when != WHEN_HIDDEN);
        }
    }
}

TEST(a_field_is_its_options_name_with_underscores) {
    static const char *const fields[] = {
#define OPT(field, name, kind, bounds, def, alias, when, help) #field,
#include "config/config.tbl.h"
#undef OPT
    };
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *field = fields[i];
        const char *name = options[i].name;
        EQ(strlen(field), strlen(name));
        for (size_t k = 0; name[k] != '\0'; k++) {
            EQ(field[k], name[k] == '.' ? '_' : name[k]);
        }
    }
}

TEST(the_table_is_in_order) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];
        size_t n = strlen(o->help);
        OKAY(option_find(str_of(o->name)) == o);    // no name twice
        OKAY(n > 10 && o->help[n - 1] == '.');
        EQ(o->kind == KIND_CHOICE, o->bounds.words != NULL);
        /* A section's options stand together. */
        size_t section = strcspn(o->name, ".") + 1;
        for (size_t k = i + 2; k < OPTION_COUNT; k++) {
            if (strncmp(options[k].name, o->name, section) == 0) {
                EQ(strncmp(options[k - 1].name, o->name, section), 0);
            }
        }
    }
}
