/* Who may do what: one row an operation, one column a kind of caller.
 *
 *   OPERATION(name, asked, text,  anonymous, banned, stranger, joined, member, author, admin,
 *             operator)
 *
 *   name      a type of the hub, or, of what the hub has no word for, a command of
 *             core/commands.tbl.h
 *   asked     HUB: as a frame   CORE: as another dialect would ask
 *   text      the frame or command; "$said", "$told", "$wrote" are messages by ann: in the room
 *             general, in the private room secret, and to bob (2)
 *
 *   anonymous  no token               banned   let in once, then banned
 *   stranger   has joined nothing     joined   has joined general
 *   member     belongs to secret      author   ann, who belongs to secret and wrote the messages
 *   admin      has that role, belongs to nothing
 *   operator   at the control socket, where everything is a command
 *
 * The answers are in authorization.c. The author has joined general, whoever else has only what
 * stands here. */
#define JOIN(room) "{\"type\":\"join\",\"room\":\"" room "\"}"
#define SAY(room) "{\"type\":\"message\",\"room\":\"" room "\",\"content\":\"x\"}"
#define READ(room) "{\"type\":\"room_history\",\"room\":\"" room "\"}"
#define LEAVE(room) "{\"type\":\"leave\",\"room\":\"" room "\"}"
#define TYPE(room) "{\"type\":\"typing\",\"room\":\"" room "\"}"
#define CMD(rest) "{\"cmd\":" rest "}"

/* ---- the hub's own                             anon.  banned  stranger  joined     member     author     admin      operator */
OPERATION(join, HUB, JOIN("general"),             DOOR,  BANNED, JOINED,   JOINED,    JOINED,    JOINED,    JOINED,    NO_TYPE)
OPERATION(join, HUB, JOIN("secret"),              DOOR,  BANNED, NO_ROOM,  NO_ROOM,   JOINED,    JOINED,    NO_ROOM,   NO_TYPE)
OPERATION(join, HUB, JOIN("nowhere"),             DOOR,  BANNED, NO_ROOM,  NO_ROOM,   NO_ROOM,   NO_ROOM,   NO_ROOM,   NO_TYPE)
OPERATION(message, HUB, SAY("general"),           DOOR,  BANNED, HEARD,    HEARD,     HEARD,     HEARD,     HEARD,     NO_TYPE)
OPERATION(message, HUB, SAY("secret"),            DOOR,  BANNED, NO_ROOM,  NO_ROOM,   HEARD,     HEARD,     NO_ROOM,   NO_TYPE)
OPERATION(room_history, HUB, READ("general"),     DOOR,  BANNED, SAID,     SAID,      SAID,      SAID,      SAID,      NO_TYPE)
OPERATION(room_history, HUB, READ("secret"),      DOOR,  BANNED, NO_ROOM,  NO_ROOM,   TOLD,      TOLD,      NO_ROOM,   NO_TYPE)
OPERATION(leave, HUB, LEAVE("general"),           DOOR,  BANNED, LEFT,     LEFT,      LEFT,      LEFT,      LEFT,      NO_TYPE)
OPERATION(leave, HUB, LEAVE("secret"),            DOOR,  BANNED, NO_ROOM,  NO_ROOM,   LEFT,      LEFT,      NO_ROOM,   NO_TYPE)
OPERATION(typing, HUB, TYPE("general"),           DOOR,  BANNED, JOIN_IT,  SILENT,    JOIN_IT,   SILENT,    JOIN_IT,   NO_TYPE)
OPERATION(typing, HUB, TYPE("secret"),            DOOR,  BANNED, NO_ROOM,  NO_ROOM,   JOIN_IT,   JOIN_IT,   NO_ROOM,   NO_TYPE)
OPERATION(dm, HUB, "{\"type\":\"dm\",\"to\":2,\"content\":\"x\",\"id\":1}",
                                                  DOOR,  BANNED, SENT,     SENT,      SENT,      SENT,      SENT,      NO_TYPE)
OPERATION(dm_history, HUB, "{\"type\":\"dm_history\",\"with\":2}",
                                                  DOOR,  BANNED, EMPTY,    EMPTY,     EMPTY,     WROTE,     EMPTY,     NO_TYPE)
OPERATION(ping, HUB, "{\"type\":\"ping\"}",       DOOR,  BANNED, PONG,     PONG,      PONG,      PONG,      PONG,      NO_TYPE)

