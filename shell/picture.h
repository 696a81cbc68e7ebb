/* Pictures of the topology in the journal, for whoever asks later what it looked like. */
#ifndef PICTURE_H
#define PICTURE_H

struct app;

/* Writes the last picture down where it shows something new: another shape or another hold at once,
 * another lag every ten seconds. Never fails: a picture is no reason to stop. */
void picture_note(struct app *app);

#endif
