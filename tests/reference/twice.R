# Reference values where one of 120 people rates two articles, both alike (twice.csv, simulated), and the others one.
# Rscript tests/reference/twice.R > tests/reference/twice.json
# With a term of people the residual SD runs to nought; how far it came depends on the search, the df hardly does.
suppressPackageStartupMessages({
  library(lmerTest)
  library(jsonlite)
})
tight <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 100000),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
data <- read.csv("tests/reference/twice.csv")
row <- function(formula) {
  found <- coef(summary(suppressWarnings(lmer(formula, data, control = tight))))["armsmall", ]
  list(estimate = found[[1]], std_error = found[[2]], df = found[[3]], p_value = found[[5]])
}
cat(toJSON(list(
  people = row(credibility ~ arm + (1 | participant) + (1 | article)),
  articles = row(credibility ~ arm + (1 | article))
), auto_unbox = TRUE, digits = 12), "\n")
