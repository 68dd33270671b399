/* The virtual clock: base/clock.h as it is, on time that only the simulator moves.
 *
 * Link fakes/clock.c and base/clock.c stays out of the program.
 *
 * Thread   one.   Memory   the state is the program's: clocks are asked without a handle. */
#ifndef PARLOIR_FAKES_CLOCK_H
#define PARLOIR_FAKES_CLOCK_H

#include "base/base.h"

/* Starts anew: the monotonic clock in microseconds, the wall clock in milliseconds. */
void fake_clock_start(uint64_t mono_us, uint64_t wall_ms);

/* Moves both on to a later moment; an earlier one is a bug. */
void fake_clock_move_to(uint64_t mono_us);

/* Sets the wall clock forward or back; the monotonic one does not notice. */
void fake_clock_jump(int64_t ms);

#endif
