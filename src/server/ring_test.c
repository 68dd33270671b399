/* The ring's promises, on its real threads: a store that is held shut by the test, workers that
 * only write down what reaches them. Nothing sleeps; everything is waited for. */
#include "server/ring.h"

#include <pthread.h>
#include <stdio.h>

#include "base/buf.h"
#include "core/core.h"
#include "obs/health.h"
#include "store/memory.h"
#include "store/store.h"
#include "test/unit.h"

#define CREDITS 8
#define ANN 11    // session ids
#define BOB 22

/* A store whose commits wait at a gate. */
struct gate {
    struct store base;
    struct store *inner;
    struct rig *rig;
};

struct rig {
    struct gate gate;
    struct core *core;
    struct health *health;
    struct ring *ring;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool is_shut;          // commits wait
    bool is_at_gate;       // one does
    struct buf heard;      // what reached the worker, a word each
    struct batch *kept;    // a batch the worker has not released
    bool is_keeping;
    int credits_back;
    int slices;    // of upkeep
    uint64_t pruned;
};

static enum err gate_commit(struct store *s, struct batch *batch) {
    struct gate *gate = CONTAINER_OF(s, struct gate, base);
    struct rig *rig = gate->rig;
    pthread_mutex_lock(&rig->lock);
    rig->is_at_gate = true;
    pthread_cond_broadcast(&rig->moved);
    while (rig->is_shut) {
        pthread_cond_wait(&rig->moved, &rig->lock);
    }
    rig->is_at_gate = false;
    pthread_mutex_unlock(&rig->lock);
    return gate->inner->ops->commit(gate->inner, batch);
}

static enum err gate_tend(struct store *s, const struct tend_ask *ask, struct tend_report *out) {
    struct gate *gate = CONTAINER_OF(s, struct gate, base);
    struct rig *rig = gate->rig;
    enum err err = gate->inner->ops->tend(gate->inner, ask, out);
    pthread_mutex_lock(&rig->lock);
    rig->slices++;
    rig->pruned += out->pruned;
    pthread_cond_broadcast(&rig->moved);
    pthread_mutex_unlock(&rig->lock);
    return err;
}

static enum err gate_reader_open(struct store *s, struct store_reader **out) {
    struct gate *gate = CONTAINER_OF(s, struct gate, base);
    return gate->inner->ops->reader_open(gate->inner, out);
}

static const struct store_ops gate_ops = {
    .name = "gate",
    .commit = gate_commit,
    .tend = gate_tend,
    .reader_open = gate_reader_open,
};

/* ---- the worker */

static void put_word(struct rig *rig, const char *word, uint64_t session) {
    buf_printf(&rig->heard, "%s%s%llu", rig->heard.n > 0 ? " " : "", word,
               (unsigned long long)session);
}

static void put_reply(struct rig *rig, const struct reply *reply) {
    const char *word =
        reply->refusal != REFUSE_NONE ? refusal_name(reply->refusal) : cmd_name(reply->cmd);
    put_word(rig, word, reply->session.v);
}

static void on_batch(void *ctx, unsigned worker, struct batch *batch) {
    struct rig *rig = ctx;
    (void)worker;
    pthread_mutex_lock(&rig->lock);
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_REPLY) {
            put_reply(rig, &item->reply);
        } else if (item->kind == ITEM_EVENT && item->event.type == EV_message_posted) {
            put_word(rig, "posted#", item->event.seq);
        }
    }
    bool is_kept = rig->is_keeping;
    if (is_kept) {
        rig->kept = batch;
        rig->is_keeping = false;
    }
    pthread_cond_broadcast(&rig->moved);
    pthread_mutex_unlock(&rig->lock);
    if (!is_kept) {
        ring_release(rig->ring, batch);
    }
}

static void on_answer(void *ctx, struct answer *answer) {
    struct rig *rig = ctx;
    pthread_mutex_lock(&rig->lock);
    put_word(rig, "answer*", answer->message_count);
    pthread_cond_broadcast(&rig->moved);
    pthread_mutex_unlock(&rig->lock);
    answer_free(&answer);
    ring_answered(rig->ring);
}

static void on_kept(void *ctx, const struct event *ev) {
    (void)ctx;
    CHECK(event_is_kept(ev->type));
}

static void on_credits(void *ctx) {
    struct rig *rig = ctx;
    pthread_mutex_lock(&rig->lock);
    rig->credits_back++;
    pthread_cond_broadcast(&rig->moved);
    pthread_mutex_unlock(&rig->lock);
}

static const struct ring_ops ops = {
    .on_batch = on_batch,
    .on_answer = on_answer,
    .on_kept = on_kept,
    .on_credits = on_credits,
};

/* ---- the rig */

static void on_fact(void *ctx, const struct event *ev) {
    core_restore(ctx, ev);
}

