# Reference values of the crossed model of InstEval (lme4's own data: 73,421 ratings of lecturers by students), by lme4
# with tightened tolerances and lmerTest. The data stay in R: the test reads them from there.
# Rscript tests/reference/insteval.R > tests/reference/insteval.json
suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})

formula <- y ~ service + (1 | s) + (1 | d)
ratings <- transform(InstEval[c("y", "service", "s", "d")], service = as.integer(service == "1"))
tight <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 100000), calc.derivs = FALSE
)
# From two sides, so that a search that stopped early does not become a reference.
starts <- list(c(0.276, 0.442), c(0.29, 0.46))
models <- lapply(starts, function(start) lmer(formula, ratings, control = tight, start = start))
criteria <- sapply(models, function(model) as.numeric(-2 * logLik(model)))
stopifnot(abs(diff(criteria)) < 1e-6)
model <- models[[which.min(criteria)]]

table <- coef(summary(model, ddf = "Satterthwaite"))
spread <- as.data.frame(VarCorr(model))
cat(toJSON(list(
  formula = "y ~ service + (1 | s) + (1 | d)", rows = nrow(ratings), criterion = min(criteria),
  deviations = as.list(setNames(spread$sdcor, spread$grp)),
  fixed = lapply(seq_len(nrow(table)), function(row) list(
    term = rownames(table)[row], estimate = table[row, 1], std_error = table[row, 2], df = table[row, 3],
    statistic = table[row, 4], p_value = table[row, 5]
  ))
), auto_unbox = TRUE, digits = 12, pretty = TRUE), "\n")
