/* Why the rules said no. A refusal is an answer, not a failure: it is counted and not logged.
 *
 * REFUSAL(name,        code (socketio, hub), HTTP, English,  French)
 *
 * The sentences tell a person what was wrong and what would be right; a detail about the input may
 * follow them. "hub" shows the French one, as its document does, unless the client asks for
 * English. */
REFUSAL(malformed, "BAD_REQUEST", 400, "The request is not understood.", "Requête incomprise.")
REFUSAL(too_long, "BAD_REQUEST", 413, "That is too long.", "C'est trop long.")
REFUSAL(empty, "BAD_REQUEST", 400, "A message needs some text.",
        "Un message ne peut pas être vide.")
REFUSAL(room_unknown, "NOT_FOUND", 404, "There is no such room.", "Room inexistante.")
REFUSAL(user_unknown, "NOT_FOUND", 404, "There is no such user.", "Utilisateur inexistant.")
REFUSAL(message_unknown, "NOT_FOUND", 404, "There is no such message.", "Message inexistant.")
REFUSAL(upload_unknown, "NOT_FOUND", 404, "There is no such upload: send it to /uploads first.",
        "Fichier inexistant : envoyez-le d'abord à /uploads.")
REFUSAL(server_unknown, "NOT_FOUND", 404, "There is no such server.", "Serveur inexistant.")
REFUSAL(token_unknown, "NOT_FOUND", 404, "There is no such token.", "Jeton inexistant.")
REFUSAL(unauthenticated, "UNAUTHORIZED", 401, "A valid token is needed.",
        "Un jeton valide est nécessaire.")
REFUSAL(expired, "UNAUTHORIZED", 401, "The token has expired: connect with a fresh one.",
        "Le jeton a expiré : reconnectez-vous avec un nouveau.")
REFUSAL(forbidden, "FORBIDDEN", 403, "You may not do that.",
        "Vous n'avez pas le droit de faire cela.")
REFUSAL(not_member, "FORBIDDEN", 403, "Join the room first.", "Rejoignez d'abord ce salon.")
REFUSAL(banned, "FORBIDDEN", 403, "You are banned.", "Vous êtes banni.")
REFUSAL(blocked, "FORBIDDEN", 403, "You are blocked there: your message is not taken.",
        "Vous y êtes bloqué : votre message n'est pas accepté.")
REFUSAL(already_connected, "CONFLICT", 409,
        "This user is connected already: close the other connection first.",
        "Cet utilisateur est déjà connecté : fermez d'abord l'autre connexion.")
REFUSAL(exists, "CONFLICT", 409, "There is one of that name already: choose another.",
        "Ce nom est déjà pris : choisissez-en un autre.")
REFUSAL(rate_limited, "RATE_LIMITED", 429, "Too many messages: wait a little.",
        "Trop de messages : patientez un peu.")
REFUSAL(too_many_sessions, "RATE_LIMITED", 429,
        "Too many connections of one user: close another first.",
        "Trop de connexions pour un utilisateur : fermez-en une autre.")
REFUSAL(too_many_follows, "FORBIDDEN", 403,
        "Too many rooms at once on one connection: leave one first.",
        "Trop de salons suivis par une connexion : quittez-en un d'abord.")
REFUSAL(too_many_reactions, "FORBIDDEN", 403,
        "That message has as many kinds of reactions as it may have: use one of them.",
        "Ce message a autant de sortes de réactions que possible : reprenez l'une d'elles.")
REFUSAL(quota_full, "QUOTA_EXCEEDED", 507, "Your uploads leave no room for another one of this size.",
        "Vos fichiers ne laissent plus de place pour un autre de cette taille.")
REFUSAL(store_away, "INTERNAL_ERROR", 503,
        "Nothing can be stored at the moment; nothing was changed. Try again soon.",
        "Rien ne peut être enregistré pour l'instant ; rien n'a changé. Réessayez bientôt.")
REFUSAL(stopping, "INTERNAL_ERROR", 503, "The server is restarting: reconnect in a moment.",
        "Le serveur redémarre : reconnectez-vous dans un instant.")
