/* Types of files, told from real little files: what is told does not depend on any name. */
#include "media/sniff.h"

#include <pthread.h>
#include <stdlib.h>

#include "test/unit.h"

#define FILE_BYTES_MAX 100000

/* The file must be told to be of that type. */
static void is_of_type(struct str file, const char *want) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(1000);
    SCOPED(sniffer_free) struct sniffer *s = NULL;
    const struct media_type *type = NULL;
    EQ(sniffer_new(&s, &why), OK);
    EQ(sniff(s, file, &type), OK);
    STR_EQ(str_of(type->name), want);
}

/* The file must be a download, without a type that a browser would run. */
static void is_download(struct str file) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(1000);
    SCOPED(sniffer_free) struct sniffer *s = NULL;
    const struct media_type *type = NULL;
    EQ(sniffer_new(&s, &why), OK);
    EQ(sniff(s, file, &type), OK);
    OKAY(!type->is_shown);
    OKAY(str_eq(str_of(type->name), STR_LIT("application/octet-stream")) ||
         str_eq(str_of(type->name), STR_LIT("text/plain")));
}

/* `file`, and behind it zero bytes up to n. */
static struct str padded(struct buf *b, struct str file, size_t n) {
    *b = BUF_INIT(FILE_BYTES_MAX);
    char *room = buf_room(b, n);
    OKAY(room != NULL && file.n <= n);
    memset(room, 0, n);
    memcpy(room, file.p, file.n);
    buf_added(b, n);
    return buf_str(b);
}

