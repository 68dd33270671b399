/* Who may do what: one row an operation, one column a kind of caller. Every cell is played twice, at
 * the address of the hub and at that of the envelope; the operator's once.
 *
 *   OPERATION(name, asked, text,  anonymous, banned, stranger, joined, member, author, admin,
 *             blocked, pro, operator)
 *
 *   name      a type of either dialect, or, of what no type becomes, a command of
 *             core/commands.tbl.h
 *   asked     HUB, ENVELOPE: as a frame of that one   CORE: as a dialect that has a word for it
 *             RENEW: as a frame with a token that has these claims
 *   text      the frame or command; "$said", "$told", "$wrote" are messages by ann: in the room
 *             general, in the private room secret, and to bob (2). There is no user 99
 *
 *   anonymous  no token               banned   let in once, then banned
 *   stranger   has joined nothing     joined   has joined general
 *   member     belongs to secret      author   ann, who belongs to secret and wrote the messages
 *   admin      has that role, belongs to nothing   pro   the same
 *   blocked    a stranger whose words are kept from bob
 *   operator   at the control socket, where everything is a command
 * The answers are in authorization.c, in the words of either dialect. The author has joined general,
 * whoever else has only what stands here. */
#define FLAT(type, rest) "{\"type\":\"" type "\"" rest "}"
#define JOIN(room) FLAT("join", ",\"room\":\"" room "\"")
#define SAY(room) FLAT("message", ",\"room\":\"" room "\",\"content\":\"x\"")
#define READ(room) FLAT("room_history", ",\"room\":\"" room "\"")
#define LEAVE(room) FLAT("leave", ",\"room\":\"" room "\"")
#define TYPING(room) FLAT("typing", ",\"room\":\"" room "\"")
#define WRAP(type, data) "{\"type\":\"" type "\",\"data\":{" data "}}"
#define IN(room) "\"room\":\"" room "\""
#define TO(user) "\"to_user_id\":" user
#define WITH(user) "\"with_user\":" user
#define OF(place) "," place
#define TEXT ",\"content\":\"x\""
#define ID ",\"client_id\":\"c\""
#define UNDER(message) ",\"message_type\":\"reaction\",\"content\":\"👍\",\"reply_to\":\"" message "\""
#define REPLY(message) TEXT ",\"reply_to\":\"" message "\""
#define ITS(message) "\"message_id\":\"" message "\""
#define THIS(message) "," ITS(message)
#define SINCE ",\"after_seq\":1"
#define FOR(query) "\"query\":\"" query "\""
#define BATCH_OF(a, b) "\"messages\":[" a "," b "]"
#define CMD(rest) "{\"cmd\":" rest "}"

