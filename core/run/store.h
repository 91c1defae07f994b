/* The result store: a folder of records by id. Results made on many machines merge by copying files. */
#ifndef LB_STORE_H
#define LB_STORE_H

#include "core/base/json.h"

/* DIR/trials/ID.json as a new string. */
char *lb_store_path(const char *dir, const char *id, struct lb_err *err);

enum lb_stored { LB_STORED_NONE, LB_STORED_OK, LB_STORED_DIVERGED, LB_STORED_FAILED, LB_STORED_INTERRUPTED };

/* Whether the trial is in the store, and how it ended. A file that is no whole record counts as none (with a warning). ok and
 * diverged are finished. record, unless NULL, gets the tree of a record that is there (yours to delete). */
enum lb_stored lb_store_look(const char *dir, const char *id, cJSON **record);

/* Writes a record whole or not at all. Makes the folders. */
int lb_store_write(const char *dir, const char *id, const cJSON *record, struct lb_err *err);

/* Makes the folders, proves that a record can be written there before any work is done, and removes half-written files of a run
 * that was killed. The process must hold no claim on the folder: closing its lock file would end it. */
int lb_store_prepare(const char *dir, struct lb_err *err);

/* Claims a trial for this process, so that two sweeps on one folder never train the same trial at once. The claim is a byte-range
 * lock in DIR/trials/.lock: it ends with the process, however that ends. 1 claimed, 0 another process has it, -1 error. The
 * descriptor in *fd keeps the claim: close it to give up. */
int lb_store_claim(const char *dir, const char *id, int *fd, struct lb_err *err);

#endif
