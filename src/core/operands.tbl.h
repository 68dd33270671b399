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
OPERAND_TEXT(detail)    // what a decoder has to say about the input
OPERAND_NUMBER(user)
OPERAND_NUMBER(room)
OPERAND_NUMBER(message)
OPERAND_NUMBER(before)       // a message id; 0: from the newest
OPERAND_NUMBER(limit)        // messages
OPERAND_NUMBER(role)         // enum role
OPERAND_NUMBER(until_ms)     // wall clock
OPERAND_NUMBER(refusal)      // enum refusal
OPERAND_NUMBER(list_kind)    // enum list_kind
OPERAND_NUMBER(is_on)
OPERAND_NUMBER(is_private)
OPERAND_NUMBER(is_provisioned)    // the user may be created if unknown
