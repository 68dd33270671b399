/* What can be wrong with a frame: PROBLEM(name, refusal, field, English, French)
 *
 * The texts are put in parentheses behind the refusal's sentence; an empty one adds nothing to it.
 * `%` in them stands for the argument. `field` is the field to blame: "%" if that is the argument,
 * "" if it is none. */
PROBLEM(not_json, malformed, "", "not JSON, at byte %", "JSON invalide à l'octet %")
PROBLEM(not_object, malformed, "", "a frame is one JSON object", "une trame est un objet JSON")
PROBLEM(frame_too_long, too_long, "", "a frame has at most % bytes",
        "une trame a au plus % octets")
PROBLEM(missing, malformed, "%", "the field % is missing", "le champ % manque")
PROBLEM(unknown_type, malformed, "type",
        "there is no type %; there are join, message, dm, room_history, dm_history, leave, typing, "
        "ping",
        "le type % n'existe pas ; il y a join, message, dm, room_history, dm_history, leave, "
        "typing, ping")
PROBLEM(unknown_wrapped_type, malformed, "type",
        "there is no type %; there are join_room, leave_room, room_message, direct_message, "
        "room_history, dm_history, message_batch, ping, auth, resume, typing_start, typing_stop, "
        "read, edit_message, delete_message, unread, search",
        "le type % n'existe pas ; il y a join_room, leave_room, room_message, direct_message, "
        "room_history, dm_history, message_batch, ping, auth, resume, typing_start, typing_stop, "
        "read, edit_message, delete_message, unread, search")
PROBLEM(not_text, malformed, "%", "the field % must be text", "le champ % doit être un texte")
PROBLEM(not_number, malformed, "%", "the field % must be a whole number",
        "le champ % doit être un nombre entier")
PROBLEM(not_seconds, malformed, "%", "the field % must be seconds, at most a day",
        "le champ % doit être un nombre de secondes, au plus un jour")
PROBLEM(not_flag, malformed, "%", "the field % must be true or false",
        "le champ % doit valoir true ou false")
PROBLEM(not_list, malformed, "%", "the field % must be a list", "le champ % doit être une liste")
PROBLEM(not_scalar, malformed, "%", "the field % must be text or a number",
        "le champ % doit être un texte ou un nombre")
PROBLEM(not_64, malformed, "%", "the field % must have 1 to 64 characters",
        "le champ % doit avoir de 1 à 64 caractères")
PROBLEM(over_127, malformed, "%", "the field % may have 127 bytes",
        "le champ % peut avoir 127 octets")
PROBLEM(over_128, malformed, "%", "the field % may have 128 characters and 256 bytes",
        "le champ % peut avoir 128 caractères et 256 octets")
PROBLEM(over_2048, malformed, "%", "the field % may have 2048 bytes",
        "le champ % peut avoir 2048 octets")
PROBLEM(has_nul, malformed, "%", "the field % must not contain the character NUL",
        "le champ % ne doit pas contenir le caractère NUL")
PROBLEM(empty_content, empty, "%", "", "")
PROBLEM(unknown_message_type, malformed, "message_type",
        "there is no message_type %; there are text, image, audio, file, reaction",
        "le message_type % n'existe pas ; il y a text, image, audio, file, reaction")
PROBLEM(unknown_action, malformed, "action", "there is no action %; there are add, remove",
        "l'action % n'existe pas ; il y a add, remove")
PROBLEM(not_100, malformed, "%", "the field % must have 1 to 100 entries",
        "le champ % doit avoir de 1 à 100 éléments")
PROBLEM(not_in_batch, malformed, "type", "a message_batch cannot hold %",
        "un message_batch ne peut pas contenir %")
