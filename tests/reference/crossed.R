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
  list(name = name, data = data[intersect(c("participant", "article", "story", "arm", "origin", "party", "age", "credibility"), names(data))],
       random = random, criterion = as.numeric(-2 * logLik(model)), singular = isSingular(model),
       satterthwaite = shown("Satterthwaite"), kenward_roger = if (kr) shown("Kenward-Roger") else NULL, means = means)
}

# Multi-degree tests and interactions, by lmerTest's contestMD, and Kendall's tau as the test of an order. The contrasts
# of the three arms (and of three groups) are orthonormal, so that no level's being the first sways their df.
joint <- function(model, L, ddf = "Satterthwaite") {
  row <- contestMD(model, L, ddf = ddf)
  list(statistic = row[["F value"]], df = row$NumDF, df_within = row$DenDF, p_value = row[["Pr(>F)"]])
}
parties <- unique(between$participant)
party <- setNames(c("left", "centre", "right")[1 + (seq_along(parties) %/% 3) %% 3], parties)
between$party <- unname(party[between$participant])
between$age <- unname(setNames(round(rnorm(length(parties), 45, 12)), parties)[between$participant])
between$credibility <- round(between$credibility + 0.6 * (between$party == "right") * (between$arm == "small"), 3)

orthonormal <- t(contr.helmert(3) / rep(sqrt(colSums(contr.helmert(3)^2)), each = 3))
# Means by the coefficients of three arms: the first, and what the others have beyond it.
of_arms <- function(model) {
  L <- diag(length(fixef(model)))[1:3, ]
  L[, 1] <- 1
  L
}
heterogeneity <- function(data) {
  data <- transform(data, arm = factor(arm, levels = three), party = factor(party), centred = age - mean(age))
  model <- lmer(credibility ~ arm * party + (1 | participant) + (1 | article) + (1 | article:party), data,
                control = tight)
  names_ <- names(fixef(model))
  within <- function(arm, group) {
    wanted <- c(paste0("arm", arm), if (group != "centre") paste0("arm", arm, ":party", group))
    tested(model, as.numeric(names_ %in% wanted), "Satterthwaite")
  }
  groups <- expand.grid(group = c("centre", "left", "right"), arm = three[-1], stringsAsFactors = FALSE)
  line <- lmer(credibility ~ arm * centred + (1 | participant) + (1 | article) + (0 + centred | article), data,
               control = tight)
  stopifnot(!isSingular(model), !isSingular(line))
  grid <- expand.grid(party = levels(data$party), arm = three)
  cells <- model.matrix(~ arm * party, transform(grid, arm = factor(arm, levels = three)))
  slopes <- outer(three, names(fixef(line)), function(arm, name) {
    as.numeric(name == "centred" | name == paste0("arm", arm, ":centred"))
  })
  list(
    interaction = joint(model, kronecker(orthonormal, orthonormal) %*% cells),
    rows = lapply(seq_len(nrow(groups)), function(k) {
      c(list(contrast = paste(groups$arm[k], "- real"), group = groups$group[k]), within(groups$arm[k], groups$group[k]))
    }),
    age = joint(line, orthonormal %*% slopes),
    age_small = tested(line, as.numeric(names(fixef(line)) == "armsmall:centred"), "Satterthwaite")
  )
}
trend <- function() {
  scores <- c(real = 3, small = 1, large = 2)
  data <- transform(between, score = unname(scores[arm]), arm = factor(arm, levels = c("small", "large", "real")))
  model <- lmer(credibility ~ score + (1 | participant) + (1 | article), data, control = tight)
  free <- lmer(credibility ~ arm + (1 | participant) + (1 | article), data, control = tight)
  means <- aggregate(credibility ~ participant + score, data, mean)
  order <- cor.test(means$score, means$credibility, method = "kendall", exact = FALSE)
  list(line = tested(model, c(0, 1), "Satterthwaite"),
       departure = tested(free, c(0, -2, 1), "Satterthwaite"),
       tau = unname(order$estimate), z = unname(order$statistic), p_value = order$p.value)
}
omnibus <- function(data, random, ddf = "Satterthwaite") {
  data$arm_ <- factor(data$arm, levels = three)
  data$signed <- ifelse(data$arm == "real", -0.5, 0.5)
  model <- lmer(as.formula(paste("credibility ~ arm_ +", random)), data, control = tight)
  joint(model, orthonormal %*% of_arms(model), ddf)
}

