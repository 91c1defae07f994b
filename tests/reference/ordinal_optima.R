#!/usr/bin/Rscript
# Writes tests/golden/ordinal_optima.json: optima of linear models of ordered classes on the sample ctg, by other software. Run it
# from the project's root; needs R with MASS (r-cran-mass). tests/cli/ordered_classes.sh compares.
#   cumulative_logit  MASS::polr, also with weights of the classes
#   coral             stats::glm: the rows stacked, once for each step, with a constant each and common slopes
#   corn              stats::glm: one logistic regression a step, of the rows that reach it
suppressPackageStartupMessages(library(MASS))

data <- read.csv(gzfile("datasets/samples/ctg.csv.gz"))
label <- data[[ncol(data)]]
x <- scale(as.matrix(data[-ncol(data)]), scale = FALSE)
x <- sweep(x, 2, sqrt(colMeans(x^2)), "/")
basis <- qr(x) # the width of a histogram is its largest value less its smallest
x <- x[, basis$pivot[seq_len(basis$rank)]]
tight <- glm.control(epsilon = 1e-15, maxit = 200)

cumulative <- function(weights) {
	d <- data.frame(label = factor(label, ordered = TRUE), weights = weights)
	fit <- polr(label ~ x, data = d, weights = weights, control = list(reltol = 1e-16, maxit = 1e5))
	stopifnot(fit$convergence == 0)
	list(mean_loss = fit$deviance / 2 / sum(weights), thresholds = unname(fit$zeta))
}

coral <- function() {
	steps <- 1:2
	beyond <- unlist(lapply(steps, function(k) label > k))
	step <- factor(rep(steps, each = length(label)))
	fit <- glm(beyond ~ 0 + step + rbind(x, x), family = binomial, control = tight)
	list(mean_loss = fit$deviance / 2 / length(label), biases = unname(coef(fit)[1:2]))
}

corn <- function() {
	deviance <- sapply(1:2, function(k) {
		there <- label >= k
		suppressWarnings(glm(label[there] > k ~ x[there, ], family = binomial, control = tight)$deviance)
	})
	terms <- sum(label >= 1) + sum(label >= 2)
	list(mean_loss = sum(deviance) / 2 / length(label), mean_loss_of_terms = sum(deviance) / 2 / terms)
}

text <- function(v) if (length(v) > 1) sprintf("[%s]", paste(sprintf("%.15g", v), collapse = ", ")) else sprintf("%.15g", v)
block <- function(name, fit) sprintf("\"%s\": {%s}", name, paste(sprintf("\"%s\": %s", names(fit), sapply(fit, text)), collapse = ", "))
fits <- list(cumulative_logit = cumulative(rep(1, length(label))), cumulative_logit_weighted = cumulative(c(1, 4, 2)[label]),
	     coral = coral(), corn = corn())
writeLines(c("{\"made_by\": \"tests/reference/ordinal_optima.R\",",
	     paste0(" ", paste(mapply(block, names(fits), fits), collapse = ",\n "), "}")), "tests/golden/ordinal_optima.json")
