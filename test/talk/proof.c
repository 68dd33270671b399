/* Scripts that are wrong on purpose. A player that passes one of them would pass anything. */
#include "test/talk/proof.h"

#include "test/talk/player.h"

#define WHY_BYTES_MAX (1u << 20)
#define JOIN "ann hub > {\"type\":\"join\",\"room\":\"general\"}\n"
#define JOINED "ann hub < {\"type\":\"join_ack\"}\n"
#define PING "ann hub > {\"type\":\"ping\",\"id\":1}\n"

static const struct {
    const char *name;
    const char *text;
    const char *complaint;    // what `why` must have; NULL: it must not fail at all
} proofs[] = {
    { "a script that is right passes", JOIN JOINED, NULL },
    { "a wrong value is seen", JOIN "ann hub < {\"data\":{\"status\":\"no\"}}",
      "proof:2: data.status should be \"no\", and is \"ok\"" },
    { "a field of another spelling is another field", JOIN "ann hub < {\"Type\":\"join_ack\"}",
      "proof:2: Type should be \"join_ack\", and is nothing" },
    { "a missing field is seen", JOIN "ann hub < {\"data\":{\"id\":\"*\"}}",
      "data.id should be \"*\", and is nothing" },
    { "a field too many is seen", JOIN "ann hub < {\"data\":{\"room\":null}}",
      "data.room should be nothing, and is \"general\"" },
    { "a number is no text", PING "ann hub < {\"ref\":\"1\"}", "ref should be \"1\", and is 1" },
    { "an id is a number over zero", PING "ann hub < {\"type\":\"*id\"}", "should be \"*id\"" },
    { "a time looks like one", PING "ann hub < {\"type\":\"*time\"}", "should be \"*time\"" },
    { "a list has its length",
      JOIN JOINED "ann hub > {\"type\":\"room_history\",\"room\":\"general\"}\n"
                  "ann hub < {\"data\":[{}]}",
      "data should be a list of 1, and is a list of 0" },
    { "a beginning is compared", PING "ann hub < {\"type\":\"*pin…\"}", "should be \"*pin…\"" },
    { "a name keeps its value", PING "ann hub < {\"ref\":\"$a\",\"type\":\"$a\"}",
      "type should be \"$a\", and is \"pong\"" },
    { "a frame that does not come is missed", JOIN JOINED "ann hub < {}",
      "proof:3: ann heard nothing" },
    { "a frame too many is seen", JOIN "ann hub . silence",
      "proof:2: ann should have heard nothing more" },
    { "what is left at the end is seen", JOIN, "ann heard something more, at the end" },
    { "leaving does not hide what was not heard", JOIN "ann leaves",
      "should be here, with nothing unheard" },
    { "the order counts", "ann hub > 2 times {\"type\":\"ping\"}\n" PING "ann hub < {\"ref\":1}",
      "ref should be 1, and is nothing" },
    { "times are counted",
      "ann hub > 2 times {\"type\":\"ping\"}\n"
      "ann hub < 3 times {\"type\":\"pong\"}",
      "proof:2: ann heard nothing" },
    { "a connection that stays open is not closed", "ann hub comes\nann hub closed 1000",
      "should have been closed so" },
    { "who is let in was not refused", "ann hub refused 401", "was let in" },
    { "who is refused was not let in", "ann hub comes ?token=none", "was not let in" },
    { "who is refused inside was not let in",
      "ann envelope comes ?token=none\nann envelope < {\"type\":\"error\"}", "was not let in" },
    { "another close code is another refusal", "ann envelope refused 4403 ?token=none",
      "refused in another way (closed with 4401)" },
    { "who is let in and stays was not refused", "ann envelope refused 4401", "was let in" },
    { "another person's token renews nothing",
      "ann envelope renews {\"user_id\":7}\nann envelope < {\"type\":\"auth_ack\"}",
      "type should be \"auth_ack\", and is \"error\"" },
    { "another status is another refusal", "ann hub refused 403 ?token=none",
      "refused in another way (refused with 401)" },
    { "the operator's no is seen", "operator > {\"cmd\":\"user_show\",\"username\":\"zoe\"}",
      "ok should be true, and is false" },
    { "being thrown out is seen",
      "ann hub comes\noperator > {\"cmd\":\"ban_add\",\"username\":\"ann\"}\n"
      "ann hub < {\"type\":\"error\"}",
      "ann is gone at the end" },
    { "nonsense is no line", "ann hub ? {}", "what is this?" },
    { "a room that is not there has no members", "ann belongs to nowhere", "cannot belong" },
};

static bool run(const char *text, const char *complaint, struct buf *why) {
    SCOPED(script_free) struct script *script = NULL;
    bool is_fine = script_parse("proof", str_of(text), &script, why) == OK && play(script, why);
    if (is_fine || complaint == NULL) {
        return is_fine == (complaint == NULL);
    }
    buf_put_char(why, '\0');
    why->n--;
    return strstr(why->p, complaint) != NULL;
}

void proof_run(void (*say)(void *ctx, const char *name, bool is_fine, struct str why), void *ctx) {
    for (size_t i = 0; i < COUNT(proofs); i++) {
        SCOPED(buf_fini) struct buf why = BUF_INIT(WHY_BYTES_MAX);
        bool is_fine = run(proofs[i].text, proofs[i].complaint, &why);
        say(ctx, proofs[i].name, is_fine, is_fine ? STR_NONE : buf_str(&why));
    }
}