# Stories of which every arm has its own version, and stories that several articles of one arm tell. Drawn last, so
# that the data above stay what they were.
told <- function(plan, sd) {
  stories <- sort(unique(plan$story))
  plan$credibility <- round(plan$credibility + setNames(rnorm(length(stories), sd = sd), stories)[plan$story], 3)
  plan
}
versions <- rate(several(66, function(i) read(i, three[1 + i %% 3], 8, 4)), article_sd = 0.3)
versions$story <- sub("^[a-z]+", "story", versions$article)
versions <- told(versions, 0.7)
clusters <- rate(several(60, function(i) read(i, three[1 + i %% 2], 12, 5)), article_sd = 0.3)
clusters$story <- paste0(clusters$arm, "-story-", as.integer(sub("^[a-z]+-", "", clusters$article)) %% 4)
clusters <- told(clusters, 0.6)
# Articles that suit one party, or one age, better than another; what is drawn after them is as without them.
state <- .Random.seed
readers <- rate(several(72, function(i) read(i, three[1 + i %% 3], 8, 5)))
people <- unique(readers$participant)
readers$party <- unname(setNames(c("left", "centre", "right")[1 + (seq_along(people) %/% 3) %% 3], people)[readers$participant])
readers$age <- unname(setNames(round(rnorm(length(people), 45, 12)), people)[readers$participant])
suits <- unique(paste(readers$article, readers$party))
suits <- setNames(rnorm(length(suits), sd = 0.6), suits)
slopes <- setNames(rnorm(24, sd = 0.03), unique(readers$article))
readers$credibility <- round(readers$credibility + suits[paste(readers$article, readers$party)] +
  slopes[readers$article] * (readers$age - 45) + 0.6 * (readers$party == "right") * (readers$arm == "small"), 3)
.Random.seed <- state

# Everybody reads the real articles and those of two models: beside what a person makes of machines there is what the
# person makes of each of them.
flagship <- rate(several(36, function(i) do.call(rbind, lapply(three, function(arm) read(i, arm, 6, 3)))), own_sd = 0.7)
taste <- setNames(rnorm(36, sd = 0.8), unique(flagship$participant))
flagship$credibility <- round(flagship$credibility + taste[flagship$participant] * (flagship$arm != "real"), 3)

cases <- list(
  describe("between", between, "(1 | participant) + (1 | article)"),
  describe("within", within, "(1 + signed | participant) + (1 | article)"),
  describe("mixed", mixed, "(1 | participant) + (1 | participant:arm) + (1 | article)"),
  describe("few articles", few, "(1 | participant) + (1 | article)"),
  describe("unbalanced", uneven, "(1 | participant) + (1 | article)"),
  describe("the same articles in both arms", labels, "(1 | participant) + (1 | article) + (1 | article:arm)"),
  describe("the same stories in every arm", versions, "(1 | participant) + (1 | story) + (1 | article)"),
  describe("stories of several articles", clusters, "(1 | participant) + (1 | story) + (1 | article)"),
  describe("within, three arms", flagship, "(1 + signed | participant) + (1 | participant:arm) + (1 | article)")
)
# Ordinal regression without random effects, of the ratings as whole numbers.
whole <- transform(between, credibility = pmin(pmax(round(credibility), 4), 8), arm = factor(arm, levels = three))
plain <- ordinal::clm(factor(credibility) ~ arm, data = whole)

more <- list(
  ordinal = list(data = transform(whole, arm = as.character(arm)), small = unname(coef(plain)[["armsmall"]]),
                 large = unname(coef(plain)[["armlarge"]])),
  data = between, heterogeneity = c(list(data = readers), heterogeneity(readers)), trend = trend(),
  omnibus = list(
    between = omnibus(between, "(1 | participant) + (1 | article)"),
    mixed = omnibus(mixed, "(1 | participant) + (1 | participant:arm) + (1 | article)"),
    unbalanced = omnibus(uneven, "(1 | participant) + (1 | article)")
  ),
  omnibus_kr = list(
    between = omnibus(between, "(1 | participant) + (1 | article)", "Kenward-Roger"),
    mixed = omnibus(mixed, "(1 | participant) + (1 | participant:arm) + (1 | article)", "Kenward-Roger"),
    unbalanced = omnibus(uneven, "(1 | participant) + (1 | article)", "Kenward-Roger")
  )
)
cat(toJSON(list(cases = cases, more = more), auto_unbox = TRUE, digits = 12, na = "null", dataframe = "columns"), "\n")
