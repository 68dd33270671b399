/* Every limit of the chat itself, with its unit. What an operator may change is in
 * config/config.tbl.h and reaches the core through struct core_limits. */
#ifndef PARLOIR_CORE_LIMITS_H
#define PARLOIR_CORE_LIMITS_H

#define USERNAME_CHARS_MAX 32
#define USERNAME_BYTES_MAX (4 * USERNAME_CHARS_MAX)
#define ROOM_NAME_CHARS_MAX 64
#define ROOM_NAME_BYTES_MAX (4 * ROOM_NAME_CHARS_MAX)
#define MESSAGE_CHARS_DEFAULT 4000
#define MESSAGE_CHARS_MAX                                                                          \
    100000    // the most limits.message_chars may be, and what may be imported
#define CLIENT_ID_CHARS_MAX 64
#define UPLOADS_PATH "/uploads/"    // where our own media are, before their names
#define MEDIA_URL_BYTES_MAX 2048
#define UPLOAD_NAME_BYTES_MAX 128       // behind /uploads/
#define UPLOAD_WEIGHT_BYTES_MIN 4096    // in a quota: the smallest file costs a block and an inode
#define MEDIA_TYPE_BYTES_MAX 127        // RFC 6838 section 4.2
#define MEDIA_DURATION_MS_MAX (24u * 3600 * 1000)    // of a recording
#define REACTION_CHARS_MAX 16                        // of one emoji, with all that joins it
#define REACTION_KINDS_MAX 20                        // different emojis under one message
#define MENTIONS_MAX 20                              // people one message may call; more are text
#define SEARCH_CHARS_MAX 200                         // of what is looked for
#define OFFSET_MAX ID_MAX                            // messages a history may leave out
#define PARTS_MAX 100                                // commands of one batch
#define RESUME_CHANGES_MAX 200                       // changes one answer brings back
#define JOINS_BURST 1000                             // rooms a user may come into at once,
#define JOINS_PER_SECOND 10                          // and so many more each second
#define REF_BYTES_MAX 256                            // a request's own id, repeated in its answer
#define MOBILE_BYTES_MAX 16                          // "+" and 15 digits, E.164
#define LABEL_CHARS_MAX 64                           // an API token's label
#define HISTORY_LIMIT_MAX 200                        // messages a history answer
#define HISTORY_LIMIT_DEFAULT 50
#define SESSIONS_PER_USER_DEFAULT 10
#define FOLLOWS_PER_SESSION_DEFAULT 1000    // rooms one connection follows
#define RETURN_WITHIN_S 60                  // a user who comes back sooner has reconnected
#define NOTICE_EVERY_MS 1000     // typing, reading on: per user and room; the surplus is not told
#define TYPING_LASTS_MS 10000    // somebody who does not say that he stopped
#define BLOCK_MS_DEFAULT (24u * 3600 * 1000)    // of a block
#define BLOCK_MS_MAX (UINT64_C(10) * 366 * 24 * 3600 * 1000)
#define ALONE_SILENT_MS 60000         // a session that is to be alone gives way after such silence
#define AUDIT_ROWS_MAX 100000         // what was decided that the store remembers
#define DECISION_CHARS_MAX 64         // what more it has to say: a label, a room's name
#define CHANGES_PAGE_MAX 32           // changes one answer hands out
#define CHANGES_BYTES_MAX 65536       // of their contents together; one change comes in any case
#define CHANGES_REMAINING_MAX 1000    // are told of: that many, or more
#define CHANGES_WAITING_MAX (CHANGES_REMAINING_MAX + CHANGES_PAGE_MAX)    // are counted, so that
// what is told stays true while a page is handed out
#define DETAIL_BYTES_MAX 200    // what a refusal says about the input

#endif
