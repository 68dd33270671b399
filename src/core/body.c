/* What a message is made of: its type, its text, its media, what it answers.
 *
 *      text                 some text
 *      image, audio, file   media_url; the text may be empty; duration is for audio
 *      reaction             one emoji and reply_to; nobody says one as a message (do_reaction.c)
 *      the others           the server's own to say
 *
 * Whether an upload, or the message that is answered, is there, only the store knows: it says so at
 * commit. */
#include "base/fold.h"
#include "core/state.h"
#include "core/text.h"
#include "core/turn.h"

/* Visible ASCII without what would end an attribute or a URL in a page. */
static bool is_url_text(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"'<>\\^`{|}", s.p[i]) != NULL) {
            return false;
        }
    }
    return true;
}

/* A path below /uploads/ of plain names, or an https URL with a host. */
static bool is_media_url(struct str url) {
    struct str rest = url;
    if (url.n > MEDIA_URL_BYTES_MAX || !is_url_text(url)) {
        return false;
    }
    if (str_starts(url, STR_LIT("https://"))) {
        rest = (struct str){ url.p + 8, url.n - 8 };
        return rest.n > 0 && strchr("/?#@:", rest.p[0]) == NULL;
    }
    if (!str_starts(url, STR_LIT(UPLOADS_PATH))) {
        return false;
    }
    rest = (struct str){ url.p + strlen(UPLOADS_PATH), url.n - strlen(UPLOADS_PATH) };
    do {
        struct str name = str_cut(&rest, '/');
        if (name.n == 0 || name.p[0] == '.' || str_find(name, '?') < name.n ||
            str_find(name, '#') < name.n || str_find(name, '%') < name.n) {
            return false;
        }
    } while (rest.n > 0);
    return url.p[url.n - 1] != '/';
}

/* "type/subtype", of the characters RFC 6838 section 4.2 allows; parameters are not. */
static bool is_media_type(struct str type) {
    size_t slash = str_find(type, '/');
    if (type.n > MEDIA_TYPE_BYTES_MAX || slash == 0 || slash + 1 >= type.n) {
        return false;
    }
    for (size_t i = 0; i < type.n; i++) {
        char c = type.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && i != slash && (c == '\0' || strchr("!#$&-^_.+", c) == NULL)) {
            return false;
        }
    }
    return true;
}

enum refusal turn_check_media(struct turn *t) {
    const struct cmd *cmd = t->cmd;
    bool is_media = cmd->message_type == MESSAGE_IMAGE || cmd->message_type == MESSAGE_AUDIO ||
                    cmd->message_type == MESSAGE_FILE;
    if (is_media && cmd->media_url.n == 0) {
        return turn_refuse(
            t, REFUSE_malformed,
            DETAIL_OF(media_missing, INPUT_media_url,
                      .word = str_of(message_type_name((enum message_type)cmd->message_type))));
    }
    if (!is_media && (cmd->media_url.n > 0 || cmd->media_type.n > 0 || cmd->duration_ms > 0)) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(media_unfit, INPUT_media_url));
    }
    if (cmd->media_url.n > 0 && !is_media_url(cmd->media_url)) {
        return turn_refuse(
            t, REFUSE_malformed,
            DETAIL_OF(media_url, INPUT_media_url, UNIT_bytes, .max = MEDIA_URL_BYTES_MAX));
    }
    if (cmd->media_type.n > 0 && !is_media_type(cmd->media_type)) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(media_type, INPUT_media_type));
    }
    if (cmd->duration_ms > MEDIA_DURATION_MS_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(duration, INPUT_duration));
    }
    return REFUSE_NONE;
}

static enum refusal check_client_id(struct turn *t) {
    struct str id = t->cmd->client_id;
    if (id.n > 4 * CLIENT_ID_CHARS_MAX || str_chars(id) > CLIENT_ID_CHARS_MAX) {
        return turn_refuse(
            t, REFUSE_malformed,
            DETAIL_OF(long, INPUT_client_id, UNIT_characters, .max = CLIENT_ID_CHARS_MAX));
    }
    return REFUSE_NONE;
}

static enum refusal check_reply_to(struct turn *t) {
    if (t->cmd->reply_to > ID_MAX) {
        return REFUSE_message_unknown;
    }
    return REFUSE_NONE;
}

enum refusal turn_check_body(struct turn *t) {
    if (t->cmd->message_type > MESSAGE_FILE) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(message_type, INPUT_message_type));
    }
    enum refusal no = check_client_id(t);
    no = no != REFUSE_NONE ? no : turn_check_media(t);
    no = no != REFUSE_NONE ? no : check_reply_to(t);
    return no != REFUSE_NONE ? no : turn_check_content(t);
}

enum refusal turn_check_reaction(struct turn *t) {
    struct str emoji = t->cmd->content;
    if (t->cmd->reply_to == 0) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(reply_to, INPUT_reply_to));
    }
    if (emoji.n > 4 * REACTION_CHARS_MAX || !fold_is_emoji(emoji)) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(emoji, INPUT_content));
    }
    if (t->cmd->reaction >= REACTION_COUNT) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(reaction, INPUT_reaction));
    }
    enum refusal no = check_client_id(t);
    return no != REFUSE_NONE ? no : check_reply_to(t);
}

void turn_put_body(const struct turn *t, struct event *ev) {
    const struct cmd *cmd = t->cmd;
    ev->content = cmd->content;
    ev->client_id = cmd->client_id;
    ev->message_type = (enum message_type)cmd->message_type;
    ev->media_url = cmd->media_url;
    ev->media_type = cmd->media_type;
    ev->duration_ms = cmd->duration_ms;
    ev->reply_to.v = cmd->reply_to;
}
