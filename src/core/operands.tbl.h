/* The operands a command may carry. They are flat, not a struct a command, so that one piece of
 * code copies, records, replays and prints every command there will ever be.
 *
 * OPERAND_TEXT(name)   a struct str, empty when absent
 * OPERAND_NUMBER(name) a uint64_t, 0 when absent */
OPERAND_TEXT(ref)    // the request's own id, as JSON text, repeated in its answer
OPERAND_TEXT(room_name)
OPERAND_TEXT(content)
OPERAND_TEXT(client_id)    // idempotency key
OPERAND_TEXT(username)
OPERAND_TEXT(mobile)
OPERAND_TEXT(hash)    // of a password (Argon2id text) or an API token (base64url)
OPERAND_TEXT(label)
OPERAND_TEXT(detail)        // malformed: what the decoder has to say about the input
OPERAND_TEXT(media_url)     // an upload of ours, or https
OPERAND_TEXT(media_type)    // of it, as in Content-Type
OPERAND_NUMBER(user)
OPERAND_NUMBER(other)    // a user's id: whom a block keeps from
OPERAND_NUMBER(room)
OPERAND_NUMBER(message)
OPERAND_NUMBER(caller)          // a user's id, from the door: who asks without an open session
OPERAND_NUMBER(before)          // a message id; 0: from the newest
OPERAND_NUMBER(after)           // a message id, or a position in the log; 0: not asked for
OPERAND_NUMBER(offset)          // messages to leave out, from the newest back
OPERAND_NUMBER(after_seq)       // a message's number in its room
OPERAND_NUMBER(reply_to)        // a message id
OPERAND_NUMBER(message_type)    // enum message_type
OPERAND_NUMBER(reaction)        // enum reaction
OPERAND_NUMBER(duration_ms)     // of a recording; a block lasts so long, 0: BLOCK_MS_DEFAULT
OPERAND_NUMBER(bytes)           // of an upload; that a room keeps, 0: no limit
OPERAND_NUMBER(messages)        // that a room keeps, 0: no limit
OPERAND_NUMBER(age_ms)          // up to which a room keeps them, 0: no limit
OPERAND_NUMBER(limit)           // messages
OPERAND_NUMBER(role)            // enum role
OPERAND_NUMBER(until_ms)        // wall clock
OPERAND_NUMBER(refusal)         // enum refusal
OPERAND_NUMBER(problem)         // malformed: which of its dialect's own `detail` is about; 0: none
OPERAND_NUMBER(chars)           // malformed: of a content too long to be carried here
OPERAND_NUMBER(list_kind)       // enum list_kind
OPERAND_NUMBER(is_on)
OPERAND_NUMBER(is_private)
OPERAND_NUMBER(is_provisioned)    // the user may be created if unknown
OPERAND_NUMBER(is_alone)          // one session of this user in this dialect, no more
OPERAND_NUMBER(form)    // enum dialect_id: whose words the answer is in; 0: its own dialect's
OPERAND_NUMBER(part)    // which of a batch's commands it is, from 1; 0: it came alone
