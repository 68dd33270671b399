/* What a refusal says about the input: DETAIL(name, English, French)
 *
 *   %i   the input that is to blame, as the dialect calls it
 *   %g   how much was given
 *   %m   the most there may be
 *   %u   the unit of both
 *   %w   a word about it */
DETAIL(words, "%w", "%w")    // somebody else's; of a decoder with a table of its own, see problem
DETAIL(input, "%i", "%i")

/* Bounds. */
DETAIL(at_most, "at most %m", "au plus %m")
DETAIL(rate, "%m %u", "%m %u")
DETAIL(longer, "%g %u; at most %m", "%g %u; au plus %m")
DETAIL(long, "%i: at most %m %u", "%i: au plus %m %u")
DETAIL(keep, "messages, bytes, age_ms: at most 2^53 - 1",
       "messages, bytes, age_ms: au plus 2^53 - 1")
DETAIL(no_user_ids, "no user ids are left", "il ne reste plus de numéro d'utilisateur")
DETAIL(user_ids_end, "user ids end at 2^53 - 1", "les numéros d'utilisateur finissent à 2^53 - 1")
DETAIL(no_room_ids, "no room ids are left", "il ne reste plus de numéro de salon")

/* What it must look like. */
DETAIL(id, "%i: an id from 1 to 2^53 - 1", "%i: un numéro de 1 à 2^53 - 1")
DETAIL(name, "%i: 1 to %m %u, no control characters, no space at either end",
       "%i: de 1 à %m %u, sans caractère de contrôle, sans espace aux bouts")
DETAIL(username, "%i: 1 to %m %u, no control characters, no space at either end, not \"%w...\"",
       "%i: de 1 à %m %u, sans caractère de contrôle, sans espace aux bouts, pas « %w... »")
DETAIL(mobile, "%i: a plus and up to 15 digits", "%i: un plus et jusqu'à 15 chiffres")
DETAIL(role, "%i: member, pro or admin", "%i: member, pro ou admin")
DETAIL(room_kind, "%i: a channel or a dm", "%i: un salon ou un dm")
DETAIL(text, "%i: some text, without a zero character", "%i: du texte, sans caractère nul")
DETAIL(emoji, "%i: one emoji", "%i: un seul emoji")
DETAIL(reaction, "%i: add, remove, or neither", "%i: add, remove, ou rien")
DETAIL(query, "%i: some text to look for", "%i: le texte à chercher")
DETAIL(reply_to, "%i: the id of the message it is about", "%i: le numéro du message concerné")
DETAIL(message_type, "%i: text, image, audio or file", "%i: text, image, audio ou file")
DETAIL(media_missing, "%i: a message of the type %w needs it",
       "%i: indispensable à un message de type %w")
DETAIL(media_unfit, "%i: only with the message_type image, audio or file",
       "%i: seulement avec le message_type image, audio ou file")
DETAIL(media_url, "%i: /uploads/... or https://..., at most %m %u",
       "%i: /uploads/... ou https://..., au plus %m %u")
DETAIL(media_type, "%i: such as image/jpeg", "%i: par exemple image/jpeg")
DETAIL(duration, "%i: seconds, at most a day", "%i: secondes, au plus un jour")
DETAIL(mentions, "%i: at most %m ids of users, as 3,17",
       "%i: au plus %m numéros d'utilisateur, comme 3,17")
DETAIL(past, "%i: that is over already", "%i: c'est déjà passé")
DETAIL(time, "%i: milliseconds since 1970", "%i: en millisecondes depuis 1970")
DETAIL(ten_years, "%i: at most ten years", "%i: au plus dix ans")
DETAIL(from_whom, "%i: from one person, or from everyone", "%i: d'une personne, ou de tous")
DETAIL(position, "%i: a position of the log, or 0", "%i: une position du journal, ou 0")
DETAIL(last_position, "%i: the position of the last change that came",
       "%i: la position du dernier changement reçu")
DETAIL(hash, "the hash is missing", "l'empreinte manque")

/* What stands against it. */
DETAIL(room_stays, "\"%w\" stays", "« %w » reste")
DETAIL(resumed_late, "a room is resumed before it is joined; then room_history tells the rest",
       "un salon se reprend avant d'être rejoint ; ensuite, room_history donne le reste")
DETAIL(other_session, "this session is somebody else's",
       "cette connexion est celle de quelqu'un d'autre")
DETAIL(user_is, "user %g is \"%w\"", "l'utilisateur %g est « %w »")
DETAIL(room_is, "room %g", "salon %g")
DETAIL(erased_name, "%i: an erased user is called \"%w...\"",
       "%i: un utilisateur effacé s'appelle « %w... »")
DETAIL(dm_is, "the two have a dm", "les deux ont un dm")
DETAIL(member_is, "they are a member", "il en est membre")
DETAIL(foreign_dm, "it is a dm of two others", "c'est le dm de deux autres")

DETAIL(for_others, "only an admin blocks for others",
       "seul un administrateur bloque pour les autres")
DETAIL(oneself, "nobody is kept from themselves", "on ne se bloque pas soi-même")
DETAIL(bans_oneself, "nobody bans themselves", "on ne se bannit pas soi-même")

/* What the door says of who asks. */
DETAIL(token_bad, "this token is not valid", "ce jeton n'est pas valable")
DETAIL(token_guessed, "too many failed tokens from your address: wait a minute",
       "trop de jetons refusés depuis votre adresse : attendez une minute")
DETAIL(token_other, "this token is somebody else's than who has logged in",
       "ce jeton n'est pas celui de l'utilisateur connecté")
DETAIL(login_first, "LOGIN first", "commencez par LOGIN")
DETAIL(address_full, "your address has too many: close another first",
       "votre adresse en a trop : fermez-en une autre")

/* What does not fit where it stands. */
DETAIL(said_at, "%i: when it was said", "%i: quand cela fut dit")
DETAIL(changed, "%i: the one that was changed", "%i: celui qui fut changé")
DETAIL(read, "%i: the last one that was read", "%i: le dernier qui fut lu")
DETAIL(upload, "label, media_type and bytes of an upload",
       "label, media_type et bytes d'un fichier")
DETAIL(fact, "%i: a fact, as a tape has it", "%i: un fait, comme sur une bande")
DETAIL(fact_type, "a fact of the type %w cannot be added",
       "un fait du type %w ne peut pas être ajouté")
DETAIL(block_fact, "other: somebody else; until_ms: milliseconds since 1970",
       "other: quelqu'un d'autre ; until_ms: en millisecondes depuis 1970")
DETAIL(action, "%i: no action that is written down", "%i: aucune action consignée")
DETAIL(list_kind, "there is no such list", "cette liste n'existe pas")
