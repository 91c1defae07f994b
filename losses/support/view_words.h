/* What the descriptors of losses of two views say alike. */
#ifndef LB_VIEW_WORDS_H
#define LB_VIEW_WORDS_H

/* The temperature of cosines, a row of a table of parameters. */
#define LB_VIEW_TEMPERATURE(value)                                                                       \
	{ .name = "tau", .symbol = "t", .def = (value), .min = 1e-3, .max = 1e3, .log_scale = true,      \
	  .grid = { 0.05, 0.1, 0.3, 1 }, .n_grid = 4, .help = "temperature: cosines are divided by it" }

#define LB_ONE_VIEW "Where there is one view, as in validation, it is both. "
#define LB_UNLABELLED "Views are those of train.views; labels are not read, and judge alone. "
#define LB_VIEW_COSINES                                                                                  \
	"s_ij is the cosine of row i's embedding in the first view and row j's in the second (train.views); labels are " \
	"not read, and judge alone. A row of zeros has cosine 0 to all and does not move. "

#endif
