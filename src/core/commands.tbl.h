/* What can be asked of the core. Each is answered exactly once.
 *
 * CMD(name, who may, rate class, writes)       handler: do_<name>() in core/do_<noun>.c
 *
 * who may     MAY_ANYONE no session needed · MAY_USER a user, by an open session or as the caller ·
 *             MAY_SESSION only by a session · MAY_PRO a pro, an admin, or the operator · MAY_ADMIN
 *             an admin, or the operator · MAY_OPERATOR the admin socket and the command line
 *             (what a command asks beyond that, its handler checks)
 * rate class  RATE_NONE · RATE_CONTENT what creates content · RATE_UPLOAD files, by a limit of their
 *             own · RATE_VOLATILE typing: surplus dropped in silence
 * writes      whether it can lead to something kept; refused as store_away while nothing can be
 *             stored
 *
 * Operands (core/operands.tbl.h) in brackets. */
CMD(malformed, MAY_ANYONE, RATE_NONE, false)    // [refusal detail] input a decoder could not read
CMD(ping, MAY_USER, RATE_NONE, false)           // []
CMD(session_open, MAY_ANYONE, RATE_NONE,
    false)    // [user username role mobile is_provisioned is_alone] store_away if it must create
              // the user
CMD(session_close, MAY_ANYONE, RATE_NONE, false)    // []
CMD(room_join, MAY_SESSION, RATE_NONE, false)    // [room_name | room] this session follows the room
CMD(room_leave, MAY_SESSION, RATE_NONE, false)    // [room_name | room]
CMD(message_send, MAY_USER, RATE_CONTENT,
    true)    // [room_name | room, content, client_id, BODY]; BODY: message_type media_url
             // media_type duration_ms reply_to
CMD(direct_send, MAY_USER, RATE_CONTENT, true)    // [user, content, client_id, BODY]
CMD(reaction_set, MAY_USER, RATE_CONTENT,
    true)    // [room_name | room | user, reply_to, content (an emoji), reaction, client_id]
CMD(message_edit, MAY_USER, RATE_CONTENT, true)    // [message, content]
CMD(message_delete, MAY_USER, RATE_NONE, true)     // [message]
CMD(room_history, MAY_USER, RATE_NONE, false)      // [room_name | room, PAGE]; PAGE: before | after
                                                   // | offset, limit
CMD(direct_history, MAY_USER, RATE_NONE, false)    // [user, PAGE]
CMD(room_resume, MAY_SESSION, RATE_NONE, false)    // [room_name | room, after_seq]
CMD(message_search, MAY_USER, RATE_NONE, false)    // [content, (room_name | room), before, limit]
CMD(read_set, MAY_USER, RATE_NONE, true)           // [room_name | room | user, message 0: all]
CMD(unread_list, MAY_USER, RATE_NONE, false)       // []
CMD(typing_set, MAY_USER, RATE_VOLATILE, false)    // [room_name | room | user, is_on]
CMD(user_info, MAY_USER, RATE_NONE, false)         // [user] who they are, and what they do now
CMD(changes_next, MAY_USER, RATE_NONE, false)    // [is_on: those of rooms, too; after: a position]
                                                 // those that are not confirmed yet
CMD(changes_confirm, MAY_USER, RATE_NONE, true)    // [after: a position] they have come
CMD(block_add, MAY_PRO, RATE_NONE, true)           // [user, other | is_on: everyone, duration_ms]
CMD(block_remove, MAY_PRO, RATE_NONE, true)        // [user, other | is_on: everyone]
CMD(caller_check, MAY_ANYONE, RATE_NONE,
    false)    // [user username role mobile is_provisioned] as session_open, but nothing is opened
CMD(upload_begin, MAY_USER, RATE_UPLOAD,
    true)    // [caller, bytes as far as they are announced] whether upload_add may be worth it
CMD(upload_add, MAY_USER, RATE_NONE, true)           // [caller, label, media_type, bytes]
CMD(upload_remove, MAY_OPERATOR, RATE_NONE, true)    // [label]
CMD(user_add, MAY_OPERATOR, RATE_NONE, true)         // [username role mobile hash]
CMD(user_role, MAY_OPERATOR, RATE_NONE, true)        // [username role]
CMD(user_password, MAY_OPERATOR, RATE_NONE, true)    // [username hash]
CMD(user_erase, MAY_OPERATOR, RATE_NONE, true)       // [username]
CMD(user_show, MAY_OPERATOR, RATE_NONE, false)       // [username]
CMD(token_add, MAY_OPERATOR, RATE_NONE, true)        // [username label hash]
CMD(token_revoke, MAY_OPERATOR, RATE_NONE, true)     // [username label]
CMD(room_add, MAY_OPERATOR, RATE_NONE, true)         // [room_name is_private]
CMD(room_remove, MAY_OPERATOR, RATE_NONE, true)      // [room_name]
CMD(room_keep, MAY_OPERATOR, RATE_NONE,
    true)    // [room_name is_on messages bytes age_ms] is_on 0: by the configuration again
CMD(ban_add, MAY_ADMIN, RATE_NONE, true)        // [user | username, until_ms] 0: for good
CMD(ban_remove, MAY_ADMIN, RATE_NONE, true)     // [user | username]
CMD(fact_add, MAY_OPERATOR, RATE_NONE, true)    // [content] a fact, as a tape has it (do_fact.c)
CMD(list, MAY_OPERATOR, RATE_NONE,
    false)    // [list_kind username limit] users, tokens of a user, rooms,
              // bans, blocks, the audit log (all of it, or what is about or by a user)
