# Reference values of logistic and ordinal mixed models: lme4's glmer and ordinal's clmm, by Laplace's approximation,
# both with tightened tolerances. Rscript tests/reference/laplace.R > tests/reference/laplace.json
suppressPackageStartupMessages({
  library(lme4)
  library(ordinal)
  library(jsonlite)
})
set.seed(20220519)

# The inner search of glmer stops early unless told not to, and leaves the deviance known to five digits only.
careful <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.05, rhoend = 1e-9, maxfun = 200000),
                        tolPwrss = 1e-13, check.conv.singular = "ignore", check.conv.grad = "ignore")
row <- function(term, estimate, error) list(term = term, estimate = estimate, std_error = error)

logistic <- function(name, formula, data, trials = NULL) {
  left <- if (is.null(trials)) all.vars(as.formula(formula))[1] else NULL
  text <- if (is.null(trials)) formula else sub("^(\\w+)", sprintf("cbind(\\1, %s - \\1)", trials), formula)
  model <- suppressWarnings(glmer(as.formula(text), data, family = binomial, control = careful))
  again <- suppressWarnings(update(model, start = list(theta = getME(model, "theta") * 0.9 + 0.05, fixef = fixef(model))))
  if (logLik(again) > logLik(model)) model <- again
  table <- coef(summary(model))
  spread <- as.data.frame(VarCorr(model), order = "lower.tri")
  list(name = name, kind = "logistic", formula = formula, trials = trials, data = data,
       log_likelihood = as.numeric(logLik(model)), singular = isSingular(model),
       fixed = lapply(seq_len(nrow(table)), function(k) row(rownames(table)[k], table[k, 1], table[k, 2])),
       random = lapply(seq_len(nrow(spread)), function(k) list(group = spread$grp[k], one = spread$var1[k],
                                                               other = spread$var2[k], value = spread$sdcor[k])),
       modes = lapply(ranef(model, condVar = FALSE), function(t) list(levels = rownames(t), values = t[[1]])))
}

ordinal_model <- function(name, formula, data) {
  data_ <- data
  outcome <- all.vars(as.formula(formula))[1]
  data_[[outcome]] <- factor(data_[[outcome]], ordered = TRUE)
  for (group in c("judge", "participant", "article", "person_arm", "story")) if (group %in% names(data_)) data_[[group]] <- factor(data_[[group]])
  model <- clmm(as.formula(formula), data_, control = clmm.control(gradTol = 1e-8, maxIter = 500,
                innerCtrl = "noWarn", method = "nlminb"))
  # Standard errors from the default tolerance: clmm differentiates numerically, and for wine its curvature is off by
  # a hundredth where the tolerance is tight; with the default it is that of clmm2.
  error <- sqrt(diag(vcov(clmm(as.formula(formula), data_, Hess = TRUE))))
  spread <- sapply(VarCorr(model), function(v) sqrt(v[1, 1]))
  list(name = name, kind = "ordinal", formula = formula, data = data, log_likelihood = as.numeric(logLik(model)),
       fixed = lapply(names(model$beta), function(k) row(k, model$beta[[k]], error[[k]])),
       thresholds = lapply(names(model$alpha), function(k) row(k, model$alpha[[k]], error[[k]])),
       random = lapply(names(spread), function(k) list(group = k, value = spread[[k]])))
}

study <- function(people, articles, each, within) {
  frame <- do.call(rbind, lapply(seq_len(people), function(i) {
    if (within) data.frame(participant = i, article = 1 + (i * 3 + seq_len(each) * 5) %% articles)
    else data.frame(participant = i, article = 1 + (i * 3 + seq_len(each) * 5) %% articles + articles * (i %% 2))
  }))
  frame$arm <- ifelse(if (within) frame$article %% 2 == 1 else frame$article > articles, "small", "real")
  frame$signed <- ifelse(frame$arm == "small", 0.5, -0.5)
  latent <- rnorm(people, sd = 1)[frame$participant] + rnorm(2 * articles, sd = 0.7)[frame$article] -
    0.8 * (frame$arm == "small") + rnorm(people, sd = 0.9)[frame$participant] * frame$signed + rlogis(nrow(frame))
  frame$credible <- as.integer(latent > -0.6)
  frame$rating <- as.integer(cut(latent, c(-Inf, -1.5, -0.5, 0.7, Inf)))
  frame$participant <- sprintf("p%03d", frame$participant)
  frame$article <- sprintf("a%02d", frame$article)
  frame
}
between <- study(60, 8, 5, FALSE)
within <- study(50, 12, 8, TRUE)
uneven <- within[-sample(nrow(within), 150), ]
few <- study(70, 2, 2, FALSE)
herds <- transform(cbpp, herd = as.character(herd), period = as.character(period))
flavours <- transform(wine, judge = as.character(judge), temp = as.character(temp), contact = as.character(contact),
                      rating = as.integer(rating))
flat <- herds
flat$incidence <- rbinom(nrow(flat), flat$size, 0.2)

# Several arms a person, and stories of which every arm has a version; drawn last, as the data above must stay.
several <- study(50, 8, 6, TRUE)
several$person_arm <- paste(several$participant, several$arm)
several$story <- sprintf("s%d", (as.integer(sub("a", "", several$article)) - 1) %/% 2)
shift <- setNames(rnorm(4, sd = 0.9), sprintf("s%d", 0:3))[several$story]
several$credible <- as.integer(several$rating + shift + rnorm(nrow(several), sd = 0.5) > 2.3)
several$rating <- as.integer(cut(several$rating + shift + rnorm(nrow(several), sd = 0.7), c(-Inf, 1.5, 2.5, 3.5, Inf)))

cases <- list(
  logistic("cbpp", "incidence ~ period + (1 | herd)", herds, trials = "size"),
  logistic("no variance", "incidence ~ period + (1 | herd)", flat, trials = "size"),
  logistic("between", "credible ~ arm + (1 | participant) + (1 | article)", between),
  logistic("within", "credible ~ arm + (1 | participant) + (1 | article)", within),
  logistic("within, slopes", "credible ~ arm + (1 + signed | participant) + (1 | article)", within),
  logistic("unbalanced", "credible ~ arm + (1 | participant) + (1 | article)", uneven),
  logistic("few articles", "credible ~ arm + (1 | participant) + (1 | article)", few),
  logistic("several arms a person", "credible ~ arm + (1 | participant) + (1 | person_arm) + (1 | article)", several),
  logistic("stories", "credible ~ arm + (1 | participant) + (1 | story) + (1 | article)", several),
  ordinal_model("wine", "rating ~ temp + contact + (1 | judge)", flavours),
  ordinal_model("ordinal between", "rating ~ arm + (1 | participant) + (1 | article)", between),
  ordinal_model("ordinal within", "rating ~ arm + (1 | participant) + (1 | article)", within),
  ordinal_model("ordinal unbalanced", "rating ~ arm + (1 | participant) + (1 | article)", uneven),
  ordinal_model("ordinal, several arms a person", "rating ~ arm + (1 | participant) + (1 | person_arm) + (1 | article)",
                several),
  ordinal_model("ordinal stories", "rating ~ arm + (1 | participant) + (1 | story) + (1 | article)", several)
)
cat(toJSON(cases, auto_unbox = TRUE, digits = 12, na = "null", null = "null", dataframe = "columns"), "\n")
