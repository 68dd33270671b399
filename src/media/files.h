/* Uploads on the disk: taken in, synced, named, opened, removed.
 *
 *     <data>/uploads/incoming/5f1c…       on its way in; a sweep takes what a crash left
 *     <data>/uploads/images/5f1c….jpg     whole, synced, and never changed afterwards
 *                    audio/  video/  files/
 *
 * A file's relative name, "images/5f1c….jpg", is 128 random bits and the extension of its type:
 * nobody can guess one, it says how to serve the file, and nothing in it comes from a stranger.
 * Directories are 0700, files 0600.
 *
 *     begin ──> append* ──> finish ──> the name       free ends it anywhere, and removes the file
 *                                                     unless it is finished
 *
 * Thread   every function blocks on the disk: run them on the thread pool. A struct media_files may
 *          be used by any number of threads at once, an upload by one at a time.
 * Memory   nothing of a file is kept. Each upload under way has one descriptor.
 * Bound    each upload's own; and the disk keeps spare_bytes free. */
#ifndef PARLOIR_MEDIA_FILES_H
#define PARLOIR_MEDIA_FILES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "media/types.h"

#define MEDIA_NAME_BYTES_MAX 64

struct media_files;
struct media_upload;

/* Opens <data>/uploads, made if it is not there, and libmagic. The disk is to keep `spare_bytes`
 * free.
 * ERR_IO: it cannot; `why` is a sentence. */
enum err media_files_open(const char *data, uint64_t spare_bytes, struct media_files **out,
                          struct buf *why) MUST_USE;

/* Closes it when no upload is left, and sets *f to NULL. A NULL *f is fine. */
void media_files_free(struct media_files **f);

/* ---- coming in */

/* Begins an owned upload of at most bytes_max bytes, of which `expected` are announced (0:
 * unknown).
 * ERR_TOO_BIG  more is announced than that.
 * ERR_FULL     the disk has no room for it, or no descriptor is left.
 * ERR_IO       the disk failed. */
enum err media_upload_begin(struct media_files *f, uint64_t bytes_max, uint64_t expected,
                            struct media_upload **out) MUST_USE;

/* Writes the next bytes. After a failure only media_upload_free is of use.
 * ERR_TOO_BIG  more than bytes_max; nothing of `bytes` was written.
 * ERR_FULL     the disk has no room.
 * ERR_IO       the disk failed. */
enum err media_upload_append(struct media_upload *u, struct str bytes) MUST_USE;

/* A file that is whole and will survive a power cut. */
struct media_saved {
    char name[MEDIA_NAME_BYTES_MAX];    // relative, terminated: "images/5f1c….jpg"
    const struct media_type *type;
    uint64_t bytes;
};

/* Syncs the file, finds its type, gives it its name and syncs that. To be called once.
 * ERR_PROTO  it has no bytes.
 * ERR_FULL   the disk has no room.
 * ERR_IO     the disk failed. */
enum err media_upload_finish(struct media_upload *u, struct media_saved *out) MUST_USE;

/* Frees the upload and sets *u to NULL; removes its file unless it is finished. A NULL *u is
 * fine. */
void media_upload_free(struct media_upload **u);

/* ---- being there */

/* The type of a file of this relative name; NULL: it is no name that we give. Asks no disk, may be
 * called from a loop. What is escaped ("%2e") is not undone: our names need no escapes. */
const struct media_type *media_name_type(struct str name);

/* A file opened for reading. */
struct media_file {
    int fd;    // owned: media_file_close
    uint64_t bytes;
    uint64_t modified_ms;    // since 1970
    const struct media_type *type;
};

#define MEDIA_FILE_NONE ((struct media_file){ .fd = -1 })

/* Opens a file by its relative name. ERR_NOT_FOUND: there is none, or it is no name that we give,
 * or no plain file. ERR_FULL: no descriptor is left. ERR_IO: the disk failed. */
enum err media_file_open(struct media_files *f, struct str name, struct media_file *out) MUST_USE;

/* Reads up to n bytes from byte `at` on; *got is less only at the end of the file. ERR_IO: the disk
 * failed. */
enum err media_file_read(const struct media_file *file, uint64_t at, void *p, size_t n, size_t *got)
    MUST_USE;

/* Closes it; it is MEDIA_FILE_NONE then, of which closing does nothing. */
void media_file_close(struct media_file *file);

/* Removes a file. ERR_NOT_FOUND: as media_file_open. ERR_IO: the disk failed. */
enum err media_file_remove(struct media_files *f, struct str name) MUST_USE;

/* ---- sweeping */

/* Removes what crashes left in incoming/: files last written to before `before_ms` (since 1970).
 * Choose it longer ago than any upload may pause. *removed: how many. ERR_IO: not all could be
 * looked at. */
enum err media_files_sweep(struct media_files *f, uint64_t before_ms, size_t *removed) MUST_USE;

/* Calls `each` with every file older than `before_ms`, in no order, until it returns false: whoever
 * asks compares with what he knows, and removes what nobody knows. Files whose name is none of ours
 * are left out. Removing the file it is called with is fine. ERR_IO: not all could be looked at. */
enum err media_files_each(struct media_files *f, uint64_t before_ms,
                          bool (*each)(void *ctx, struct str name), void *ctx) MUST_USE;

#endif
