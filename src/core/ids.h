/* Ids: one struct each, so that the compiler tells a user from a room.
 *
 * Users, servers, rooms and messages are numbered from 1 upwards; 0 is nobody. They stay under
 * 2^53, because clients keep them in JavaScript numbers. A session's id is the server's business:
 * the core compares it and hands it back. */
#ifndef PARLOIR_CORE_IDS_H
#define PARLOIR_CORE_IDS_H

#include "base/base.h"

#define ID_MAX ((UINT64_C(1) << 53) - 1)

typedef struct {
    uint64_t v;
} user_id;

typedef struct {
    uint64_t v;
} server_id;

typedef struct {
    uint64_t v;
} room_id;

typedef struct {
    uint64_t v;    // also the message's place in the change log of the installation
} message_id;

typedef struct {
    uint64_t v;
} session_id;

/* Server 1, "lobby": always there, open to everyone; its channels are rooms by name. */
#define SERVER_LOBBY ((server_id){ 1 })

#endif
