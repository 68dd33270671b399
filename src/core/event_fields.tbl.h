/* The fields of an event, so that one piece of code prints, records and reads them all. What is not
 * here: its type and audience, and the list of sessions.
 *
 * FIELD_ID(name)                 one of the id structs
 * FIELD_NUMBER(name)             a uint64_t
 * FIELD_TEXT(name)               a struct str
 * FIELD_ENUM(name, type, count)  an enum of `count` values
 * FIELD_FLAG(name)               a bool */
FIELD_NUMBER(at_ms)
FIELD_ID(session)
FIELD_TEXT(ref)
FIELD_ID(room)
FIELD_TEXT(room_name)
FIELD_ENUM(room_kind, enum room_kind, ROOM_KIND_COUNT)
FIELD_ID(server)
FIELD_ID(user)
FIELD_TEXT(username)
FIELD_ID(other)
FIELD_ID(message)
FIELD_NUMBER(seq)
FIELD_NUMBER(position)
FIELD_TEXT(content)
FIELD_ENUM(message_type, enum message_type, MESSAGE_TYPE_COUNT)
FIELD_TEXT(media_url)
FIELD_TEXT(media_type)
FIELD_NUMBER(duration_ms)
FIELD_NUMBER(bytes)
FIELD_NUMBER(quota_bytes)
FIELD_ID(reply_to)
FIELD_ENUM(reaction, enum reaction, REACTION_COUNT)
FIELD_TEXT(mentions)
FIELD_TEXT(client_id)
FIELD_TEXT(mobile)
FIELD_TEXT(hash)
FIELD_TEXT(label)
FIELD_ENUM(role, enum role, ROLE_COUNT)
FIELD_NUMBER(until_ms)
FIELD_ENUM(refusal, enum refusal, REFUSAL_COUNT)
FIELD_FLAG(is_on)
FIELD_FLAG(is_private)
FIELD_FLAG(is_moderator)
FIELD_FLAG(is_repeat)
FIELD_FLAG(is_void)
