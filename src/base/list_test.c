/* Lists and the walk over them. */
#include "base/list.h"

#include "test/unit.h"

struct item {
    int value;
    struct node on_list;
};

/* The values on a list as one number, first digit first; checks the way back as well. */
static int read_list(const struct list *l) {
    int forward = 0;
    LIST_EACH(item, l, struct item, on_list) {
        forward = forward * 10 + item->value;
        CHECK(item->on_list.next->prev == &item->on_list);
        CHECK(item->on_list.prev->next == &item->on_list);
    }
    return forward;
}

TEST(members_stay_in_the_order_they_came) {
    struct list l;
    struct item items[] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
    list_init(&l);
    OKAY(list_is_empty(&l));
    EQ(read_list(&l), 0);
    for (size_t i = 0; i < COUNT(items); i++) {
        OKAY(!node_is_on_list(&items[i].on_list));
        list_push(&l, &items[i].on_list);
        OKAY(node_is_on_list(&items[i].on_list));
    }
    EQ(read_list(&l), 123);
    OKAY(!list_is_empty(&l));
}

TEST(a_member_leaves_without_the_list_being_named) {
    struct list l;
    struct item items[] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
    list_init(&l);
    for (size_t i = 0; i < COUNT(items); i++) {
        list_push(&l, &items[i].on_list);
    }
    list_drop(&items[1].on_list);
    EQ(read_list(&l), 13);
    list_drop(&items[1].on_list);    // harmless
    list_drop(&items[0].on_list);
    list_drop(&items[2].on_list);
    OKAY(list_is_empty(&l));
}

TEST(moving_takes_a_member_from_one_list_to_the_end_of_another) {
    struct list from;
    struct list to;
    struct item items[] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
    list_init(&from);
    list_init(&to);
    list_push(&from, &items[0].on_list);
    list_push(&from, &items[1].on_list);
    list_move(&to, &items[2].on_list);    // was on none
    list_move(&to, &items[0].on_list);
    EQ(read_list(&from), 2);
    EQ(read_list(&to), 31);
    list_move(&to, &items[2].on_list);    // within one list
    EQ(read_list(&to), 13);
}

TEST(popping_gives_the_first_and_then_nothing) {
    struct list l;
    struct item items[] = { { .value = 1 }, { .value = 2 } };
    list_init(&l);
    list_push(&l, &items[0].on_list);
    list_push(&l, &items[1].on_list);
    OKAY(list_pop(&l) == &items[0].on_list);
    OKAY(!node_is_on_list(&items[0].on_list));
    OKAY(list_pop(&l) == &items[1].on_list);
    OKAY(list_pop(&l) == NULL);
}

TEST(the_body_may_drop_its_member) {
    struct list l;
    struct item items[] = { { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
    list_init(&l);
    for (size_t i = 0; i < COUNT(items); i++) {
        list_push(&l, &items[i].on_list);
    }
    LIST_EACH(item, &l, struct item, on_list) {
        if (item->value % 2 == 0) {
            list_drop(&item->on_list);
        }
    }
    EQ(read_list(&l), 13);
}

TEST(break_and_continue_do_what_they_say) {
    struct list l;
    struct item items[] = { { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
    list_init(&l);
    for (size_t i = 0; i < COUNT(items); i++) {
        list_push(&l, &items[i].on_list);
    }
    int seen = 0;
    LIST_EACH(item, &l, struct item, on_list) {
        if (item->value == 2) {
            continue;
        }
        seen = seen * 10 + item->value;
        if (item->value == 3) {
            break;
        }
    }
    EQ(seen, 13);
}

TEST(a_walk_inside_a_walk_keeps_its_own_place) {
    struct list l;
    struct item items[] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
    list_init(&l);
    for (size_t i = 0; i < COUNT(items); i++) {
        list_push(&l, &items[i].on_list);
    }
    int pairs = 0;
    LIST_EACH(a, &l, struct item, on_list) {
        LIST_EACH(b, &l, struct item, on_list) {
            if (b->value > a->value) {
                break;
            }
            pairs++;
        }
    }
    EQ(pairs, 6);
}
