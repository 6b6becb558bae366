# Reference values of linear mixed models: lme4 with tightened tolerances, lmerTest and pbkrtest.
# Rscript tests/reference/mixed.R > tests/reference/mixed.json
suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(jsonlite)
})

tight <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 100000),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)

fit_carefully <- function(formula, data, reml) {
  # From several starts, so that a search that stopped early does not become a reference.
  first <- lmer(formula, data, REML = reml, control = tight)
  theta <- getME(first, "theta")
  others <- lapply(list(theta * 1.05 + 0.001, theta * 0.9, theta + 0.3), function(start) {
    lmer(formula, data, REML = reml, control = tight, start = start)
  })
  models <- c(list(first), others)
  deviances <- sapply(models, deviance_of)
  stopifnot(diff(sort(deviances)[1:2]) < 1e-8)
  models[[which.min(deviances)]]
}

deviance_of <- function(model) as.numeric(-2 * logLik(model))

coefficients_of <- function(model, ddf) {
  table <- coef(summary(model, ddf = ddf))
  lapply(seq_len(nrow(table)), function(row) list(
    term = rownames(table)[row], estimate = table[row, 1], std_error = table[row, 2], df = table[row, 3],
    statistic = table[row, 4], p_value = table[row, 5]
  ))
}

describe <- function(name, formula, data, reml = TRUE, intervals = FALSE) {
  model <- fit_carefully(as.formula(formula), data, reml)
  spread <- as.data.frame(VarCorr(model), order = "lower.tri")
  spread <- spread[spread$grp != "Residual", ]
  shown <- list(
    name = name, formula = formula, reml = reml, data = data, singular = isSingular(model),
    criterion = deviance_of(model), aic = AIC(model), bic = BIC(model), sigma = sigma(model),
    variances = lapply(seq_len(nrow(spread)), function(row) list(
      group = spread$grp[row], one = spread$var1[row], other = spread$var2[row],
      value = if (is.nan(spread$sdcor[row])) NA else spread$sdcor[row]
    )),
    satterthwaite = coefficients_of(model, "Satterthwaite"),
    modes = lapply(ranef(model, condVar = FALSE), function(table) {
      list(levels = rownames(table), values = unname(as.matrix(table)))
    }),
    fitted = head(unname(fitted(model)), 10),
    population = head(unname(predict(model, re.form = NA)), 10)
  )
  if (reml && !isSingular(model)) shown$kenward_roger <- coefficients_of(model, "Kenward-Roger")
  if (intervals) {
    profiles <- suppressWarnings(profile(lmer(as.formula(formula), data, REML = FALSE, control = tight), signames = TRUE))
    limits <- confint(profiles, level = 0.95)
    shown$intervals <- lapply(seq_len(nrow(limits)), function(row) {
      list(term = rownames(limits)[row], low = limits[row, 1], high = limits[row, 2])
    })
  }
  shown
}

ratings <- function(persons, articles, each, person_sd, article_sd, slope_sd = 0, within = FALSE, noise = 1) {
  # Each person reads `each` articles in a balanced, shifting selection; half of the articles are real.
  frame <- do.call(rbind, lapply(seq_len(persons), function(i) {
    data.frame(participant = i, article = 1 + (i * 3 + seq_len(each) * 5) %% articles)
  }))
  frame$origin <- if (within) frame$article %% 2 else frame$participant %% 2
  # Between persons, the arms have different articles.
  if (!within) frame$article <- frame$article + articles * frame$origin
  frame$story <- 1 + (frame$article - 1) %/% 4
  person <- rnorm(persons, sd = person_sd)
  slope <- rnorm(persons, sd = slope_sd)
  article <- rnorm(max(frame$article), sd = article_sd)
  story <- rnorm(max(frame$story), sd = article_sd)
  frame$y <- round(5 - 0.4 * frame$origin + person[frame$participant] + slope[frame$participant] * frame$origin +
    article[frame$article] + story[frame$story] + rnorm(nrow(frame), sd = noise), 3)
  frame$participant <- sprintf("p%03d", frame$participant)
  frame$article <- sprintf("a%02d", frame$article)
  frame$story <- sprintf("s%d", frame$story)
  frame$arm <- ifelse(frame$origin == 1, "synthetic", "real")
  frame$signed <- frame$origin - 0.5
  frame
}

set.seed(20220501)
between <- ratings(40, 8, 4, 0.8, 0.4)
within <- ratings(36, 12, 6, 0.7, 0.4, slope_sd = 0.6, within = TRUE)
tiny <- ratings(8, 6, 3, 0.05, 0.01, within = TRUE, noise = 1.5)
flat <- ratings(14, 8, 4, 0.9, 0.3, slope_sd = 0.02, within = TRUE)
missing <- between
missing$y[c(3, 17, 90)] <- NA
covariate <- within
# In decades, since lme4 searches all of theta with one step length.
covariate$decades <- round(runif(nrow(within), 1.8, 8), 1)
slopes <- setNames(rnorm(12, sd = 0.3), sprintf("a%02d", 1:12))
covariate$y <- round(covariate$y + slopes[covariate$article] * (covariate$decades - 5), 3)

cases <- list(
  describe("sleepstudy", "Reaction ~ Days + (Days | Subject)", transform(sleepstudy, Subject = as.character(Subject)), intervals = TRUE),
  describe("sleepstudy, uncorrelated", "Reaction ~ Days + (Days || Subject)", transform(sleepstudy, Subject = as.character(Subject)), intervals = TRUE),
  describe("sleepstudy, ML", "Reaction ~ Days + (Days | Subject)", transform(sleepstudy, Subject = as.character(Subject)), reml = FALSE),
  describe("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", transform(Penicillin, plate = as.character(plate), sample = as.character(sample)), intervals = TRUE),
  describe("Penicillin, ML", "diameter ~ 1 + (1 | plate) + (1 | sample)", transform(Penicillin, plate = as.character(plate), sample = as.character(sample)), reml = FALSE),
  describe("between", "y ~ arm + (1 | participant) + (1 | article)", between),
  describe("between, ML", "y ~ arm + (1 | participant) + (1 | article)", between, reml = FALSE),
  describe("between, missing", "y ~ arm + (1 | participant) + (1 | article)", missing),
  describe("within", "y ~ arm + (1 + origin | participant) + (1 | article)", within),
  describe("within, uncorrelated", "y ~ signed + (signed || participant) + (1 | article)", within),
  describe("nested stories", "y ~ arm + (1 | participant) + (1 | story/article)", within),
  describe("slopes over articles", "y ~ arm * decades + (1 | participant) + (decades | article)", covariate),
  describe("nothing varies", "y ~ arm + (1 | participant) + (1 | article)", tiny),
  describe("slope without variance", "y ~ arm + (1 + origin | participant) + (1 | article)", flat)
)
cat(toJSON(cases, auto_unbox = TRUE, digits = 12, na = "null", dataframe = "columns"), "\n")
