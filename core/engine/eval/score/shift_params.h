/* The parameters that all anomaly scores have. */
#ifndef LB_SHIFT_PARAMS_H
#define LB_SHIFT_PARAMS_H

#include "core/training/anomaly_score_info.h"

/* Rows of a table of parameters. */
#define LB_SHIFT_PARAMS                                                                                                                              \
	[LB_SHIFT_ROUNDS] = { .name = "shift_rounds", .symbol = "m", .type = LB_INT_PARAM, .min = 0, .max = 100, .grid = { 0, 1, 3 }, .n_grid = 3,      \
			      .help = "rounds of mean shift before the model reads a row; 0: none" },                                                    \
	[LB_SHIFT_NEIGHBOURS] = { .name = "shift_neighbours", .symbol = "k", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1e6, .grid = { 3, 5, 10 }, \
				  .n_grid = 3, .help = "nearest rows of the same part, whose mean takes the row's place in a round" }

#define LB_SHIFT_NOTE                                                                                                                                   \
	"With shift_rounds m > 0 the model reads x^(m) in place of x: x^(0) = x, and in each round every row of a part (train, valid, test, or a file "     \
	"that a saved model judges) becomes the mean of its k nearest others by Euclidean distance of the encoded features, of equal ones the first. So a " \
	"row's score depends on the rows beside it. Time grows as rows^2. After J. Yang, S. Rahardja, P. Franti, Mean-shift outlier detection and "        \
	"filtering, Pattern Recognition 115, 2021."

#endif
