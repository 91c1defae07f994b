#!/usr/bin/env Rscript
# Writes real sets of counts that are not shipped to datasets/counts: doctor_visits and nmes of R's package AER, quine of MASS, whose
# licence is the GPL (Debian: apt-get install r-cran-aer r-cran-mass). The count is the last column, called target. Run it from the
# project's root. With a folder as argument, AER's data are read from there.
from <- commandArgs(trailingOnly = TRUE)
if (length(from) == 0) from <- system.file("data", package = "AER")
if (!file.exists(file.path(from[1], "DoctorVisits.rda")))
  stop("R's package AER is not installed; Debian and Ubuntu: apt-get install r-cran-aer. Or give the folder of its DoctorVisits.rda.")
for (name in c("DoctorVisits", "NMES1988")) load(file.path(from[1], paste0(name, ".rda")))

write_set <- function(d, count, name) {
  d <- cbind(d[setdiff(names(d), count)], target = d[[count]])
  out <- gzfile(file.path("datasets/counts", paste0(name, ".csv.gz")), "wb", compression = 9)
  write.csv(d, out, row.names = FALSE, quote = FALSE)
  close(out)
}

dir.create("datasets/counts", showWarnings = FALSE)
write_set(DoctorVisits, "visits", "doctor_visits")
# other visits of the same people are other answers, not features
write_set(NMES1988[setdiff(names(NMES1988), c("nvisits", "ovisits", "novisits", "emergency", "hospital"))], "visits", "nmes")
write_set(MASS::quine, "Days", "quine")
