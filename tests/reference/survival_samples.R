#!/usr/bin/env Rscript
# Writes datasets/samples/gbsg.csv.gz and lung.csv.gz from R's package survival (LGPL >= 2). Run it from the project's root.
library(survival)

write_sample <- function(d, name) {
  out <- gzfile(file.path("datasets/samples", paste0(name, ".csv.gz")), "wb", compression = 9)
  writeLines(c(paste(names(d), collapse = ","), apply(d, 1, function(row) paste(ifelse(is.na(row), "", format(as.numeric(row), trim = TRUE, drop0trailing = TRUE)),
                                                                                 collapse = ","))), out, sep = "\n")
  close(out)
}

write_sample(gbsg[c("age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon", "rfstime", "status")], "gbsg")
write_sample(lung[c("age", "sex", "ph.ecog", "ph.karno", "pat.karno", "meal.cal", "wt.loss", "time", "status")], "lung")
