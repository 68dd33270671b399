/* What the store's tests stand on: a store of each driver, batches and questions in one line each.
 *
 *     CONTRACT(a_room_counts_its_messages) {
 *         struct event *ev = say(rig, GENERAL, ANN, "hello");
 *         OKAY(rig_commit(rig));
 *         EQ(ev->seq, 1);
 *     }
 *
 * is two tests, a_room_counts_its_messages_in_memory and _in_sqlite, each with a store of its own
 * that has three people in it. A test program includes test/unit.h besides. Events gather in one
 * batch until rig_commit. What cannot go wrong in a sane rig ends the program. */
#ifndef PARLOIR_STORE_RIG_H
#define PARLOIR_STORE_RIG_H

#include "store/store.h"

#define GENERAL 1    // the room that is there from the start
#define ANN 1
#define BOB 2
#define CLEO 3

struct rig {
    const char *driver;    // "sqlite", "memory"
    char dir[64];          // sqlite: made for this rig; removed with it
    char url[96];
    struct store *store;
    struct store_reader *reader;
    struct batch *batch;        // being filled
    struct batch *committed;    // the last one: its events live until the next rig_commit
    struct answer *answer;      // the last one
    struct arena arena;         // texts made for looking at
    uint64_t now_ms;            // grows with each batch
};

#define CONTRACT(sentence)                                                                         \
    static void contract_##sentence(struct rig *rig);                                              \
    TEST(sentence##_in_memory) {                                                                   \
        rig_run("memory", contract_##sentence);                                                    \
    }                                                                                              \
    TEST(sentence##_in_sqlite) {                                                                   \
        rig_run("sqlite", contract_##sentence);                                                    \
    }                                                                                              \
    static void contract_##sentence(struct rig *rig)

/* An empty store of one driver; rig_free also deletes its directory. */
struct rig *rig_new(const char *driver);
void rig_free(struct rig **rig);

/* A rig with ann, bob and cleo in it, for the time of one test. */
void rig_run(const char *driver, void (*test)(struct rig *rig));

/* Whether it is the sqlite driver. */
bool rig_is_sqlite(const struct rig *rig);

/* Closes and opens the store again. The memory driver, which would forget, stays as it is. */
void rig_reopen(struct rig *rig);

/* From now on there is no room for anything large, or there is again. */
void rig_make_full(struct rig *rig, bool is_full);

/* The sqlite store's own connection. */
struct sqlite3 *rig_db(struct rig *rig);

/* Commits what has gathered; rig_commit says whether it went well. */
enum err rig_try(struct rig *rig) MUST_USE;
bool rig_commit(struct rig *rig);

/* Does all the upkeep there is at the rig's time, by these rules (NULL: nothing need go), slice by
 * slice. Returns how many messages retention took. */
uint64_t rig_tend(struct rig *rig, const struct keep *keep);

/* Appends events to the batch. */
struct event *fact(struct rig *rig, enum event_type type);
struct event *user(struct rig *rig, uint64_t id, const char *name);
struct event *channel(struct rig *rig, uint64_t id, const char *name);
struct event *dm(struct rig *rig, uint64_t id, uint64_t a, uint64_t b);
struct event *say(struct rig *rig, uint64_t room, uint64_t user, const char *text);
struct event *say_once(struct rig *rig, uint64_t room, uint64_t user, const char *text,
                       const char *client_id);
struct event *edit(struct rig *rig, uint64_t message, uint64_t user, const char *text);
struct event *erase(struct rig *rig, uint64_t message, uint64_t user);

/* The same for what is more than a plain text: an answer to a message, a picture, a text that names
 * people ("2,3"), and a reaction, which is a toggle. */
struct event *image(struct rig *rig, uint64_t room, uint64_t user, const char *media_url);
struct event *name(struct rig *rig, uint64_t room, uint64_t user, const char *mentions);
struct event *answer_to(struct rig *rig, uint64_t room, uint64_t user, uint64_t message,
                        const char *text);

/* A reaction to a message; a toggle. */
struct event *react(struct rig *rig, uint64_t room, uint64_t user, uint64_t message,
                    const char *emoji);

/* A read mark, an upload of the type image/png, one that is only begun, and one that goes. */
struct event *read_to(struct rig *rig, uint64_t room, uint64_t user, uint64_t message);
struct event *upload(struct rig *rig, uint64_t user, const char *name, uint64_t bytes);
struct event *begin_upload(struct rig *rig, uint64_t user, uint64_t bytes, uint64_t quota_bytes);
struct event *drop_upload(struct rig *rig, const char *name);

/* Appends a reply that points to the event. */
struct reply *reply_to(struct rig *rig, struct event *ev);

/* Asks a question; the answer lives until the next of the same rig. */
struct answer *rig_ask(struct rig *rig, const struct ask *question);
struct answer *history(struct rig *rig, uint64_t room, uint64_t before, uint64_t limit);
struct answer *listing(struct rig *rig, enum list_kind kind, uint64_t of);

/* What bob finds in all he may read; as the contents of an answer's messages. */
struct str found(struct rig *rig, const char *query);

/* The room's changes after `position`, as text: "1+ 2+ 3~1 4-2" is two new messages, an edit of 1,
 * a deletion of 2. */
struct str changes_text(struct rig *rig, uint64_t room, uint64_t position, size_t limit);

/* The contents of an answer's messages, each followed by a space. */
struct str contents(struct rig *rig, const struct answer *a);

/* The changes of an answer in the same way. */
struct str missed(struct rig *rig, const struct answer *a);

/* The reactions under a message, each followed by a space: "👍2* 🎉1 " are two thumbs, one of them
 * of who asked, and one other. */
struct str reactions(struct rig *rig, const struct message *m);

/* What a user has not read, a line for each room: "general 3 unread, 1 names, read 2 of 5". */
struct str unread_text(struct rig *rig, uint64_t user);

/* The names of the uploads that are older than `until_ms` and that no message shows. */
struct str orphans_text(struct rig *rig, uint64_t until_ms, size_t limit);

/* The kept facts as load hands them out, one a line. */
struct str facts_text(struct rig *rig);

#endif
