# Reference values of functions within a formula: lme4 with lmerTest.
# Rscript tests/reference/functions.R > tests/reference/functions.json
suppressPackageStartupMessages({
  library(lmerTest)
  library(jsonlite)
})

set.seed(20261126)
frame <- expand.grid(participant = sprintf("p%02d", 1:24), place = 1:4)
frame$article <- sprintf("a%d", 1 + (as.integer(frame$participant) * 3 + frame$place * 5) %% 8)
frame$age <- round(runif(24, 18, 80))[as.integer(frame$participant)]
frame$label <- c("None", "Correct", "False")[1 + as.integer(frame$participant) %% 3]
frame$y <- round(5 + rnorm(24, sd = 0.8)[as.integer(frame$participant)] + 0.3 * (frame$age / 20 - 2)^2 +
  rnorm(8, sd = 0.5)[as.integer(substr(frame$article, 2, 2))] + rnorm(nrow(frame)), 3)
frame$participant <- as.character(frame$participant)

path <- tempfile(fileext = ".csv")
write.csv(frame, path, row.names = FALSE)
frame <- read.csv(path)
formulas <- c(
  "scale(age)", "I((age / 10)^2) + I(age / 10)", "poly(age, 2)", "poly(age, 2, raw = TRUE)", "log(age)",
  "I(age - mean(age))", "label"
)
cases <- lapply(formulas, function(side) {
  model <- lmer(
    as.formula(paste("y ~", side, "+ (1 | participant) + (1 | article)")), frame,
    control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10), calc.derivs = FALSE)
  )
  table <- coef(summary(model))
  list(side = side, rows = nobs(model), estimates = unname(table[, 1]), std_errors = unname(table[, 2]))
})
cat(toJSON(list(data = frame, cases = cases), auto_unbox = TRUE, digits = 12, dataframe = "columns"), "\n")
