# Reference values of discernment with articles as samples: lme4's glmer, tightened, on invented yes-no answers.
# Rscript tests/reference/discernment_odds.R > tests/reference/discernment_odds.json
suppressPackageStartupMessages({ library(lme4); library(jsonlite) })
set.seed(20250611)

# own: each arm has articles of its own; else both arms read the same ones.
study <- function(people, articles, each, own) {
  frame <- do.call(rbind, lapply(seq_len(people), function(i) data.frame(participant = i, arm = c("plain", "warned")[1 + i %% 2],
    article = 1 + (i %/% 2 * 5 + seq_len(each) * 3) %% articles)))
  frame$true <- as.integer(frame$article %% 2 == 1)
  if (own) frame$article <- frame$article + articles * (frame$arm == "warned")
  t <- frame$true - .5; warned <- frame$arm == "warned"
  latent <- .2 + rnorm(people, sd = .7)[frame$participant] + rnorm(people, sd = .8)[frame$participant] * t +
    rnorm(2 * articles, sd = .6)[frame$article] + rnorm(2 * articles, sd = .5)[frame$article] * warned * !own +
    (.9 + .8 * warned) * t - .3 * warned
  frame$yes <- rbinom(nrow(frame), 1, plogis(latent))
  frame$participant <- sprintf("p%03d", frame$participant)
  frame$article <- sprintf("a%02d", frame$article)
  frame
}
# Everybody in both arms, and what people and articles make of an arm differs, for people by truth too.
# An article that one person reads in one arm, the next reads in the other.
both_arms <- function(people, articles) {
  frame <- expand.grid(article = seq_len(articles), participant = seq_len(people))
  frame$arm <- c("plain", "warned")[1 + ((frame$article + 1) %/% 2 + frame$participant) %% 2]
  frame$true <- as.integer(frame$article %% 2 == 1)
  t <- frame$true - .5; warned <- frame$arm == "warned"
  cell <- frame$participant + people * warned; version <- frame$article + articles * warned
  latent <- .2 + rnorm(people, sd = .7)[frame$participant] + rnorm(people, sd = .8)[frame$participant] * t +
    rnorm(2 * people, sd = .6)[cell] + rnorm(2 * people, sd = 1.2)[cell] * t +
    rnorm(articles, sd = .5)[frame$article] + rnorm(2 * articles, sd = .7)[version] + (.9 + .6 * warned) * t
  frame$yes <- rbinom(nrow(frame), 1, plogis(latent))
  frame$participant <- sprintf("p%03d", frame$participant)
  frame$article <- sprintf("a%02d", frame$article)
  frame
}
careful <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.05, rhoend = 1e-9, maxfun = 200000),
                        tolPwrss = 1e-13, check.conv.singular = "ignore", check.conv.grad = "ignore")
fitted <- function(name, data, formula) {
  d <- transform(data, truth = true - .5)
  model <- suppressWarnings(glmer(as.formula(formula), d, family = binomial, control = careful))
  again <- suppressWarnings(update(model, start = list(theta = getME(model, "theta") * .9 + .05, fixef = fixef(model))))
  if (logLik(again) > logLik(model)) model <- again
  b <- fixef(model); v <- as.matrix(vcov(model)); k <- c("truth", "truth:armwarned")
  error <- function(w) sqrt(as.numeric(t(w) %*% v[k, k] %*% w))
  row <- function(w) list(estimate = sum(w * b[k]), std_error = error(w))
  spread <- as.data.frame(VarCorr(model))
  of <- function(group, term) { at <- grepl(group, spread$grp) & spread$var1 == term & is.na(spread$var2)
    if (any(at)) spread$sdcor[which(at)[1]] else 0 }
  list(name = name, data = data, formula = formula, sd_version = of("^article:arm", "(Intercept)"),
       sd_slope_in_arm = of("^participant:arm", "truth"), log_likelihood = as.numeric(logLik(model)),
       plain = row(c(1, 0)), warned = row(c(1, 1)), contrast = row(c(0, 1)))
}
cases <- list(
  fitted("own articles", study(60, 16, 8, TRUE), "yes ~ truth * arm + (1 + truth | participant) + (1 | article)"),
  fitted("same articles", study(70, 20, 8, FALSE),
         "yes ~ truth * arm + (1 + truth | participant) + (1 | article) + (1 | article:arm)"),
  fitted("people in both arms", both_arms(40, 20), paste("yes ~ truth * arm + (1 + truth | participant) +",
         "(1 + truth | participant:arm) + (1 | article) + (1 | article:arm)"))
)
cat(toJSON(list(made_by = paste(R.version.string, "lme4", packageVersion("lme4")), cases = cases), auto_unbox = TRUE,
           digits = 12, dataframe = "columns"), "\n")
