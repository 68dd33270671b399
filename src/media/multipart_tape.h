/* For tests and fuzz targets: feeds a form in pieces and writes down what comes out.
 *
 *     file name=[file] filename=[a.jpg] type=[image/jpeg]
 *     abc
 *     end
 *     OK, or the failure's sentence */
#ifndef PARLOIR_MEDIA_MULTIPART_TAPE_H
#define PARLOIR_MEDIA_MULTIPART_TAPE_H

#include "media/multipart.h"

/* Feeds `body`, `cut` bytes at a time, to a parser for this Content-Type; appends to `log`. Returns
 * what multipart_new or multipart_end said. */
enum err multipart_tape(struct str content_type, struct str body, size_t cut, struct buf *log)
    MUST_USE;

#endif