/* ---- the hub's types, flat                        anon.   banned  stranger    joined      member      author      admin       blocked     pro         operator */
OPERATION(join, HUB, JOIN("general"),                    DOOR,   BANNED, JOINED,     JOINED,     JOINED,     JOINED,     JOINED,     JOINED,     JOINED,     NO_TYPE)
OPERATION(join, HUB, JOIN("secret"),                     DOOR,   BANNED, NO_ROOM,    NO_ROOM,    JOINED,     JOINED,     NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(join, HUB, JOIN("nowhere"),                    DOOR,   BANNED, NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(message, HUB, SAY("general"),                  DOOR,   BANNED, HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      NO_TYPE)
OPERATION(message, HUB, SAY("secret"),                   DOOR,   BANNED, NO_ROOM,    NO_ROOM,    HEARD,      HEARD,      NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(room_history, HUB, READ("general"),            DOOR,   BANNED, SAID,       SAID,       SAID,       SAID,       SAID,       SAID,       SAID,       NO_TYPE)
OPERATION(room_history, HUB, READ("secret"),             DOOR,   BANNED, NO_ROOM,    NO_ROOM,    TOLD,       TOLD,       NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(leave, HUB, LEAVE("general"),                  DOOR,   BANNED, LEFT,       LEFT,       LEFT,       LEFT,       LEFT,       LEFT,       LEFT,       NO_TYPE)
OPERATION(leave, HUB, LEAVE("secret"),                   DOOR,   BANNED, NO_ROOM,    NO_ROOM,    LEFT,       LEFT,       NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(typing, HUB, TYPING("general"),                DOOR,   BANNED, JOIN_IT,    SILENT,     JOIN_IT,    SILENT,     JOIN_IT,    JOIN_IT,    JOIN_IT,    NO_TYPE)
OPERATION(typing, HUB, TYPING("secret"),                 DOOR,   BANNED, NO_ROOM,    NO_ROOM,    JOIN_IT,    JOIN_IT,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(dm, HUB, FLAT("dm", ",\"to\":2,\"content\":\"x\",\"id\":1"),
                                                         DOOR,   BANNED, SENT,       SENT,       SENT,       SENT,       SENT,       BLOCKED,    SENT,       NO_TYPE)
OPERATION(dm, HUB, FLAT("dm", ",\"to\":99,\"content\":\"x\""),
                                                         DOOR,   BANNED, NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_TYPE)
OPERATION(dm_history, HUB, FLAT("dm_history", ",\"with\":2"),
                                                         DOOR,   BANNED, EMPTY,      EMPTY,      EMPTY,      WROTE,      EMPTY,      EMPTY,      EMPTY,      NO_TYPE)
OPERATION(ping, HUB, FLAT("ping", ""),                   DOOR,   BANNED, PONG,       PONG,       PONG,       PONG,       PONG,       PONG,       PONG,       NO_TYPE)

/* ---- the envelope's types, wrapped */
OPERATION(join_room, ENVELOPE, WRAP("join_room", IN("general")),
                                                         DOOR,   BANNED, JOINED,     JOINED,     JOINED,     JOINED,     JOINED,     JOINED,     JOINED,     NO_TYPE)
OPERATION(join_room, ENVELOPE, WRAP("join_room", IN("secret")),
                                                         DOOR,   BANNED, NO_JOIN,    NO_JOIN,    JOINED,     JOINED,     NO_JOIN,    NO_JOIN,    NO_JOIN,    NO_TYPE)
OPERATION(join_room, ENVELOPE, WRAP("join_room", IN("nowhere")),
                                                         DOOR,   BANNED, NO_JOIN,    NO_JOIN,    NO_JOIN,    NO_JOIN,    NO_JOIN,    NO_JOIN,    NO_JOIN,    NO_TYPE)
OPERATION(leave_room, ENVELOPE, WRAP("leave_room", IN("general")),
                                                         DOOR,   BANNED, LEFT,       LEFT,       LEFT,       LEFT,       LEFT,       LEFT,       LEFT,       NO_TYPE)
OPERATION(leave_room, ENVELOPE, WRAP("leave_room", IN("secret")),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    LEFT,       LEFT,       NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(room_message, ENVELOPE, WRAP("room_message", IN("general") TEXT),
                                                         DOOR,   BANNED, HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      NO_TYPE)
OPERATION(room_message, ENVELOPE, WRAP("room_message", IN("secret") TEXT),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    HEARD,      HEARD,      NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(room_message, ENVELOPE, WRAP("room_message", IN("general") UNDER("$said")),
                                                         DOOR,   BANNED, HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      NO_TYPE)
OPERATION(room_message, ENVELOPE, WRAP("room_message", IN("general") UNDER("$told")),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(room_message, ENVELOPE, WRAP("room_message", IN("secret") UNDER("$told")),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    HEARD,      HEARD,      NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(room_message, ENVELOPE, WRAP("room_message", IN("general") REPLY("$told")),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(direct_message, ENVELOPE, WRAP("direct_message", TO("2") TEXT ID),
                                                         DOOR,   BANNED, SENT,       SENT,       SENT,       SENT,       SENT,       BLOCKED,    SENT,       NO_TYPE)
OPERATION(direct_message, ENVELOPE, WRAP("direct_message", TO("99") TEXT),
                                                         DOOR,   BANNED, NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_TYPE)
OPERATION(direct_message, ENVELOPE, WRAP("direct_message", TO("2") UNDER("$wrote") ID),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     SENT,       NO_MSG,     BLOCKED,    NO_MSG,     NO_TYPE)
OPERATION(direct_message, ENVELOPE, WRAP("direct_message", TO("2") UNDER("$said")),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     BLOCKED,    NO_MSG,     NO_TYPE)
OPERATION(room_history, ENVELOPE, WRAP("room_history", IN("general")),
                                                         DOOR,   BANNED, SAID,       SAID,       SAID,       SAID,       SAID,       SAID,       SAID,       NO_TYPE)
OPERATION(room_history, ENVELOPE, WRAP("room_history", IN("secret")),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    TOLD,       TOLD,       NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(dm_history, ENVELOPE, WRAP("dm_history", WITH("2")),
                                                         DOOR,   BANNED, EMPTY,      EMPTY,      EMPTY,      WROTE,      EMPTY,      EMPTY,      EMPTY,      NO_TYPE)
OPERATION(dm_history, ENVELOPE, WRAP("dm_history", WITH("99")),
                                                         DOOR,   BANNED, NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_TYPE)
OPERATION(message_batch, ENVELOPE, WRAP("message_batch", BATCH_OF(WRAP("ping", ""), WRAP("room_history", IN("secret")))),
                                                         DOOR,   BANNED, DONE_NOT,   DONE_NOT,   DONE_TOLD,  DONE_TOLD,  DONE_NOT,   DONE_NOT,   DONE_NOT,   NO_TYPE)
OPERATION(ping, ENVELOPE, WRAP("ping", ""),              DOOR,   BANNED, PONG,       PONG,       PONG,       PONG,       PONG,       PONG,       PONG,       NO_TYPE)
OPERATION(auth, RENEW, "",                               DOOR,   BANNED, RENEWED,    RENEWED,    RENEWED,    RENEWED,    RENEWED,    RENEWED,    RENEWED,    NO_TYPE)
OPERATION(auth, RENEW, "{\"user_id\":2,\"username\":\"bob\"}",
                                                         DOOR,   BANNED, NOT_YOURS,  NOT_YOURS,  NOT_YOURS,  NOT_YOURS,  NOT_YOURS,  NOT_YOURS,  NOT_YOURS,  NO_TYPE)
OPERATION(auth, RENEW, "?token=none",                    DOOR,   BANNED, NO_TOKEN,   NO_TOKEN,   NO_TOKEN,   NO_TOKEN,   NO_TOKEN,   NO_TOKEN,   NO_TOKEN,   NO_TYPE)
OPERATION(resume, ENVELOPE, WRAP("resume", IN("general") SINCE),
                                                         DOOR,   BANNED, RESUMED,    TOO_LATE,   RESUMED,    TOO_LATE,   RESUMED,    RESUMED,    RESUMED,    NO_TYPE)
OPERATION(resume, ENVELOPE, WRAP("resume", IN("secret") SINCE),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    RESUMED,    RESUMED,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(typing_start, ENVELOPE, WRAP("typing_start", IN("general")),
                                                         DOOR,   BANNED, JOIN_IT,    SILENT,     JOIN_IT,    SILENT,     JOIN_IT,    JOIN_IT,    JOIN_IT,    NO_TYPE)
OPERATION(typing_start, ENVELOPE, WRAP("typing_start", IN("secret")),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    JOIN_IT,    JOIN_IT,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(typing_start, ENVELOPE, WRAP("typing_start", WITH("2")),
                                                         DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NO_TYPE)
OPERATION(typing_start, ENVELOPE, WRAP("typing_start", WITH("99")),
                                                         DOOR,   BANNED, NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_TYPE)
OPERATION(typing_stop, ENVELOPE, WRAP("typing_stop", IN("general")),
                                                         DOOR,   BANNED, JOIN_IT,    SILENT,     JOIN_IT,    SILENT,     JOIN_IT,    JOIN_IT,    JOIN_IT,    NO_TYPE)
OPERATION(typing_stop, ENVELOPE, WRAP("typing_stop", IN("secret")),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    JOIN_IT,    JOIN_IT,    NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(typing_stop, ENVELOPE, WRAP("typing_stop", WITH("2")),
                                                         DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NO_TYPE)
OPERATION(typing_stop, ENVELOPE, WRAP("typing_stop", WITH("99")),
                                                         DOOR,   BANNED, NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_TYPE)
OPERATION(read, ENVELOPE, WRAP("read", IN("general")),   DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NO_TYPE)
OPERATION(read, ENVELOPE, WRAP("read", IN("secret")),    DOOR,   BANNED, NO_ROOM,    NO_ROOM,    SILENT,     SILENT,     NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(read, ENVELOPE, WRAP("read", IN("general") THIS("$told")),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(read, ENVELOPE, WRAP("read", WITH("2")),       DOOR,   BANNED, NO_WORD,    NO_WORD,    NO_WORD,    SILENT,     NO_WORD,    NO_WORD,    NO_WORD,    NO_TYPE)
OPERATION(read, ENVELOPE, WRAP("read", WITH("99")),      DOOR,   BANNED, NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_USER,    NO_TYPE)

/* nobody puts words in others' mouths; an admin may remove what stands in a room, and what one of two people shows him */
OPERATION(edit_message, ENVELOPE, WRAP("edit_message", ITS("$said") TEXT),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     EDITED,     FORBID,     FORBID,     FORBID,     NO_TYPE)
OPERATION(edit_message, ENVELOPE, WRAP("edit_message", ITS("$told") TEXT),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     SILENT,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(edit_message, ENVELOPE, WRAP("edit_message", ITS("$told") OF(WITH("2")) TEXT),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(edit_message, ENVELOPE, WRAP("edit_message", ITS("$wrote") TEXT),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     EDITED,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(edit_message, ENVELOPE, WRAP("edit_message", ITS("$wrote") OF(IN("general")) TEXT),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(edit_message, ENVELOPE, WRAP("edit_message", ITS("$wrote") OF(WITH("2")) TEXT),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     EDITED,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(delete_message, ENVELOPE, WRAP("delete_message", ITS("$said")),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     DELETED,    SILENT,     FORBID,     FORBID,     NO_TYPE)
OPERATION(delete_message, ENVELOPE, WRAP("delete_message", ITS("$told")),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     SILENT,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(delete_message, ENVELOPE, WRAP("delete_message", ITS("$told") OF(IN("general"))),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(delete_message, ENVELOPE, WRAP("delete_message", ITS("$told") OF(IN("secret"))),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    FORBID,     SILENT,     NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(delete_message, ENVELOPE, WRAP("delete_message", ITS("$wrote")),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     DELETED,    SILENT,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(delete_message, ENVELOPE, WRAP("delete_message", ITS("$wrote") OF(IN("general"))),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(delete_message, ENVELOPE, WRAP("delete_message", ITS("$wrote") OF(WITH("2"))),
                                                         DOOR,   BANNED, NO_MSG,     NO_MSG,     NO_MSG,     DELETED,    NO_MSG,     NO_MSG,     NO_MSG,     NO_TYPE)
OPERATION(unread, ENVELOPE, WRAP("unread", ""),          DOOR,   BANNED, UNREAD,     UNREAD,     UNREAD,     UNREAD,     UNREAD,     UNREAD,     UNREAD,     NO_TYPE)
OPERATION(search, ENVELOPE, WRAP("search", FOR("said")), DOOR,   BANNED, FOUND_SAID, FOUND_SAID, FOUND_SAID, FOUND_SAID, FOUND_SAID, FOUND_SAID, FOUND_SAID, NO_TYPE)
OPERATION(search, ENVELOPE, WRAP("search", FOR("told")), DOOR,   BANNED, NONE_FOUND, NONE_FOUND, FOUND_TOLD, FOUND_TOLD, NONE_FOUND, NONE_FOUND, NONE_FOUND, NO_TYPE)
OPERATION(search, ENVELOPE, WRAP("search", FOR("wrote")),
                                                         DOOR,   BANNED, NONE_FOUND, NONE_FOUND, NONE_FOUND, FOUND_WROTE, NONE_FOUND, NONE_FOUND, NONE_FOUND, NO_TYPE)
OPERATION(search, ENVELOPE, WRAP("search", FOR("told") OF(IN("secret"))),
                                                         DOOR,   BANNED, NO_ROOM,    NO_ROOM,    FOUND_TOLD, FOUND_TOLD, NO_ROOM,    NO_ROOM,    NO_ROOM,    NO_TYPE)
OPERATION(search, ENVELOPE, WRAP("search", FOR("wrote") OF(WITH("2"))),
                                                         DOOR,   BANNED, NONE_FOUND, NONE_FOUND, NONE_FOUND, FOUND_WROTE, NONE_FOUND, NONE_FOUND, NONE_FOUND, NO_TYPE)

/* ---- what no type becomes by its name; what the door asks for in the name of HTTP is not answered to others */
OPERATION(reaction_set, CORE, CMD("\"reaction_set\",\"room_name\":\"general\",\"reply_to\":\"$said\",\"content\":\"👍\""),
                                                         DOOR,   BANNED, HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      HEARD,      NOBODY)
OPERATION(caller_check, CORE, CMD("\"caller_check\",\"user\":1"),
                                                         DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     DONE)
OPERATION(user_info, CORE, CMD("\"user_info\",\"user\":2"),
                                                         DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NOBODY)
OPERATION(changes_next, CORE, CMD("\"changes_next\""),   DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NOBODY)
OPERATION(changes_confirm, CORE, CMD("\"changes_confirm\",\"after\":1"),
                                                         DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NOBODY)
OPERATION(upload_begin, CORE, CMD("\"upload_begin\",\"bytes\":1"),
                                                         DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NOBODY)
OPERATION(upload_add, CORE, CMD("\"upload_add\",\"label\":\"l.png\",\"media_type\":\"image/png\",\"bytes\":1"),
                                                         DOOR,   BANNED, SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     SILENT,     NOBODY)

/* ---- of who has a role, in a dialect that has words for it: in the others no answer is heard of what was done */
OPERATION(block_add, CORE, CMD("\"block_add\",\"username\":\"bob\",\"is_on\":1"),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     SILENT,     FORBID,     FOR_SELF,   DONE)
OPERATION(block_add, CORE, CMD("\"block_add\",\"username\":\"bob\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     SILENT,     FORBID,     SILENT  ,   DONE)
OPERATION(block_remove, CORE, CMD("\"block_remove\",\"username\":\"bob\",\"is_on\":1"),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     SILENT,     FORBID,     FOR_SELF,   DONE)
OPERATION(block_remove, CORE, CMD("\"block_remove\",\"username\":\"bob\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     SILENT,     FORBID,     SILENT  ,   DONE)
OPERATION(ban_add, CORE, CMD("\"ban_add\",\"username\":\"bob\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     SILENT,     FORBID,     FORBID,     DONE)
OPERATION(ban_remove, CORE, CMD("\"ban_remove\",\"username\":\"bob\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     SILENT,     FORBID,     FORBID,     DONE)

/* ---- the operator's, whoever asks in whatever dialect */
OPERATION(upload_remove, CORE, CMD("\"upload_remove\",\"label\":\"l.png\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(user_add, CORE, CMD("\"user_add\",\"username\":\"new\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(user_role, CORE, CMD("\"user_role\",\"username\":\"bob\",\"role\":\"admin\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(user_password, CORE, CMD("\"user_password\",\"username\":\"bob\",\"hash\":\"h\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(user_erase, CORE, CMD("\"user_erase\",\"username\":\"bob\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(user_show, CORE, CMD("\"user_show\",\"username\":\"bob\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(token_add, CORE, CMD("\"token_add\",\"username\":\"bob\",\"label\":\"l\",\"hash\":\"h\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(token_revoke, CORE, CMD("\"token_revoke\",\"username\":\"bob\",\"label\":\"old\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(room_add, CORE, CMD("\"room_add\",\"room_name\":\"new\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(room_remove, CORE, CMD("\"room_remove\",\"room_name\":\"secret\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(room_keep, CORE, CMD("\"room_keep\",\"room_name\":\"secret\",\"is_on\":1,\"messages\":9"),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(fact_add, CORE, CMD("\"fact_add\",\"content\":\"fact type=user_created user=90 username=nina\""),
                                                         DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)
OPERATION(list, CORE, CMD("\"list\",\"list_kind\":0"),   DOOR,   BANNED, FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     FORBID,     DONE)

#undef FLAT
#undef JOIN
#undef SAY
#undef READ
#undef LEAVE
#undef TYPING
#undef WRAP
#undef IN
#undef TO
#undef WITH
#undef OF
#undef TEXT
#undef ID
#undef UNDER
#undef REPLY
#undef ITS
#undef THIS
#undef SINCE
#undef FOR
#undef BATCH_OF
#undef CMD
