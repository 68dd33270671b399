/* Secrets that everybody can guess, instead of the system's.
 *
 * Thread   one.   Memory   one number. */
#ifndef PARLOIR_FAKES_SECRET_H
#define PARLOIR_FAKES_SECRET_H

/* Begins anew: what is drawn from now on is what was drawn at first. */
void fake_secret_start(void);

#endif
