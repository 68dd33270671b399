/* The type of a file, by libmagic.
 *
 * Its parsers read what a stranger wrote: those that unpack archives or follow long chains inside a
 * file are off, since no type of ours needs them, and the others are bounded. */
#include "media/sniff.h"

#include <errno.h>
#include <magic.h>
#include <pthread.h>

#define FLAGS                                                                                      \
    (MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF |         \
     MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_APPTYPE | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_JSON |   \
     MAGIC_NO_CHECK_CSV)

struct sniffer {
    pthread_mutex_t lock;
    magic_t magic;    // under the lock
};

enum err sniffer_new(struct sniffer **out, struct buf *why) {
    magic_t magic = magic_open(FLAGS);
    if (magic == NULL) {
        buf_printf(why, "cannot start libmagic: %s", strerror(errno));
        return ERR_IO;
    }
    if (magic_load(magic, NULL) != 0) {
        const char *said = magic_error(magic);
        buf_printf(why, "cannot load libmagic's tables (package libmagic-mgc): %s",
                   said == NULL ? "no reason given" : said);
        magic_close(magic);
        return ERR_IO;
    }
    struct sniffer *s = xzalloc(sizeof *s);
    s->magic = magic;
    CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
    *out = s;
    return OK;
}

void sniffer_free(struct sniffer **s) {
    if (*s != NULL) {
        magic_close((*s)->magic);
        pthread_mutex_destroy(&(*s)->lock);
        xfree(*s);
        *s = NULL;
    }
}

/* A voice message that a browser recorded is a WebM or MP4 file like any film; that it has sound
 * and no picture is written near its beginning: the names of codecs in one, of handlers in the
 * other. */
static const struct {
    const char *video;
    const char *audio;
    struct str sounds[2];
    struct str pictures[3];
} sounding[] = {
    { "video/webm",
      "audio/webm",
      { STR_LIT("A_OPUS"), STR_LIT("A_VORBIS") },
      { STR_LIT("V_VP"), STR_LIT("V_AV1"), STR_LIT("V_MPEG") } },
    { "video/mp4", "audio/mp4", { STR_LIT("soun") }, { STR_LIT("vide") } },
};

static bool has_one_of(struct str head, const struct str *words, size_t count) {
    for (size_t i = 0; i < count && words[i].n > 0; i++) {
        if (memmem(head.p, head.n, words[i].p, words[i].n) != NULL) {
            return true;
        }
    }
    return false;
}

static struct str without_picture(struct str name, struct str head) {
    for (size_t i = 0; i < COUNT(sounding); i++) {
        if (str_eq(name, str_of(sounding[i].video)) &&
            has_one_of(head, sounding[i].sounds, COUNT(sounding[i].sounds)) &&
            !has_one_of(head, sounding[i].pictures, COUNT(sounding[i].pictures))) {
            return str_of(sounding[i].audio);
        }
    }
    return name;
}

enum err sniff(struct sniffer *s, struct str head, const struct media_type **out) {
    if (head.n == 0) {
        return ERR_PROTO;
    }
    head.n = MIN(head.n, (size_t)SNIFF_BYTES_MAX);
    CHECK(pthread_mutex_lock(&s->lock) == 0);
    const char *name = magic_buffer(s->magic, head.p, head.n);    // NULL: it could not tell
    *out = media_type_named(without_picture(str_of(name), head));
    CHECK(pthread_mutex_unlock(&s->lock) == 0);
    return OK;
}