static const struct {
    const char *type;
    struct str file;
} told[] = {
    { "image/png", STR_LIT("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
                           "\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\nIDATx\x9c"
                           "c`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xae"
                           "B`\x82") },
    { "image/jpeg",
      STR_LIT("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb") },
    { "image/jpeg", STR_LIT("\xff\xd8\xff\xe1\x00\x10"
                            "Exif\x00\x00MM\x00*\x00\x00\x00\x08") },
    { "image/gif", STR_LIT("GIF89a\x01\x00\x01\x00\x00\x00\x00!\xf9\x04\x00\x00\x00\x00\x00,") },
    { "image/webp", STR_LIT("RIFF$\x00\x00\x00WEBPVP8 \x18\x00\x00\x00"
                            "0\x01\x00\x9d\x01*\x01\x00\x01\x00") },
    { "image/avif", STR_LIT("\x00\x00\x00\x1c"
                            "ftypavif\x00\x00\x00\x00"
                            "avifmif1miaf") },
    { "image/heic", STR_LIT("\x00\x00\x00\x18"
                            "ftypheic\x00\x00\x00\x00mif1heic") },
    { "image/bmp", STR_LIT("BM:\x00\x00\x00\x00\x00\x00\x00"
                           "6\x00\x00\x00("
                           "\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00\x00"
                           "\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                           "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00") },
    { "image/tiff", STR_LIT("II*"
                            "\x00\x08\x00\x00\x00\x01\x00\x00\x01\x03\x00\x01\x00\x00\x00\x01"
                            "\x00\x00\x00\x00\x00\x00\x00") },
    { "audio/wav", STR_LIT("RIFF$\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
                           "D\xac\x00\x00\x88X\x01\x00\x02\x00\x10\x00"
                           "data\x00\x00\x00\x00") },
    { "audio/ogg", STR_LIT("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"
                           "abcd\x00\x00\x00\x00"
                           "crc.\x01\x1e\x01vorbis\x00\x00\x00\x00\x02"
                           "D\xac\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                           "\x00\x00\x00\x00\x00\x00\x00") },
    { "audio/ogg", STR_LIT("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"
                           "abcd\x00\x00\x00\x00"
                           "crc.\x01\x13OpusHead\x01\x02"
                           "8\x01\x80\xbb\x00\x00\x00\x00\x00") },
    { "audio/flac", STR_LIT("fLaC\x00\x00\x00\"\x10\x00\x10\x00\x00\x00\x00\x00\x00\x00\n\xc4"
                            "B\xf0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                            "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00") },
    { "audio/mp4", STR_LIT("\x00\x00\x00\x1c"
                           "ftypM4A \x00\x00\x02\x00M4A isomiso2") },
    { "audio/amr", STR_LIT("#!AMR\n<xxx") },
    { "video/mp4", STR_LIT("\x00\x00\x00\x18"
                           "ftypisom\x00\x00\x02\x00isommp42") },
    { "video/mp4", STR_LIT("\x00\x00\x00\x18"
                           "ftypiso5\x00\x00\x02\x00iso5iso6mp41") },
    { "video/quicktime", STR_LIT("\x00\x00\x00\x14"
                                 "ftypqt  \x00\x00\x02\x00qt  ") },
    { "video/3gpp", STR_LIT("\x00\x00\x00\x18"
                            "ftyp3gp5\x00\x00\x02\x00"
                            "3gp53gp4") },
    { "video/ogg",
      STR_LIT("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"
              "abcd\x00\x00\x00\x00"
              "crc.\x01*"
              "\x80theora\x03\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
              "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00") },
    { "video/x-msvideo", STR_LIT("RIFF$\x00\x00\x00"
                                 "AVI LIST") },
    { "video/x-matroska", STR_LIT("\x1a"
                                  "E\xdf\xa3\xa3"
                                  "B\x86\x81\x01"
                                  "B\xf7\x81\x01"
                                  "B\xf2\x81\x04"
                                  "B\xf3\x81\x08"
                                  "B\x82\x88matroskaB\x87\x81\x04") },
    { "application/pdf", STR_LIT("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj") },
    { "application/gzip", STR_LIT("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03K\x04\x00") },
    { "application/x-7z-compressed", STR_LIT("7z\xbc\xaf'\x1c\x00\x04") },
    { "application/rtf", STR_LIT("{\\rtf1\\ansi hello}") },
    { "text/plain", STR_LIT("hello world\n") },
    { "text/plain", STR_LIT("{\"a\":1}") },
};

TEST(types_are_told_from_the_bytes) {
    for (size_t i = 0; i < COUNT(told); i++) {
        is_of_type(told[i].file, told[i].type);
    }
}

TEST(a_song_is_told_with_and_without_a_tag) {
    SCOPED(buf_fini) struct buf frame = { 0 };
    SCOPED(buf_fini) struct buf tagged = { 0 };
    SCOPED(buf_fini) struct buf adts = { 0 };
    is_of_type(padded(&frame, STR_LIT("\xff\xfb\x90\x64"), 834), "audio/mpeg");
    is_of_type(
        padded(&tagged, STR_LIT("ID3\3\0\0\0\0\0\x0fTIT2\0\0\0\5\0\0\0hell\xff\xfb\x90\x64"), 442),
        "audio/mpeg");
    is_of_type(padded(&adts, STR_LIT("\xff\xf1\x50\x80\x02\x1f\xfc!!!"), 200), "audio/aac");
}

#define WEBM                                                                                       \
    "\x1a"                                                                                         \
    "E\xdf\xa3\x9f"                                                                                \
    "B\x86\x81\x01"                                                                                \
    "B\xf7\x81\x01"                                                                                \
    "B\xf2\x81\x04"                                                                                \
    "B\xf3\x81\x08"                                                                                \
    "B\x82\x84webmB\x87\x81\x04"                                                                   \
    "B\x85\x81\x02\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xff\x16T\xaek\x00"                        \
    ""

TEST(a_recorded_voice_is_no_film) {
    is_of_type(STR_LIT(WEBM "A_OPUS"), "audio/webm");
    is_of_type(STR_LIT(WEBM "A_VORBIS"), "audio/webm");
    is_of_type(STR_LIT(WEBM "V_VP8 A_OPUS"), "video/webm");
    is_of_type(STR_LIT(WEBM "A_OPUS V_MPEG4/ISO/AVC"), "video/webm");
    is_of_type(STR_LIT(WEBM "A_OPUS V_AV1"), "video/webm");
    is_of_type(STR_LIT(WEBM), "video/webm");
    is_of_type(STR_LIT("\x00\x00\x00\x18"
                       "ftypisom\x00\x00\x02\x00isommp42"
                       "\0\0\0\x21hdlr\0\0\0\0\0\0\0\0soun"),
               "audio/mp4");
    is_of_type(STR_LIT("\x00\x00\x00\x18"
                       "ftypisom\x00\x00\x02\x00isommp42"
                       "\0\0\0\x21hdlr\0\0\0\0\0\0\0\0soun hdlr vide"),
               "video/mp4");
}

TEST(an_archive_is_one_and_a_document_is_told) {
    SCOPED(buf_fini) struct buf zip = { 0 };
    is_of_type(padded(&zip,
                      STR_LIT("PK\3\4\x14\0\0\0\x08\0\0\0!\0abcd\5\0\0\0\5\0\0\0\5\0\0\0a.txt"),
                      200),
               "application/zip");
    is_of_type(
        STR_LIT("PK\3\4\x14\0\6\0\x08\0\0\0!\0abcd\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml"
                "PK\3\4\x14\0\6\0\x08\0\0\0!\0abcd\0\0\0\0\0\0\0\0\x0b\0\0\0_rels/.rels"
                "PK\3\4\x14\0\6\0\x08\0\0\0!\0abcd\0\0\0\0\0\0\0\0\x11\0\0\0word/document.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
}

/* ---- what a browser could run */

TEST(what_a_browser_could_run_is_a_download) {
    static const struct str files[] = {
        STR_LIT("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"),
        STR_LIT("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        STR_LIT("<!-- hello -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        STR_LIT("<?xml version=\"1.0\"?><a/>"),
        STR_LIT(
            "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><script/></html>"),
        STR_LIT("<!DOCTYPE html><html><body><script>alert(1)</script>"),
        STR_LIT("\n\n   \t <html><body><script>alert(1)</script>"),
        STR_LIT("\xef\xbb\xbf<html><body><script>alert(1)</script>"),
        STR_LIT("\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00<\x00s\x00"
                "c\x00r\x00i\x00p\x00t\x00>\x00"),
        STR_LIT("<script>alert(1)</script>"),
        STR_LIT("<img src=x onerror=alert(1)>"),
        STR_LIT("function a(){return 1}\nvar x=1; alert(x);\n"),
        STR_LIT("\"use strict\"; import x from \"./y.js\"; console.log(1)"),
        STR_LIT("<xsl:stylesheet version=\"1.0\">"),
        STR_LIT("CWS\t\x10\x00\x00\x00x\x9c"),
        STR_LIT("#!/bin/sh\necho"),
        STR_LIT("<?php echo 1;"),
        STR_LIT("%!PS-Adobe-3.0\n"),
        STR_LIT("MZ\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00@"
                "\x00\x00\x00PE\x00\x00"),
        STR_LIT("MIME-Version: 1.0\nContent-Type: multipart/related; boundary=\"x\"\n\n"),
        STR_LIT("body { color: red }\n"),
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        is_download(files[i]);
    }
}

TEST(markup_far_behind_white_space_is_a_download) {
    static const struct str marks[] = { STR_LIT("<html><script>alert(1)</script>"),
                                        STR_LIT("<svg onload=alert(1)>") };
    for (size_t i = 0; i < COUNT(marks); i++) {
        SCOPED(buf_fini) struct buf file = BUF_INIT(FILE_BYTES_MAX);
        while (file.n < 10000) {
            buf_put_char(&file, ' ');
        }
        buf_put_str(&file, marks[i]);
        is_download(buf_str(&file));
    }
}

TEST(a_picture_that_is_also_a_script_is_a_picture) {
    is_of_type(STR_LIT("GIF89a/*<script>alert(1)</script>*/=1;"), "image/gif");
    is_of_type(STR_LIT("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff"
                       "\xdb<html><script>alert(1)</script>"),
               "image/jpeg");
}

TEST(what_is_unknown_is_a_stream_of_bytes) {
    SCOPED(buf_fini) struct buf zeros = { 0 };
    SCOPED(buf_fini) struct buf noise = BUF_INIT(FILE_BYTES_MAX);
    is_of_type(padded(&zeros, STR_LIT(""), 3 * SNIFF_BYTES_MAX / 2), "application/octet-stream");
    for (size_t i = 0; i < 400; i++) {
        buf_put_char(&noise, (char)((i * 167 + 13) % 251));
    }
    is_of_type(buf_str(&noise), "application/octet-stream");
    is_of_type(STR_LIT("\x00"), "application/octet-stream");
}

TEST(an_empty_file_is_none) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(1000);
    SCOPED(sniffer_free) struct sniffer *s = NULL;
    const struct media_type *type = NULL;
    EQ(sniffer_new(&s, &why), OK);
    EQ(sniff(s, STR_LIT(""), &type), ERR_PROTO);
    EQ(sniff(s, STR_NONE, &type), ERR_PROTO);
    OKAY(type == NULL);
    sniffer_free(&s);
    sniffer_free(&s);
}

TEST(a_machine_without_libmagics_tables_is_told_which_package_has_them) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(1000);
    struct sniffer *s = NULL;
    EQ(setenv("MAGIC", "/nonexistent/magic", 1), 0);
    enum err err = sniffer_new(&s, &why);
    EQ(unsetenv("MAGIC"), 0);
    EQ(err, ERR_IO);
    OKAY(s == NULL);
    OKAY(memmem(why.p, why.n, "libmagic-mgc", 12) != NULL);
}

/* ---- threads */

struct job {
    struct sniffer *sniffer;
    struct str file;
    const char *want;
    size_t right;
};

#define TIMES 200

static void *sniff_often(void *arg) {
    struct job *job = arg;
    for (size_t i = 0; i < TIMES; i++) {
        const struct media_type *type = NULL;
        job->right += sniff(job->sniffer, job->file, &type) == OK &&
                      str_eq(str_of(type->name), str_of(job->want));
    }
    return NULL;
}

TEST(threads_share_one_sniffer) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(1000);
    SCOPED(sniffer_free) struct sniffer *s = NULL;
    EQ(sniffer_new(&s, &why), OK);
    struct job jobs[] = {
        { s, STR_LIT("<html><script>"), "application/octet-stream", 0 },
        { s, STR_LIT("GIF89a\x01\x00\x01\x00\x00\x00\x00!\xf9\x04\x00\x00\x00\x00\x00,"),
          "image/gif", 0 },
        { s, STR_LIT("hello"), "text/plain", 0 },
    };
    pthread_t threads[COUNT(jobs)];
    for (size_t i = 0; i < COUNT(jobs); i++) {
        EQ(pthread_create(&threads[i], NULL, sniff_often, &jobs[i]), 0);
    }
    for (size_t i = 0; i < COUNT(jobs); i++) {
        EQ(pthread_join(threads[i], NULL), 0);
        EQ(jobs[i].right, TIMES);
    }
}
