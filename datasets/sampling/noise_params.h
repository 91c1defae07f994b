/* Parameters that corruptions of labels share. */
#ifndef LB_NOISE_PARAMS_H
#define LB_NOISE_PARAMS_H

#define LB_NOISE_RATE(what) { .name = "rate", .symbol = "rate", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1,              \
			      .grid = { 0, 0.2, 0.4, 0.6 }, .n_grid = 4, .help = what }
#define LB_NOISE_VALID(what) { .name = "valid", .type = LB_BOOL_PARAM, .def = 1,                                                \
			       .help = "validation " what " are corrupted too; test " what " never are" }
#define LB_NOISE_SEED { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the noise; train.seed if not given" }

#endif
