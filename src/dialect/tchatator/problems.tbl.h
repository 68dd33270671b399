/* What can be wrong with a command: PROBLEM(name, refusal, English, French)
 *
 * The texts are put in parentheses behind the refusal's sentence. `%` in them stands for the
 * argument: a parameter's name, or what was written instead of one. */
PROBLEM(unknown_command, malformed,
        "there is no command \"%\"; there are LOGIN, SEND_MSG, UPDT_MSG, DEL_MSG, "
        "NEW_CHG_AVAILABLE, BLOCK_USER, UNBLOCK_USER, BAN_USER, UNBAN_USER, USER_INFO, "
        "CLIENT_INFO, DISCONNECTED",
        "la commande « % » n'existe pas ; il y a LOGIN, SEND_MSG, UPDT_MSG, DEL_MSG, "
        "NEW_CHG_AVAILABLE, BLOCK_USER, UNBLOCK_USER, BAN_USER, UNBAN_USER, USER_INFO, "
        "CLIENT_INFO, DISCONNECTED")
PROBLEM(missing, malformed, "the parameter % is missing", "le paramètre % manque")
PROBLEM(missing_token, unauthenticated, "the parameter % is missing", "le paramètre % manque")
PROBLEM(repeated, malformed, "the parameter % is there twice", "le paramètre % est répété")
PROBLEM(no_colon, malformed, "the line \"%\" is no command and no key:value",
        "la ligne « % » n'est ni une commande ni clé:valeur")
PROBLEM(not_id, malformed, "% must be a whole number from 1",
        "% doit être un nombre entier à partir de 1")
PROBLEM(not_whom, malformed, "% must be a user's number, or 0 for everyone",
        "% doit être le numéro d'un utilisateur, ou 0 pour tous")
PROBLEM(not_partner, malformed, "% must be a user's number, or 0 for nobody",
        "% doit être le numéro d'un utilisateur, ou 0 pour personne")
PROBLEM(not_flag, malformed, "% must be true or false", "% doit valoir true ou false")
PROBLEM(not_hours, malformed, "% must be a number of hours from 1 to 87840",
        "% doit être un nombre d'heures de 1 à 87840")
PROBLEM(not_framing, malformed, "% must be length or none", "% doit valoir length ou none")
PROBLEM(not_client_id, malformed, "% must have 1 to 64 characters",
        "% doit avoir de 1 à 64 caractères")
PROBLEM(not_length, malformed, "% must be a whole number from 1 to 16384",
        "% doit être un nombre entier de 1 à 16384")
PROBLEM(late_length, malformed, "% must come before content", "% doit précéder content")
PROBLEM(wrong_length, malformed,
        "% is the content's length in bytes or characters, and content has another",
        "% est la longueur de content en octets ou en caractères, et content en a une autre")
PROBLEM(empty_content, empty, "the parameter % is empty", "le paramètre % est vide")
PROBLEM(has_nul, malformed, "a zero byte is no text", "un octet nul n'est pas du texte")
PROBLEM(not_utf8, malformed, "the text must be UTF-8", "le texte doit être en UTF-8")
PROBLEM(over_size, too_long,
        "a line has at most 16384 bytes, a command 32768 bytes and 16 parameters",
        "une ligne a au plus 16384 octets, une commande 32768 octets et 16 paramètres")
