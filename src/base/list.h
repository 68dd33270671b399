/* Doubly linked lists whose links live in the members: membership costs no allocation, and
 * leaving needs no search.
 *
 * A zeroed node is on no list. list_move and list_drop work on any node; the list a node is on
 * is often the state of its owner. */
#ifndef PARLOIR_BASE_LIST_H
#define PARLOIR_BASE_LIST_H

#include "base/base.h"

struct node {
    struct node *next;
    struct node *prev;
};

struct list {
    struct node head;    // a ring through head; head.next is the first
};

static inline void list_init(struct list *l) {
    l->head.next = &l->head;
    l->head.prev = &l->head;
}

static inline bool list_is_empty(const struct list *l) {
    return l->head.next == &l->head;
}

static inline bool node_is_on_list(const struct node *n) {
    return n->next != NULL;
}

/* Takes the node off whatever list it is on; harmless when on none. */
static inline void list_drop(struct node *n) {
    if (n->next != NULL) {
        n->next->prev = n->prev;
        n->prev->next = n->next;
        n->next = NULL;
        n->prev = NULL;
    }
}

/* Appends a node that is on no list. */
static inline void list_push(struct list *l, struct node *n) {
    CHECK(n->next == NULL);
    n->prev = l->head.prev;
    n->next = &l->head;
    l->head.prev->next = n;
    l->head.prev = n;
}

/* Appends the node, leaving the list it was on. */
static inline void list_move(struct list *l, struct node *n) {
    list_drop(n);
    list_push(l, n);
}

/* Removes and returns the first node, NULL if there is none. */
static inline struct node *list_pop(struct list *l) {
    struct node *n = l->head.next;
    if (n == &l->head) {
        return NULL;
    }
    list_drop(n);
    return n;
}

/* Visits every member in order. The body may drop the member it is given, no other, unless it
 * breaks right after. `break` and `continue` do what they say. */
#define LIST_EACH(var, list, type, member)                                                         \
    for (struct node *var##_at = (list)->head.next, *var##_next = var##_at->next,                  \
                     *var##_body = NULL; /* not NULL: in the body, or out of it by break */        \
         var##_body == NULL && var##_at != &(list)->head;                                          \
         var##_body == NULL ? (void)(var##_at = var##_next, var##_next = var##_at->next)           \
                            : (void)0)                                                             \
        for (type *var = (var##_body = var##_at, CONTAINER_OF(var##_at, type, member));            \
             var##_body != NULL; var##_body = NULL)

#endif
