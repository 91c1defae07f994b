#!/usr/bin/env Rscript
# Writes tests/golden/survival_optima.json: optima of coxph (Breslow, Efron) and survreg (R's package survival) and concordance indices,
# on the samples gbsg and lung. Run it from the project's root.
library(survival)

number <- function(v) paste(sprintf("%.17g", v), collapse = ", ")
list_of <- function(v) paste0("[", number(v), "]")

read_sample <- function(name, time, event, features, drop) {
  d <- na.omit(read.csv(gzfile(file.path("datasets/samples", paste0(name, ".csv.gz"))))[c(features, time, event)])
  list(name = name, x = as.matrix(d[features]), s = Surv(d[[time]], d[[event]] == max(d[[event]])), features = features)
}

cox_case <- function(d, ties) {
  fit <- coxph(d$s ~ d$x, ties = ties, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
  risk <- as.vector(d$x %*% coef(fit))
  harrell <- concordance(d$s ~ risk, reverse = TRUE)$concordance
  uno <- concordance(d$s ~ risk, reverse = TRUE, timewt = "n/G2")$concordance
  base <- basehaz(coxph(d$s ~ d$x, ties = "breslow", init = coef(fit), control = coxph.control(iter.max = 0)), centered = FALSE)
  at <- quantile(d$s[d$s[, 2] == 1, 1], c(0.25, 0.5, 0.75), type = 1)
  hazard <- sapply(at, function(u) max(c(0, base$hazard[base$time <= u])))
  sprintf('{"data": "%s", "loss": "cox", "set": {"ties": "%s"}, "features": ["%s"], "coefficients": %s, "value": %s, "harrell": %s, "uno": %s, "times": %s, "hazard": %s}',
          d$name, ties, paste(d$features, collapse = '", "'), list_of(coef(fit)), number(-fit$loglik[2] / fit$nevent), number(harrell), number(uno),
          list_of(at), list_of(hazard))
}

aft_case <- function(d, dist, ours, scale = 0) {
  fit <- survreg(d$s ~ d$x, dist = dist, scale = scale, control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  sprintf('{"data": "%s", "loss": "aft", "set": {"dist": "%s", "scale": %s}, "features": ["%s"], "intercept": %s, "coefficients": %s, "log_scale": %s, "value": %s}',
          d$name, ours, number(scale), paste(d$features, collapse = '", "'), number(coef(fit)[1]), list_of(coef(fit)[-1]), number(log(fit$scale)),
          number(-fit$loglik[2] / nrow(d$x)))
}

sets <- list(read_sample("gbsg", "rfstime", "status", c("age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon")),
             read_sample("lung", "time", "status", c("age", "sex", "ph.ecog", "ph.karno", "wt.loss")))
cases <- c()
for (d in sets) {
  for (ties in c("efron", "breslow")) cases <- c(cases, cox_case(d, ties))
  cases <- c(cases, aft_case(d, "lognormal", "normal"), aft_case(d, "loglogistic", "logistic"), aft_case(d, "weibull", "extreme"),
             aft_case(d, "weibull", "extreme", 1), aft_case(d, "lognormal", "normal", 0.5))
}
writeLines(c('{"made_by": "tests/reference/survival_optima.R",', ' "cases": [', paste0("  ", cases, c(rep(",", length(cases) - 1), "")), " ]}"),
           "tests/golden/survival_optima.json")