/* ---- what other dialects will offer: nobody puts words in others' mouths; an admin may remove what stands in a room */
OPERATION(message_edit, CORE, CMD("\"message_edit\",\"message\":\"$said\",\"content\":\"y\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    EDITED,    FORBID,    NOBODY)
OPERATION(message_edit, CORE, CMD("\"message_edit\",\"message\":\"$told\",\"content\":\"y\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    SILENT,    NO_MSG,    NOBODY)
OPERATION(message_edit, CORE, CMD("\"message_edit\",\"message\":\"$told\",\"user\":2,\"content\":\"y\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    NO_MSG,    NO_MSG,    NOBODY)
OPERATION(message_edit, CORE, CMD("\"message_edit\",\"message\":\"$wrote\",\"content\":\"y\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    EDITED,    NO_MSG,    NOBODY)
OPERATION(message_edit, CORE, CMD("\"message_edit\",\"message\":\"$wrote\",\"room_name\":\"general\",\"content\":\"y\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    NO_MSG,    NO_MSG,    NOBODY)
OPERATION(message_edit, CORE, CMD("\"message_edit\",\"message\":\"$wrote\",\"user\":2,\"content\":\"y\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    EDITED,    NO_MSG,    NOBODY)
OPERATION(message_delete, CORE, CMD("\"message_delete\",\"message\":\"$said\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    DELETED,   SILENT,    NOBODY)
OPERATION(message_delete, CORE, CMD("\"message_delete\",\"message\":\"$told\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    SILENT,    NO_MSG,    NOBODY)
OPERATION(message_delete, CORE, CMD("\"message_delete\",\"message\":\"$told\",\"room_name\":\"general\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    NO_MSG,    NO_MSG,    NOBODY)
OPERATION(message_delete, CORE, CMD("\"message_delete\",\"message\":\"$wrote\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    DELETED,   NO_MSG,    NOBODY)
OPERATION(message_delete, CORE, CMD("\"message_delete\",\"message\":\"$wrote\",\"room_name\":\"general\""),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    NO_MSG,    NO_MSG,    NOBODY)
OPERATION(message_delete, CORE, CMD("\"message_delete\",\"message\":\"$told\",\"room_name\":\"secret\""),
                                                  DOOR,  BANNED, NO_ROOM,  NO_ROOM,   FORBID,    SILENT,    NO_ROOM,   NOBODY)
OPERATION(message_delete, CORE, CMD("\"message_delete\",\"message\":\"$wrote\",\"user\":2"),
                                                  DOOR,  BANNED, NO_MSG,   NO_MSG,    NO_MSG,    DELETED,   NO_MSG,    NOBODY)

/* ---- the operator's, whoever asks in whatever dialect */
OPERATION(user_add, CORE, CMD("\"user_add\",\"username\":\"new\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(user_role, CORE, CMD("\"user_role\",\"username\":\"bob\",\"role\":\"admin\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(user_password, CORE, CMD("\"user_password\",\"username\":\"bob\",\"hash\":\"h\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(user_erase, CORE, CMD("\"user_erase\",\"username\":\"bob\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(user_show, CORE, CMD("\"user_show\",\"username\":\"bob\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(token_add, CORE, CMD("\"token_add\",\"username\":\"bob\",\"label\":\"l\",\"hash\":\"h\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(token_revoke, CORE, CMD("\"token_revoke\",\"username\":\"bob\",\"label\":\"old\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(room_add, CORE, CMD("\"room_add\",\"room_name\":\"new\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(room_keep, CORE, CMD("\"room_keep\",\"room_name\":\"secret\",\"is_on\":1,\"messages\":9"),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(room_remove, CORE, CMD("\"room_remove\",\"room_name\":\"secret\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(ban_add, CORE, CMD("\"ban_add\",\"username\":\"bob\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(ban_remove, CORE, CMD("\"ban_remove\",\"username\":\"bob\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(fact_add, CORE, CMD("\"fact_add\",\"content\":\"fact type=user_created user=90 username=nina\""),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)
OPERATION(list, CORE, CMD("\"list\",\"list_kind\":0"),
                                                  DOOR,  BANNED, FORBID,   FORBID,    FORBID,    FORBID,    FORBID,    DONE)

#undef JOIN
#undef SAY
#undef READ
#undef LEAVE
#undef TYPE
#undef CMD