static struct rig *rig_new(uint32_t away_ms) {
    struct rig *rig = xzalloc(sizeof *rig);
    struct core_limits limits = { .message_chars = 100,
                                  .sessions_per_user = 10,
                                  .follows_per_session = 10 };
    SCOPED(buf_fini) struct buf why = BUF_INIT(1000);
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->moved, NULL);
    rig->heard = BUF_INIT(1u << 16);
    rig->gate = (struct gate){ .base = { &gate_ops }, .rig = rig };
    EQ(store_open(STR_LIT("memory:"), &rig->gate.inner, &why), OK);
    rig->core = core_new(&limits);
    EQ(rig->gate.inner->ops->load(rig->gate.inner, on_fact, rig->core), OK);
    rig->health = health_new();
    EQ(ring_start(&(struct ring_parts){ .core = rig->core,
                                        .store = &rig->gate.base,
                                        .health = rig->health,
                                        .limits = &limits,
                                        .worker_count = 1,
                                        .credits = CREDITS,
                                        .away_ms = away_ms,
                                        .ops = &ops,
                                        .ctx = rig },
                  &rig->ring, &why),
       OK);
    return rig;
}

static void rig_free(struct rig **out) {
    struct rig *rig = *out;
    ring_stop(&rig->ring);
    core_free(&rig->core);
    health_free(&rig->health);
    rig->gate.inner->ops->free(&rig->gate.inner);
    buf_fini(&rig->heard);
    pthread_cond_destroy(&rig->moved);
    pthread_mutex_destroy(&rig->lock);
    xfree(rig);
    *out = NULL;
}

static void push(struct rig *rig, struct cmd cmd, uint64_t session) {
    cmd.session.v = session;
    cmd.dialect = DIALECT_hub;
    ring_admit_always(rig->ring);
    struct qlist intakes;
    qlist_init(&intakes);
    qlist_push(&intakes, &intake_new(&cmd)->link);
    ring_push(rig->ring, &intakes);
}

static void open_session(struct rig *rig, uint64_t session) {
    push(rig, (struct cmd){ .type = CMD_session_open, .user = session, .is_provisioned = 1 },
         session);
}

static void say(struct rig *rig, uint64_t session) {
    push(rig,
         (struct cmd){ .type = CMD_message_send,
                       .room_name = STR_LIT("general"),
                       .content = STR_LIT("hello") },
         session);
}

static void ping(struct rig *rig, uint64_t session) {
    push(rig, (struct cmd){ .type = CMD_ping }, session);
}

static void set_gate(struct rig *rig, bool is_shut) {
    pthread_mutex_lock(&rig->lock);
    rig->is_shut = is_shut;
    pthread_cond_broadcast(&rig->moved);
    pthread_mutex_unlock(&rig->lock);
}

static void wait_at_gate(struct rig *rig) {
    pthread_mutex_lock(&rig->lock);
    while (!rig->is_at_gate) {
        pthread_cond_wait(&rig->moved, &rig->lock);
    }
    pthread_mutex_unlock(&rig->lock);
}

/* Waits until exactly this was heard, then forgets it. A longer or other text is told at once. */
static void wait_heard(struct rig *rig, const char *words) {
    pthread_mutex_lock(&rig->lock);
    while (rig->heard.n < strlen(words)) {
        pthread_cond_wait(&rig->moved, &rig->lock);
    }
    STR_EQ(buf_str(&rig->heard), words);
    buf_reset(&rig->heard);
    pthread_mutex_unlock(&rig->lock);
}

static void wait_credits(struct rig *rig) {
    pthread_mutex_lock(&rig->lock);
    while (rig->credits_back == 0) {
        pthread_cond_wait(&rig->moved, &rig->lock);
    }
    pthread_mutex_unlock(&rig->lock);
}

/* The store is back a moment after its batch was heard, and one that must answer at once may count
 * as away on a busy machine: does it as Bob again while that is refused. */
static void until_taken(struct rig *rig, void (*act)(struct rig *, uint64_t)) {
    static const char refused[] = "store_away22";
    bool is_refused = true;
    while (is_refused) {
        act(rig, BOB);
        pthread_mutex_lock(&rig->lock);
        while (rig->heard.n < sizeof refused - 1) {
            pthread_cond_wait(&rig->moved, &rig->lock);
        }
        is_refused = str_eq(buf_str(&rig->heard), str_of(refused));
        if (is_refused) {
            buf_reset(&rig->heard);
        }
        pthread_mutex_unlock(&rig->lock);
    }
}

/* ---- the promises */

TEST(nobody_hears_before_the_commit) {
    SCOPED(rig_free) struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    set_gate(rig, true);
    say(rig, ANN);
    wait_at_gate(rig);
    EQ(rig->heard.n, 0);    // it waits at the gate, and nobody has heard
    set_gate(rig, false);
    wait_heard(rig, "message_send11 posted#1");
}

