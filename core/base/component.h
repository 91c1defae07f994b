/* How a component (loss, reader, corruption, model, optimiser, schedule, metric) describes itself.
 * Everything a user can name is one const descriptor that begins with struct lb_info; the config
 * check, --help, `lossbench losses`, the catalogue, the sweep grids and the tests all read it, and
 * nothing is said a second time. */
#ifndef LB_COMPONENT_H
#define LB_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>

struct lb_arg;
struct lb_err;

enum lb_param_type {
	LB_REAL_PARAM,   /* a finite number, or "inf" where max is INFINITY and max_open is not set */
	LB_INT_PARAM,    /* an integer within +-2^53 */
	LB_BOOL_PARAM,   /* true or false; held as 1 or 0 */
	LB_CHOICE_PARAM, /* one of .choices; held as its index, and as text */
	LB_TEXT_PARAM,   /* any text, such as a column name */
	LB_SEED_PARAM,   /* an integer in [0, 2^53]; null (the default) takes train.seed */
	LB_REALS_PARAM,  /* a list of numbers, each within min..max */
	LB_INTS_PARAM    /* a list of integers, each within min..max */
};

#define LB_MAX_GRID 8

struct lb_param {
	const char *name;            /* key in YAML and on the command line */
	const char *symbol;          /* its letter in the formula, or NULL */
	const char *former;          /* its name in earlier versions, for old records and a hint in old configs, or NULL */
	enum lb_param_type type;
	double def;                  /* default of REAL, INT, BOOL, and of CHOICE as an index */
	const double *def_list;      /* default of REALS and INTS */
	int n_def_list;
	double min, max;             /* allowed range; min = max = 0 means any */
	bool min_open, max_open;     /* (0, 1] is min_open */
	bool required;               /* has no default: must be given (always has one for a loss) */
	bool log_scale;              /* how a sweep spaces values */
	const char *const *choices;  /* CHOICE only, NULL-ended */
	const char *fixed;           /* TEXT: what it always is, however a block writes it; or NULL */
	double grid[LB_MAX_GRID];    /* what `default` in a sweep tries */
	int n_grid;
	const char *help;            /* one line */
};

struct lb_info {
	const char *name;            /* the field's standard term, snake_case */
	const char *title;           /* one line */
	const char *cite;            /* authors, title, venue, year, equation where known */
	const char *formula;         /* plain text in the README's vocabulary, or NULL */
	const char *notes;           /* edge cases, differences from the paper, or NULL */
	const char *keywords;        /* other names users know it by, blank separated, or NULL */
	unsigned tasks;              /* that it is for, a bit 1 << LB_MULTICLASS, ... each (losses/loss_info.h); a loss says its kind instead */
	unsigned traits;             /* what it does, bits that the header of its kind names; 0 for most */
	bool on_request;             /* left out where a list defaults to every component that applies */
	const char *goes_with;       /* left out too where the option of this path is not given, and refused there; or NULL */
	const struct lb_param *params;
	int n_params;
	const char *const *further_keys; /* of a block that describes its component itself (a loss by its formula), NULL-ended; or NULL */
	/* Refuses values that are each in range and do not fit together: -1 with "PARAMETER: what
	 * was found, what is allowed". NULL: all fit. */
	int (*check)(const struct lb_arg *par, struct lb_err *err);
};

/* Every kind of component has one list of its descriptors: NULL-ended, made from a .def file of one
 * line each, in the order in which they are listed to users. A list such as lb_metrics holds the
 * first members of larger descriptors (struct lb_metric), to be cast back to them. */

/* Returns the descriptor of that name; NULL when there is none. */
const struct lb_info *lb_info_find(const struct lb_info *const *list, const char *name);
/* Returns its place in the list, from 0; the list's length when it is not there. */
size_t lb_info_place(const struct lb_info *const *list, const struct lb_info *info);

/* Returns the parameter of that name, and the one that had it in earlier versions; NULL when there
 * is none. info may be NULL for the first. */
const struct lb_param *lb_info_param(const struct lb_info *info, const char *name);
const struct lb_param *lb_info_renamed(const struct lb_info *info, const char *name);

#define LB_PARAMS(table) .params = (table), .n_params = (int)(sizeof(table) / sizeof *(table))

/* A validated value of one parameter, in the order of the descriptor's table. */
struct lb_arg {
	double v;                    /* REAL, INT, SEED; BOOL as 0/1; CHOICE as index */
	const char *text;            /* CHOICE and TEXT, else NULL */
	const double *list;          /* REALS and INTS, else NULL */
	size_t n;                    /* length of list */
};

#endif
