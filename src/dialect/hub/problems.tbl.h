/* What can be wrong with a hub frame: PROBLEM(name, refusal, English, French)
 *
 * The texts are put in parentheses behind the refusal's sentence; an empty one adds nothing to it.
 * `%` stands for the argument: the field, or what was found. */
PROBLEM(not_json, malformed, "not JSON, at byte %", "JSON invalide à l'octet %")
PROBLEM(not_object, malformed, "a frame is one JSON object", "une trame est un objet JSON")
PROBLEM(frame_too_long, too_long, "a frame has at most % bytes", "une trame a au plus % octets")
PROBLEM(missing, malformed, "the field % is missing", "le champ % manque")
PROBLEM(unknown_type, malformed,
        "there is no type %; there are join, message, dm, room_history, dm_history, leave, typing, "
        "ping",
        "le type % n'existe pas ; il y a join, message, dm, room_history, dm_history, leave, "
        "typing, ping")
PROBLEM(not_text, malformed, "the field % must be text", "le champ % doit être un texte")
PROBLEM(not_number, malformed, "the field % must be a whole number",
        "le champ % doit être un nombre entier")
PROBLEM(not_flag, malformed, "the field % must be true or false",
        "le champ % doit valoir true ou false")
PROBLEM(not_scalar, malformed, "the field % must be text or a number",
        "le champ % doit être un texte ou un nombre")
PROBLEM(not_64, malformed, "the field % must have 1 to 64 characters",
        "le champ % doit avoir de 1 à 64 caractères")
PROBLEM(over_128, malformed, "the field % may have 128 characters and 256 bytes",
        "le champ % peut avoir 128 caractères et 256 octets")
PROBLEM(has_nul, malformed, "the field % must not contain the character NUL",
        "le champ % ne doit pas contenir le caractère NUL")
PROBLEM(empty_content, empty, "", "")