TEST(what_waits_meanwhile_becomes_one_batch_in_order) {
    SCOPED(rig_free) struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    set_gate(rig, true);
    say(rig, ANN);
    wait_at_gate(rig);
    say(rig, ANN);
    ping(rig, ANN);
    say(rig, ANN);
    set_gate(rig, false);
    wait_heard(rig, "message_send11 posted#1 message_send11 posted#2 ping11 message_send11 "
                    "posted#3");
}

TEST(a_question_is_answered_after_what_was_said_before_it) {
    SCOPED(rig_free) struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    say(rig, ANN);
    push(rig, (struct cmd){ .type = CMD_room_history, .room_name = STR_LIT("general") }, ANN);
    wait_heard(rig, "message_send11 posted#1 answer*1");
}

TEST(more_questions_than_answers_may_be_under_way_are_all_answered) {
    SCOPED(rig_free) struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    SCOPED(buf_fini) struct buf expected = BUF_INIT(1u << 16);
    for (int i = 0; i < 200; i++) {
        push(rig, (struct cmd){ .type = CMD_room_history, .room_name = STR_LIT("general") }, ANN);
        buf_printf(&expected, "%sanswer*0", i > 0 ? " " : "");
    }
    buf_put_char(&expected, '\0');
    wait_heard(rig, expected.p);
}

TEST(credits_run_out_and_come_back) {
    SCOPED(rig_free) struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    rig->is_keeping = true;
    ping(rig, ANN);
    wait_heard(rig, "ping11");
    int admitted = 0;
    while (ring_admit(rig->ring)) {
        admitted++;
    }
    EQ(admitted, CREDITS - 1);    // one is held by the batch nobody has released
    ring_release(rig->ring, rig->kept);
    wait_credits(rig);
    OKAY(ring_admit(rig->ring));
    ring_return(rig->ring, CREDITS);
}

TEST(while_the_store_hangs_writes_are_refused_and_others_served) {
    SCOPED(rig_free) struct rig *rig = rig_new(1);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    until_taken(rig, open_session);
    wait_heard(rig, "session_open22");
    set_gate(rig, true);
    say(rig, ANN);
    wait_at_gate(rig);
    say(rig, BOB);    // refused as soon as the store counts as away
    wait_heard(rig, "store_away22");
    SCOPED(buf_fini) struct buf said = BUF_INIT(1024);
    EQ(health_ready(rig->health, true, &said), 503);
    ping(rig, BOB);
    wait_heard(rig, "ping22");
    ping(rig, ANN);    // must not pass her own message, which is held
    ping(rig, BOB);
    wait_heard(rig, "ping22");
    set_gate(rig, false);
    wait_heard(rig, "message_send11 posted#1 ping11");
    until_taken(rig, say);
    wait_heard(rig, "message_send22 posted#2");
}

TEST(a_full_store_is_tried_again_until_it_takes_the_batch) {
    SCOPED(rig_free) struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    open_session(rig, BOB);
    wait_heard(rig, "session_open22");
    memory_store_set_faults(rig->gate.inner,
                            &(struct memory_faults){ .at = 1, .count = 3, .err = ERR_FULL });
    set_gate(rig, true);
    say(rig, ANN);
    wait_at_gate(rig);
    set_gate(rig, false);
    wait_heard(rig, "message_send11 posted#1");    // once, and only when it is there
    until_taken(rig, say);
    wait_heard(rig, "message_send22 posted#2");
}

TEST(a_quiet_store_is_tended_and_other_rules_are_taken_up_at_once) {
    SCOPED(rig_free) struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    wait_heard(rig, "session_open11");
    for (int i = 0; i < 5; i++) {
        char words[64];
        say(rig, ANN);
        (void)snprintf(words, sizeof words, "message_send11 posted#%d", i + 1);
        wait_heard(rig, words);
    }
    ring_set_keep(rig->ring, &(struct keep){ .messages = 2 });
    pthread_mutex_lock(&rig->lock);
    while (rig->pruned < 3) {
        pthread_cond_wait(&rig->moved, &rig->lock);
    }
    EQ(rig->pruned, 3);
    OKAY(rig->slices > 0);
    pthread_mutex_unlock(&rig->lock);
}

TEST(stopping_lets_everything_come_round) {
    struct rig *rig = rig_new(600000);
    open_session(rig, ANN);
    for (int i = 0; i < 5; i++) {
        say(rig, ANN);
    }
    ring_stop(&rig->ring);
    OKAY(str_ends(buf_str(&rig->heard), STR_LIT("posted#5")));
    rig_free(&rig);
}
