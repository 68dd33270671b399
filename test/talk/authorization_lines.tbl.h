/* Who may do what by the line protocol: one row a command, one column a kind of caller. Every cell
 * is played twice: by somebody who has logged in, and by the token of the command alone.
 *
 *   COMMAND(verb, more,  anonymous, banned, member, author, recipient, blocked, pro, admin)
 *
 *   verb      as the protocol writes it
 *   more      its parameters but the token, as members of an object; "$wrote" is a message by ann
 *             to bob (2). There is no user 99
 *
 *   anonymous  a token nobody has      banned     let in once, then banned
 *   member     anybody                 author     ann, who wrote the message
 *   recipient  bob, who had it         blocked    a member whose words are kept from bob
 *   pro, admin have that role
 *
 * The answers are in authorization_lines.c. */
#define WHOM(id) ",\"user-id\":" id
#define FROM(id) ",\"for-user-id\":" id
#define RECIPIENT(id) ",\"recipient-id\":" id
#define MESSAGE(id) ",\"message-id\":\"" id "\""
#define CONTENT ",\"content\":\"x\""

/*                                                 anon.   banned  member  author  recipient blocked pro admin */
COMMAND(LOGIN, "",                                 KNOCK,  BANNED, AGAIN,  AGAIN,  AGAIN,  AGAIN,  AGAIN,  AGAIN)
COMMAND(DISCONNECTED, "",                          BYE,    BYE,    BYE,    BYE,    BYE,    BYE,    BYE,    BYE)
COMMAND(SEND_MSG, RECIPIENT("2") CONTENT,          UNAUTH, BANNED, SENT,   SENT,   SENT,   DENIED, SENT,   SENT)
COMMAND(SEND_MSG, RECIPIENT("99") CONTENT,         UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
COMMAND(UPDT_MSG, MESSAGE("$wrote") CONTENT,       UNAUTH, BANNED, DENIED, SENT,   DENIED, DENIED, DENIED, DENIED)
COMMAND(DEL_MSG, MESSAGE("$wrote"),                UNAUTH, BANNED, DENIED, SENT,   DENIED, DENIED, DENIED, SENT)
COMMAND(NEW_CHG_AVAILABLE, "",                     UNAUTH, BANNED, NO_NEW, NO_NEW, WROTE,  NO_NEW, NO_NEW, NO_NEW)
COMMAND(USER_INFO, WHOM("2"),                      UNAUTH, BANNED, INFO,   INFO,   INFO,   INFO,   INFO,   INFO)
COMMAND(USER_INFO, WHOM("99"),                     UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
COMMAND(CLIENT_INFO, ",\"is-writing\":true,\"in-conversation\":2",
                                                   UNAUTH, BANNED, FINE,   FINE,   FINE,   FINE,   FINE,   FINE)
COMMAND(BLOCK_USER, WHOM("5"),                     UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, UNTIL,  UNTIL)
COMMAND(BLOCK_USER, WHOM("5") FROM("0"),           UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, UNTIL)
COMMAND(BLOCK_USER, WHOM("5") FROM("1"),           UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, UNTIL)
COMMAND(BLOCK_USER, WHOM("99"),                    UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
COMMAND(UNBLOCK_USER, WHOM("5"),                   UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, FINE,   FINE)
COMMAND(UNBLOCK_USER, WHOM("5") FROM("1"),         UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, FINE)
COMMAND(BAN_USER, WHOM("5"),                       UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, FINE)
COMMAND(BAN_USER, WHOM("99"),                      UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
COMMAND(UNBAN_USER, WHOM("5"),                     UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, FINE)
COMMAND(UPDT_MSG, ",\"message-id\":99" CONTENT,      UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
COMMAND(DEL_MSG, ",\"message-id\":99",               UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
COMMAND(UNBLOCK_USER, WHOM("5") FROM("0"),         UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, FINE)
COMMAND(UNBLOCK_USER, WHOM("99"),                  UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
COMMAND(UNBAN_USER, WHOM("99"),                    UNAUTH, BANNED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)

#undef WHOM
#undef FROM
#undef RECIPIENT
#undef MESSAGE
#undef CONTENT
