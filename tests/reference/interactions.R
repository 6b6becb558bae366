# Reference values of covariates by arm where names hold colons, a cell is empty, or the covariate varies within a
# person, and of a trend within people: lmerTest's contestMD and contest1D on means and slopes, with orthonormal
# contrasts. Rscript tests/reference/interactions.R > tests/reference/interactions.json
suppressPackageStartupMessages({
  library(lmerTest)
  library(jsonlite)
})
set.seed(20260311)
tight <- lme4::lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 100000),
                           calc.derivs = FALSE)
drawn <- function(keys, sd) {
  levels <- unique(as.character(keys))
  unname(setNames(rnorm(length(levels), sd = sd), levels)[as.character(keys)])
}
one <- function(model, weights) {
  row <- contest1D(model, weights, confint = TRUE)
  list(estimate = row$Estimate, std_error = row[["Std. Error"]], df = row$df, p_value = row[["Pr(>|t|)"]],
       ci_low = row$lower, ci_high = row$upper)
}
joint <- function(model, L) {
  row <- contestMD(model, L)
  list(statistic = row[["F value"]], df = row$NumDF, df_within = row$DenDF, p_value = row[["Pr(>F)"]])
}
# The orthonormal complement of a design's columns: what no sum of effects of arm and group explains.
beyond <- function(additive) {
  q <- qr(additive)
  t(qr.Q(q, complete = TRUE)[, -seq_len(q$rank), drop = FALSE])
}
cells <- function(model, data, additive = ~ arm + group) {
  grid <- unique(data[c("arm", "group")])
  grid <- grid[order(grid$arm, grid$group), ]
  M <- model.matrix(~ arm * group, transform(grid, arm = factor(arm, levels(data$arm)), group = factor(group, levels(data$group))))
  M <- M[, names(lme4::fixef(model))]
  rows <- list()
  for (k in seq_len(nrow(grid))) {
    base <- which(grid$arm == "real" & grid$group == grid$group[k])
    if (grid$arm[k] != "real" && length(base)) {
      rows <- c(rows, list(c(list(contrast = paste(grid$arm[k], "- real"), group = as.character(grid$group[k])),
                             one(model, M[k, ] - M[base, ]))))
    }
  }
  list(interaction = joint(model, beyond(model.matrix(additive, grid)) %*% M), rows = rows)
}
plain <- function(data, columns) {
  data <- data[columns]
  data[] <- lapply(data, function(column) if (is.factor(column)) as.character(column) else column)
  data
}

# Arms called with colons; no rating of llama3:8b by the first group.
arms <- c("real", "llama3:8b", "qwen2:7b")
empty <- do.call(rbind, lapply(1:105, function(i) data.frame(
  participant = sprintf("p%03d", i), arm = arms[1 + i %% 3], article = paste0(substr(arms[1 + i %% 3], 1, 1), sample(8, 4)),
  group = c("centre", "left", "right")[1 + (i %/% 3) %% 3])))
empty <- empty[!(empty$arm == "llama3:8b" & empty$group == "centre"), ]
empty$credibility <- round(5 + drawn(empty$participant, 0.8) + drawn(empty$article, 0.4) +
  drawn(paste(empty$article, empty$group), 0.5) + (empty$arm == "llama3:8b" & empty$group == "right") + rnorm(nrow(empty)), 3)
empty <- transform(empty, arm = factor(arm, arms), group = factor(group))
model <- suppressMessages(lmer(credibility ~ arm * group + (1 | participant) + (1 | article) + (1 | article:group), empty, control = tight))
stopifnot(!lme4::isSingular(model))
out <- list(empty = c(list(data = plain(empty, c("participant", "arm", "article", "group", "credibility"))), cells(model, empty)))

# A label that is beside half of a person's articles, people differing in what it does to them; and a number that
# varies within people.
within <- do.call(rbind, lapply(1:60, function(i) data.frame(
  participant = sprintf("p%03d", i), arm = c("real", "small")[1 + i %% 2], article = paste0(c("r", "s")[1 + i %% 2], sample(12, 8)),
  group = c("none", "shown"), minutes = round(runif(8, 1, 9), 1))))
within$credibility <- round(6 + drawn(within$participant, 0.8) + drawn(within$article, 0.4) +
  drawn(paste(within$participant, within$group), 0.7) + drawn(paste(within$article, within$group), 0.5) +
  drawn(within$participant, 0.3) * (within$minutes - 5) + drawn(within$article, 0.2) * (within$minutes - 5) + rnorm(nrow(within)), 3)
within <- transform(within, arm = factor(arm, c("real", "small")), group = factor(group), centred = minutes - mean(minutes))
model <- lmer(credibility ~ arm * group + (1 | participant) + (1 | participant:group) + (1 | article) + (1 | article:group), within, control = tight)
line <- lmer(credibility ~ arm * centred + (1 | participant) + (0 + centred | participant) + (1 | article) + (0 + centred | article),
             within, control = tight)
stopifnot(!lme4::isSingular(model), !lme4::isSingular(line))
out$within <- c(list(data = plain(within, c("participant", "arm", "article", "group", "minutes", "credibility"))), cells(model, within),
                list(minutes = one(line, c(0, 0, 0, 1))))

# Everybody reads articles of every size of model, and people differ in how their ratings rise with it.
score <- c(s1 = 0, s2 = 1, s3 = 2, s4 = 3)
trend <- do.call(rbind, lapply(1:40, function(i) do.call(rbind, lapply(names(score), function(arm) data.frame(
  participant = sprintf("p%03d", i), arm = arm, article = paste(arm, sample(6, 2), sep = "-"))))))
trend$score <- unname(score[trend$arm])
trend$credibility <- round(5 + drawn(trend$participant, 0.8) + (0.1 + drawn(trend$participant, 0.5)) * trend$score +
  drawn(paste(trend$participant, trend$arm), 0.6) + drawn(trend$article, 0.4) + rnorm(nrow(trend)), 3)
line <- lmer(credibility ~ score + (1 + score | participant) + (1 | participant:arm) + (1 | article), trend, control = tight)
free <- lmer(credibility ~ arm + (1 + score | participant) + (1 | participant:arm) + (1 | article), trend, control = tight)
stopifnot(!lme4::isSingular(line), !lme4::isSingular(free))
means <- diag(4)
means[, 1] <- 1
out$trend <- list(data = plain(trend, c("participant", "arm", "article", "credibility")), line = one(line, c(0, 1)),
                  departure = joint(free, beyond(cbind(1, score)) %*% means))
cat(toJSON(out, auto_unbox = TRUE, digits = 12, dataframe = "columns"), "\n")
