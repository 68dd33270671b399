/* The types of files that get a name and a type of their own; any other is
 * application/octet-stream.
 *
 *   is_shown   a browser may show or play it where it stands. This is the list of what is allowed:
 *              nothing in it can hold a script. What could (HTML, SVG, XML, JavaScript, PDF, Flash)
 *              is false, or not here at all.
 *   extension  belongs to one row only: the name of a stored file says its type. */

/*         type                          extension  kind         is_shown */
MEDIA_TYPE("image/jpeg", "jpg", MEDIA_IMAGE, true)
MEDIA_TYPE("image/png", "png", MEDIA_IMAGE, true)
MEDIA_TYPE("image/gif", "gif", MEDIA_IMAGE, true)
MEDIA_TYPE("image/webp", "webp", MEDIA_IMAGE, true)
MEDIA_TYPE("image/avif", "avif", MEDIA_IMAGE, true)
MEDIA_TYPE("image/bmp", "bmp", MEDIA_IMAGE, true)
MEDIA_TYPE("image/heic", "heic", MEDIA_IMAGE, false)
MEDIA_TYPE("image/tiff", "tiff", MEDIA_IMAGE, false)
MEDIA_TYPE("audio/mpeg", "mp3", MEDIA_AUDIO, true)
MEDIA_TYPE("audio/ogg", "ogg", MEDIA_AUDIO, true)
MEDIA_TYPE("audio/wav", "wav", MEDIA_AUDIO, true)
MEDIA_TYPE("audio/mp4", "m4a", MEDIA_AUDIO, true)
MEDIA_TYPE("audio/aac", "aac", MEDIA_AUDIO, true)
MEDIA_TYPE("audio/flac", "flac", MEDIA_AUDIO, true)
MEDIA_TYPE("audio/webm", "weba", MEDIA_AUDIO, true)
MEDIA_TYPE("audio/amr", "amr", MEDIA_AUDIO, false)
MEDIA_TYPE("audio/aiff", "aiff", MEDIA_AUDIO, false)
MEDIA_TYPE("audio/midi", "mid", MEDIA_AUDIO, false)
MEDIA_TYPE("video/mp4", "mp4", MEDIA_VIDEO, true)
MEDIA_TYPE("video/webm", "webm", MEDIA_VIDEO, true)
MEDIA_TYPE("video/ogg", "ogv", MEDIA_VIDEO, true)
MEDIA_TYPE("video/quicktime", "mov", MEDIA_VIDEO, false)
MEDIA_TYPE("video/3gpp", "3gp", MEDIA_VIDEO, false)
MEDIA_TYPE("video/x-matroska", "mkv", MEDIA_VIDEO, false)
MEDIA_TYPE("video/x-msvideo", "avi", MEDIA_VIDEO, false)
MEDIA_TYPE("application/pdf", "pdf", MEDIA_FILE, false)
MEDIA_TYPE("application/zip", "zip", MEDIA_FILE, false)
MEDIA_TYPE("application/gzip", "gz", MEDIA_FILE, false)
MEDIA_TYPE("application/x-7z-compressed", "7z", MEDIA_FILE, false)
MEDIA_TYPE("application/rtf", "rtf", MEDIA_FILE, false)
MEDIA_TYPE("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx",
           MEDIA_FILE, false)
MEDIA_TYPE("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", MEDIA_FILE,
           false)
MEDIA_TYPE("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx",
           MEDIA_FILE, false)
MEDIA_TYPE("application/vnd.oasis.opendocument.text", "odt", MEDIA_FILE, false)
MEDIA_TYPE("application/vnd.oasis.opendocument.spreadsheet", "ods", MEDIA_FILE, false)
MEDIA_TYPE("application/vnd.oasis.opendocument.presentation", "odp", MEDIA_FILE, false)
MEDIA_TYPE("text/plain", "txt", MEDIA_FILE, false)
MEDIA_TYPE("application/octet-stream", "bin", MEDIA_FILE, false)

/*          what libmagic calls it       its row */
MEDIA_ALIAS("audio/x-wav", "audio/wav")
MEDIA_ALIAS("audio/vnd.wave", "audio/wav")
MEDIA_ALIAS("audio/x-m4a", "audio/mp4")
MEDIA_ALIAS("audio/x-hx-aac-adts", "audio/aac")
MEDIA_ALIAS("audio/x-hx-aac-adif", "audio/aac")
MEDIA_ALIAS("audio/x-flac", "audio/flac")
MEDIA_ALIAS("audio/x-aiff", "audio/aiff")
MEDIA_ALIAS("audio/mp3", "audio/mpeg")
MEDIA_ALIAS("audio/x-mp4a-latm", "audio/mp4")
MEDIA_ALIAS("image/x-ms-bmp", "image/bmp")
MEDIA_ALIAS("image/heif", "image/heic")
MEDIA_ALIAS("video/x-m4v", "video/mp4")
MEDIA_ALIAS("application/x-gzip", "application/gzip")
MEDIA_ALIAS("text/rtf", "application/rtf")
