# Makes discernment.json: reference values for every pair of arms and for discernment, from base R and effectsize.
# Run from this folder: Rscript discernment.R
suppressPackageStartupMessages({library(jsonlite); library(effectsize)})
set.seed(20220301)

people <- data.frame(participant = sprintf("p%02d", 1:61), arm = rep(c("real", "small", "large"), length.out = 61))
articles <- data.frame(article = sprintf("a%d", 1:8), truth = rep(c(1, 0), 4))
ratings <- merge(people, articles)
skill <- c(real = .9, small = .2, large = .5)[ratings$arm]
ratings$yes <- rbinom(nrow(ratings), 1, plogis(.2 + skill * (2 * ratings$truth - 1)))
ratings$yes[sample(nrow(ratings), 25)] <- NA
ratings <- ratings[order(ratings$participant, ratings$article), ]

given <- ratings[!is.na(ratings$yes), ]
rate <- function(truth) with(given[given$truth == truth, ], tapply(yes, participant, mean))[people$participant]
# Shares such as 3/4 - 1/2 and 1/4 are ties, whatever their last bit says.
people$value <- round(as.numeric(rate(1) - rate(0)), 12)
stopifnot(!anyNA(people$value))
samples <- split(people$value, factor(people$arm, levels = c("large", "real", "small")))

pairs <- list(c("real", "large"), c("small", "large"), c("small", "real"))
one <- function(pair) {
  a <- samples[[pair[1]]]; b <- samples[[pair[2]]]
  t <- t.test(a, b); u <- suppressWarnings(wilcox.test(a, b, exact = FALSE, correct = TRUE))
  d <- effectsize::cohens_d(a, b, pooled_sd = TRUE); g <- effectsize::hedges_g(a, b, pooled_sd = TRUE)
  list(contrast = paste(pair[1], "-", pair[2]), estimate = unname(t$estimate[1] - t$estimate[2]), std_error = t$stderr,
       statistic = unname(t$statistic), df = unname(t$parameter), p_value = t$p.value, ci_low = t$conf.int[1],
       ci_high = t$conf.int[2], cohens_d = d$Cohens_d, hedges_g = g$Hedges_g, hedges_g_ci_low = d$CI_low,
       hedges_g_ci_high = d$CI_high, u_statistic = unname(u$statistic), u_p_value = u$p.value)
}
rows <- lapply(pairs, one)
adjust <- function(name) {
  p <- sapply(rows, `[[`, name); prefix <- if (name == "u_p_value") "u_p_" else "p_"
  for (method in c("bonferroni", "holm", "BH")) {
    q <- p.adjust(p, method)
    for (i in seq_along(rows)) rows[[i]][[paste0(prefix, tolower(method))]] <<- q[i]
  }
}
adjust("p_value"); adjust("u_p_value")

group <- factor(people$arm)
welch <- oneway.test(value ~ group, people); classical <- oneway.test(value ~ group, people, var.equal = TRUE)
kruskal <- kruskal.test(value ~ group, people)
deviation <- abs(people$value - ave(people$value, group))
levene <- oneway.test(deviation ~ group, var.equal = TRUE)
f <- function(t) list(statistic = unname(t$statistic), df = unname(t$parameter[1]),
                      df_within = unname(t$parameter[2]), p_value = t$p.value)

out <- list(
  made_by = paste(R.version.string, "effectsize", packageVersion("effectsize")),
  ratings = ratings,
  values = people,
  arms = lapply(samples, function(x) { t <- t.test(x)
    list(estimate = mean(x), std_error = t$stderr, ci_low = t$conf.int[1], ci_high = t$conf.int[2], n_people = length(x)) }),
  pairs = rows,
  omnibus = list("Welch's ANOVA" = f(welch), "Classical ANOVA" = f(classical), "Levene" = f(levene),
                 "Kruskal-Wallis" = list(statistic = unname(kruskal$statistic), df = unname(kruskal$parameter),
                                         p_value = kruskal$p.value))
)
write_json(out, "discernment.json", digits = NA, auto_unbox = TRUE, pretty = 1, na = "null")
