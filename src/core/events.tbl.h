/* What can happen. The core emits events; kept ones are written by the store in the same
 * transaction as everything else of their batch, and read back at start (core_restore).
 *
 * EVENT(name, audience, kept)
 *
 * audience   AUD_NOBODY   nobody is told: state for the store, or for the worker itself
 *            AUD_ROOM     every session that follows event.room
 *            AUD_SESSIONS the sessions listed in the event
 *
 * Fields (struct event) in brackets. Each dialect encodes or explicitly silences every event that
 * has an audience. */
EVENT(user_created, AUD_NOBODY, true)    // [user username role mobile hash]
EVENT(user_changed, AUD_NOBODY, true)    // [user actor role hash] the role; the hash if not empty
EVENT(user_erased, AUD_NOBODY,
      true)    // [user username] username: the placeholder that replaces it
EVENT(token_added, AUD_NOBODY, true)      // [user label hash]
EVENT(token_revoked, AUD_NOBODY, true)    // [user label]
EVENT(ban_set, AUD_NOBODY, true)          // [user actor until_ms]
EVENT(ban_lifted, AUD_NOBODY, true)       // [user actor]
EVENT(block_set, AUD_NOBODY, true)        // [user other actor until_ms] other 0: to everyone
EVENT(block_lifted, AUD_NOBODY, true)     // [user other actor]
EVENT(decision_noted, AUD_NOBODY,
      true)    // [label user other actor room until_ms content] of another place, for the audit log:
               // label: "ban_set", ...; content: what more it has to say
EVENT(changes_confirmed, AUD_NOBODY, true)    // [user position]
EVENT(room_created, AUD_NOBODY,
      true)    // [room room_name room_kind server is_private user other] dm: of user and other
EVENT(room_removed, AUD_ROOM, true)    // [room room_name]
EVENT(room_kept, AUD_NOBODY,
      true)    // [room is_on messages bytes age_ms] what it keeps; is_on false: as configured
EVENT(member_added, AUD_NOBODY, true)      // [room user]
EVENT(member_removed, AUD_NOBODY, true)    // [room user]
EVENT(message_posted, AUD_ROOM,
      true)    // [room room_name user username other content client_id message_type media_url
               // media_type duration_ms reply_to reaction mentions -> message seq]; its sessions:
               // those of the mentioned people (in a dm: all who are told)
EVENT(message_edited, AUD_ROOM,
      true)    // [user is_moderator message content mentions (room) -> room seq other position]
EVENT(message_deleted, AUD_ROOM,
      true)    // [user is_moderator message (room) -> room seq other position message_type
               // reply_to; content of a reaction]
EVENT(read_changed, AUD_ROOM, true)         // [room room_name user username other message -> seq]
EVENT(upload_begun, AUD_NOBODY,
      true)    // [user bytes quota_bytes] nothing is written: the store says whether there is room
EVENT(upload_added, AUD_NOBODY, true)       // [user label media_type bytes quota_bytes]
EVENT(upload_removed, AUD_NOBODY, true)     // [label]
EVENT(follow_started, AUD_NOBODY, false)    // [session room room_name is_on] is_on: resumes it
EVENT(follow_ended, AUD_NOBODY, false)      // [session room]
EVENT(room_entered, AUD_ROOM,
      false)    // [room room_name user username] a user's first session in the room
EVENT(room_left, AUD_ROOM, false)               // the last one
EVENT(typing_changed, AUD_ROOM, false)          // [room room_name user username is_on]
EVENT(session_ended, AUD_SESSIONS, false)       // [refusal] they are told why and closed
EVENT(session_expiring, AUD_SESSIONS, false)    // [until_ms] a worker tells its own session
