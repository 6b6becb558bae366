# Reference values of the arms' contrasts by crossed mixed models, over simulated credibility studies of each design.
# Rscript tests/reference/crossed.R > tests/reference/crossed.json
suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(jsonlite)
})
set.seed(20220517)

tight <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 100000),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)

# `plan` holds participant, arm and article; articles and people differ, and people differ in what an arm does to them.
rate <- function(plan, article_sd = 0.4, person_sd = 0.8, own_sd = 0.4) {
  shift <- c(real = 0, large = -0.3, small = -0.8)[plan$arm]
  person <- setNames(rnorm(length(unique(plan$participant)), sd = person_sd), unique(plan$participant))
  article <- setNames(rnorm(length(unique(plan$article)), sd = article_sd), unique(plan$article))
  cells <- paste(plan$participant, plan$arm)
  own <- setNames(rnorm(length(unique(cells)), sd = own_sd), unique(cells))
  plan$credibility <- round(6 + shift + person[plan$participant] + article[plan$article] + own[cells] +
    rnorm(nrow(plan)), 3)
  plan$origin <- ifelse(plan$arm == "real", "real", "synthetic")
  plan
}

read <- function(person, arm, articles, each) {
  data.frame(participant = sprintf("p%03d", person), arm = arm,
             article = sprintf("%s-%02d", arm, sample(articles, each)))
}
several <- function(people, what) do.call(rbind, lapply(seq_len(people), what))
three <- c("real", "small", "large")

between <- rate(several(60, function(i) read(i, three[1 + i %% 3], 8, 4)))
within <- rate(several(40, function(i) do.call(rbind, lapply(three[1:2], function(arm) read(i, arm, 8, 3)))))
mixed <- rate(several(45, function(i) do.call(rbind, lapply(three[-(1 + i %% 3)], function(arm) read(i, arm, 6, 3)))))
few <- rate(several(36, function(i) read(i, three[1 + i %% 2], 3, 2)), article_sd = 0.5)
uneven <- rate(several(70, function(i) read(i, three[c(1, 1, 1, 2, 3)][1 + i %% 5], c(9, 5, 3)[c(1, 1, 1, 2, 3)][1 + i %% 5],
                                            1 + i %% 3)))
uneven$credibility[c(4, 20, 61)] <- NA
# A manipulation of the label: the same articles in both arms, each person in one arm.
labels <- rate(several(60, function(i) {
  plan <- read(i, c("real", "small")[1 + i %% 2], 8, 4)
  plan$article <- sub("^[a-z]+", "story", plan$article)
  plan
}), article_sd = 0.6)
odd <- setNames(rnorm(16, sd = 0.5), outer(c("real", "small"), sprintf("story-%02d", 1:8), paste))
labels$credibility <- round(labels$credibility + odd[paste(labels$arm, labels$article)], 3)
labels$origin <- NULL
mixed$origin <- NULL

tested <- function(model, weights, ddf) {
  row <- contest1D(model, weights, ddf = ddf, confint = TRUE)
  list(estimate = row$Estimate, std_error = row[["Std. Error"]], df = row$df, statistic = row[["t value"]],
       p_value = row[["Pr(>|t|)"]], ci_low = row$lower, ci_high = row$upper)
}

describe <- function(name, data, random, kr = TRUE) {
  arms <- intersect(three, unique(data$arm))
  data$arm_ <- factor(data$arm, levels = arms)
  formula <- as.formula(paste("credibility ~ arm_ +", random))
  data$signed <- ifelse(data$arm == "real", -0.5, 0.5)
  model <- lmer(formula, data, control = tight)
  weights <- lapply(seq_along(arms)[-1], function(k) as.numeric(seq_along(arms) == k))
  names <- paste(arms[-1], "- real")
  if (length(arms) == 3) {
    weights <- c(weights, list(c(0, -1, 1)))
    names <- c(names, "large - small")
  }
  shown <- function(ddf) setNames(lapply(weights, function(w) tested(model, w, ddf)), names)
  means <- setNames(lapply(seq_along(arms), function(k) {
    tested(model, as.numeric(seq_along(arms) == k | seq_along(arms) == 1), "Satterthwaite")
  }), arms)
  list(name = name, data = data[intersect(c("participant", "article", "arm", "origin", "credibility"), names(data))],
       random = random, criterion = as.numeric(-2 * logLik(model)), singular = isSingular(model),
       satterthwaite = shown("Satterthwaite"), kenward_roger = if (kr) shown("Kenward-Roger") else NULL, means = means)
}

cases <- list(
  describe("between", between, "(1 | participant) + (1 | article)"),
  describe("within", within, "(1 + signed | participant) + (1 | article)"),
  describe("mixed", mixed, "(1 | participant) + (1 | participant:arm) + (1 | article)"),
  describe("few articles", few, "(1 | participant) + (1 | article)"),
  describe("unbalanced", uneven, "(1 | participant) + (1 | article)"),
  describe("the same articles in both arms", labels, "(1 | participant) + (1 | article) + (1 | article:arm)")
)
cat(toJSON(cases, auto_unbox = TRUE, digits = 12, na = "null", dataframe = "columns"), "\n")
