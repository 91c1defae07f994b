/* What `lossbench losses` is made of. */
#ifndef LB_CMD_LOSSES_H
#define LB_CMD_LOSSES_H

#include "core/base/json.h"
#include "losses/loss_info.h"

/* "focal" or "binary/focal" as one loss; an unknown or ambiguous name is a usage error with what is
 * meant. */
const struct lb_loss_info *losses_find(const char *name, struct lb_err *err);

/* losses_show.c */
/* Prints a line for each loss that has every one of the words in its task, name, title or purpose,
 * and is for `purpose` unless that is NULL. Returns their number. */
size_t losses_list(char *const *words, size_t n, const char *purpose);
/* Every kind's loss of that name; 0, or -1 when there is none. */
int losses_show_all(const char *name, struct lb_err *err);
cJSON *losses_json(struct lb_err *err);
int losses_markdown(struct lb_err *err);

/* losses_purpose.c: good_for is a list of purposes with commas between them. */
bool losses_is_for(const struct lb_loss_info *l, const char *purpose);
/* All purposes, each once, in the order of the losses; NULL with err. */
char **losses_purposes(size_t *n, struct lb_err *err);
void losses_purposes_free(char **purposes, size_t n);
/* 0, or -1 with a usage error that names the nearest purpose and all of them. */
int losses_check_purpose(const char *purpose, struct lb_err *err);

/* losses_weights.c: how a loss of pairs weighs a pair as its cosine moves, as a table with bars
 * or as JSON. set as in descriptors: "tau=0.5". */
int losses_weights(const char *name, const char *set, bool json, struct lb_err *err);

/* losses_eval.c: reads a JSON object from `input` ("-" for stdin), prints value and gradient. */
int losses_eval(const char *name, const char *const *params, size_t n_params, const char *precision, const char *input,
		struct lb_err *err);

/* "q=0.7" "alpha=[1, 2]" as one text without blanks inside a value; out is to be freed. */
int losses_join_params(const char *const *params, size_t n, struct lb_buf *out, struct lb_err *err);

/* losses_words.c: the catalogue's part on formulas. */
void losses_markdown_formulas(void);

/* losses_check.c: holds against a loss all that the tests do; exit statuses, or -1 with err. */
struct lb_findings;
/* Those of a name, all for NULL, or of a file such as mine.loss.yaml or mine.so. */
int losses_check(const char *name, struct lb_err *err);
/* n losses from the place `first` of the registry, of that name unless NULL. */
int losses_check_registered(size_t first, size_t n, const char *name, struct lb_err *err);
/* Prints what was found against a loss. */
void losses_print_findings(const struct lb_loss_info *info, const struct lb_findings *f);
/* Prints "N passed, M failed: gradient ..." and returns the exit status. */
int losses_print_tally(const struct lb_findings *all);

/* losses_file.c: checks the loss of a file by its formula with the file's examples, or those of a
 * plug-in. */
int losses_check_file(const char *path, struct lb_err *err);

/* losses_build.c: makes a plug-in, at `out` or (NULL) in the working folder, of a source file, and
 * checks its losses; an exit status, or -1 with err. */
int losses_build(const char *source, const char *out, struct lb_err *err);

/* losses_new.c: writes a template to a file, out NULL: NAME.loss.yaml; C where the name ends in .c.
 * task NULL: multiclass. */
int losses_new(const char *name, const char *task, const char *out, struct lb_err *err);

/* losses_plot.c: value and derivative along a slice as SVG, to a file or stdout (out = NULL). set
 * as in descriptors: "q=0.5". */
int losses_plot(const char *name, const char *set, const char *out, struct lb_err *err);

#endif
