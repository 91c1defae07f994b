/* The result store: a folder of records by id. Results made on many machines merge by copying
 * files. */
#ifndef LB_STORE_H
#define LB_STORE_H

#include "core/base/json.h"

#include <stdbool.h>

/* DIR/trials/ID.json as a new string. */
char *lb_store_path(const char *dir, const char *id, struct lb_err *err);

enum lb_stored { LB_STORED_NONE, LB_STORED_OK, LB_STORED_DIVERGED, LB_STORED_FAILED, LB_STORED_INTERRUPTED };

/* Whether the trial is in the store, and how it ended. A file that is no whole record counts as
 * none (with a warning). ok and diverged are finished. record, unless NULL, gets the tree of a
 * record that is there (yours to delete). */
enum lb_stored lb_store_lookup(const char *dir, const char *id, cJSON **record);

/* Writes a record whole or not at all. Makes the folders, but for those that lb_store_prepare made:
 * when one of these is gone, or another has taken its place, that is an error. Where flush is
 * false, lb_store_flush is to follow: before it, a loss of power may leave a part, which counts as
 * no record. */
int lb_store_write(const char *dir, const char *id, const cJSON *record, bool flush, struct lb_err *err);
int lb_store_flush(const char *dir, struct lb_err *err);

/* Makes the folders, proves that a record can be written there before any work is done, and removes
 * half-written files of a run that was killed. The process must hold no claim on the folder:
 * closing its lock file would end it. */
int lb_store_prepare(const char *dir, struct lb_err *err);
/* 0 while all folders that this process has prepared are there and are the same ones; else
 * LB_MACHINE. */
int lb_store_check(struct lb_err *err);
/* Removes the temporary files of processes that have died since lb_store_prepare. The caller must
 * hold no claim. */
void lb_store_remove_stale(const char *dir);

/* Whether a text has the form of an id. */
bool lb_store_is_id(const char *text);

/* What a file of DIR/trials is, by its name alone; of all but LB_STORE_OTHER the id is copied. */
enum lb_store_file {
	LB_STORE_OTHER,          /* no trial's */
	LB_STORE_RECORD,         /* ID.json */
	LB_STORE_COMPANION,      /* what lossbench keeps next to a record: predictions, model */
	LB_STORE_CHECKPOINT,     /* ID.checkpoint */
	LB_STORE_STRANGE,        /* begins with an id, but is nothing that lossbench writes */
};
enum lb_store_file lb_store_file_of(const char *name, char id[17]);

/* The text of a record in an open folder (a new string, *n bytes), which no link leads out of;
 * `path` is for messages. */
char *lb_store_text(int folder, const char *name, const char *path, size_t *n, struct lb_err *err);
/* Its tree, if it is the whole record of that trial; else NULL with err. */
cJSON *lb_store_parse(const char *path, const char *text, size_t n, const char *id, struct lb_err *err);

/* Claims a trial for this process, so that two sweeps on one folder never train the same trial at
 * once. The claim is a byte-range lock in DIR/trials/.lock: it ends with the process, however that
 * ends. 1 claimed, 0 another process has it, -1 error. *fd is -1 before the first claim, which
 * opens the lock file; further claims on the same folder take the same descriptor, and closing it
 * gives all of them up. */
int lb_store_claim(const char *dir, const char *id, int *fd, struct lb_err *err);

/* True while another process claims the trial. The process itself must hold no claim on the folder:
 * looking would end it. */
bool lb_store_running(const char *dir, const char *id);

/* The ids that have a file DIR/trials/ID.json, sorted. A folder without trials/ is an error.
 * Release with lb_store_list_free. */
struct lb_store_list {
	char (*id)[17];
	size_t n, cap;
};
int lb_store_list(const char *dir, struct lb_store_list *out, struct lb_err *err);
/* The place of an id in a list, or list->n. */
size_t lb_store_list_find(const struct lb_store_list *list, const char *id);
void lb_store_list_free(struct lb_store_list *list);

/* Reads the record of a trial whole; NULL with err when it is none. */
cJSON *lb_store_read(const char *dir, const char *id, struct lb_err *err);

/* Calls `with` for every file that lossbench keeps beside the trial's record, DIR/trials/ID.ENDING;
 * ending includes the dot. Links are not followed: what has such a name may be anything. Stops at
 * the first that does not return 0 and returns what it returned. */
int lb_store_companions(const char *dir, const char *id, int (*with)(void *arg, const char *path, const char *ending), void *arg);

#endif
