# Makes the main table of a report anew from an export's long ratings, with lme4 and lmerTest.
#
#   Rscript docs/r/main_table.R table-ratings_data.csv main-table.csv [outcome] [reference]
#
# The outcome is 'credibility' unless you name another column; the reference is the arm of real articles unless you name
# one. Every rating in the file counts: where the plan excludes some, give a file without them, such as the one that
# docs/notebooks/analysis.ipynb writes. The columns' names are those of analysis/crossed.py.
alpha <- 0.05

fail <- function(...) {
  message("main_table.R: ", ...)
  quit(status = 1)
}

read_ratings <- function(path, outcome) {
  if (!l10n_info()[["UTF-8"]]) fail("start R in a UTF-8 locale, such as with LC_ALL=C.UTF-8")
  if (!file.exists(path)) fail("there is no file ", path)
  ratings <- read.csv(path, colClasses = "character", check.names = FALSE, na.strings = NULL, encoding = "UTF-8")
  names(ratings) <- sub("^\ufeff", "", names(ratings))
  for (name in c("participant", "article", "arm", outcome)) {
    if (!name %in% names(ratings)) fail(path, " has no column '", name, "'")
  }
  if ("mode" %in% names(ratings) && length(unique(ratings$mode)) > 1) {
    fail(path, " holds several modes (", paste(sort(unique(ratings$mode)), collapse = ", "), "): keep one of them")
  }
  twice <- which(duplicated(ratings[c("participant", "article")]))
  if (length(twice)) fail("row ", twice[1] + 1, " of ", path, ": this participant rated this article before")
  if (!nrow(ratings)) fail("there are no ratings in ", path)
  ratings$rating <- numbers(ratings[[outcome]], outcome, path)
  ratings
}

numbers <- function(text, outcome, path) {
  missing <- trimws(tolower(text)) %in% c("", "na", "n/a", "nan", "null", "none", ".")
  values <- suppressWarnings(as.numeric(ifelse(missing, NA, text)))
  wrong <- which(!missing & !is.finite(values))
  if (length(wrong)) fail("row ", wrong[1] + 1, " of ", path, ": '", text[wrong[1]], "' in ", outcome, " is no number")
  values
}

reference_arm <- function(ratings, asked) {
  arms <- sort(unique(ratings$arm), method = "radix")
  if (!is.na(asked)) {
    if (!asked %in% arms) fail("the reference '", asked, "' is no arm; there are ", paste(arms, collapse = ", "))
    return(asked)
  }
  real <- unique(ratings$arm[ratings$origin == "real"])
  if (length(real) == 1) real else arms[1]
}

# The largest random part that the design carries, as analysis/crossed_terms.py chooses it.
random_part <- function(rated) {
  count <- function(...) nrow(unique(rated[c(...)]))
  n <- nrow(rated)
  people <- count("participant")
  cells <- count("participant", "arm")
  articles <- count("article")
  versions <- count("article", "arm")
  if (cells == people && min(table(unique(rated[c("participant", "arm")])$arm)) == 1) {
    fail("everybody is in one arm, and an arm has one participant only: there is no mixed model")
  }
  several <- in_several_arms(rated, "participant")
  slope <- several && "signed" %in% names(rated) && n > 2 * people &&
    tells_apart(unique(rated[c("participant", "signed")]), "participant")
  if (slope) several <- tells_apart(unique(rated[c("participant", "signed", "arm")]), c("participant", "signed"))
  terms <- character()
  if (people > 1 && tells_apart(rated, "participant")) {
    terms <- c(
      if (slope) "(1 + signed | participant)" else "(1 | participant)",
      if (several && tells_apart(rated, c("participant", "arm"))) "(1 | participant:arm)"
    )
  }
  crossing <- versions > articles
  if (articles >= 2 && (crossing || articles > count("arm")) && tells_apart(rated, "article")) {
    several <- in_several_arms(rated, "article") && tells_apart(rated, c("article", "arm"))
    terms <- c(terms, of_stories(rated), "(1 | article)", if (several) "(1 | article:arm)")
  }
  if (!length(terms)) fail("too few people and articles have more than one rating: there is no mixed model")
  paste(terms, collapse = " + ")
}

# Whether rows can tell groups from what varies within them: ten beyond the first of each, or groups so large that
# leaving them in the residual would understate the arms' variance by more than a fifth.
tells_apart <- function(rows, group) {
  sizes <- sizes_of(rows, group)
  nrow(rows) - length(sizes) >= 10 || inflation(rows, group) > 1.2
}

# Whether enough people, or articles, are in several arms: a single one tells nothing of how far they differ in it.
in_several_arms <- function(rated, group) {
  placed <- unique(rated[c(group, "arm")])
  sum(sizes_of(placed, group) > 1) > 1 && tells_apart(placed, group)
}

sizes_of <- function(rows, group) as.numeric(table(do.call(paste, c(rows[group], sep = "\r"))))

# The largest design effect of groups: over all rows, or, where rows have arms, in the variance of some two arms'
# difference, since a small arm of groups would else be hidden by a large one of single rows.
inflation <- function(rows, group) {
  sizes <- sizes_of(rows, group)
  found <- sum(sizes^2) / nrow(rows)
  parts <- if ("arm" %in% names(rows)) lapply(split(rows, rows$arm), sizes_of, group)
  if (length(parts) > 1) {
    clustered <- vapply(parts, function(part) sum(part^2) / sum(part)^2, 0)
    single <- vapply(parts, function(part) 1 / sum(part), 0)
    found <- c(found, combn(length(parts), 2, function(two) sum(clustered[two]) / sum(single[two])))
  }
  max(found)
}

# What several articles that tell one story share; an article without a story is one of its own.
of_stories <- function(rated) {
  if (!"story" %in% names(rated)) return(NULL)
  count <- function(...) nrow(unique(rated[c(...)]))
  stories <- count("story")
  apart <- count("story", "arm") == stories && stories <= count("arm")
  groups <- stories > 1 && stories < count("article") && count("article", "story") == count("article")
  if (groups && !apart) "(1 | story)"
}

# Tighter than lme4's defaults, so that the last digits are the data's and not the optimiser's.
tight <- function() {
  lme4::lmerControl(
    optimizer = "bobyqa", optCtrl = list(rhobeg = 0.1, rhoend = 1e-10, maxfun = 100000),
    calc.derivs = FALSE, check.conv.singular = "ignore"
  )
}

need_packages <- function() {
  for (package in c("lme4", "lmerTest")) {
    if (!requireNamespace(package, quietly = TRUE)) fail("R has no ", package, ": install.packages(\"", package, "\")")
  }
}

main_table <- function(rated, reference) {
  arms <- c(reference, setdiff(sort(unique(rated$arm), method = "radix"), reference))
  if (length(arms) < 2 || !reference %in% rated$arm) fail("fewer than two arms have ratings, or the reference has none")
  random <- random_part(rated)
  need_packages()
  rated$arm <- factor(rated$arm, levels = arms)
  formula <- as.formula(paste("rating ~ arm +", random))
  message("Model: ", paste(deparse(formula, width.cutoff = 500), collapse = ""), ", REML, Satterthwaite")
  model <- lmerTest::lmer(formula, rated, control = tight())
  if (lme4::isSingular(model)) message("The fit is singular: a variance is estimated as nought.")
  count <- function(column, arm) length(unique(rated[[column]][rated$arm == arm]))
  rows <- lapply(arms[-1], function(arm) {
    weights <- as.numeric(names(lme4::fixef(model)) == paste0("arm", arm))
    found <- lmerTest::contest1D(model, weights, ddf = "Satterthwaite", confint = TRUE, level = 1 - alpha)
    data.frame(
      contrast = paste(arm, "-", reference), arm = arm, reference = reference,
      estimate = found$Estimate, std_error = found[["Std. Error"]], statistic = found[["t value"]], df = found$df,
      p_value = found[["Pr(>|t|)"]], p_adjusted = NA, ci_low = found$lower, ci_high = found$upper,
      n = count("participant", arm), n_reference = count("participant", reference),
      n_articles = count("article", arm), n_articles_reference = count("article", reference)
    )
  })
  table <- do.call(rbind, rows)
  table$p_adjusted <- p.adjust(table$p_value, "holm")
  table
}

given <- commandArgs(trailingOnly = TRUE)
if (!length(given) %in% 2:4) fail("say what to read and what to write: FILE.csv OUT.csv [outcome] [reference]")
outcome <- if (length(given) > 2) given[3] else "credibility"
ratings <- read_ratings(given[1], outcome)
reference <- reference_arm(ratings, given[4])
rated <- ratings[!is.na(ratings$rating), ]
if ("origin" %in% names(rated) && all(rated$origin %in% c("real", "synthetic"))) {
  rated$signed <- ifelse(rated$origin == "synthetic", 0.5, -0.5)
}
if ("story" %in% names(rated)) {
  rated$story <- ifelse(rated$story %in% c(NA, ""), paste("article", rated$article), rated$story)
}
table <- main_table(rated, reference)
print(table[c("contrast", "estimate", "std_error", "df", "p_value", "ci_low", "ci_high")], row.names = FALSE)
write.csv(table, given[2], row.names = FALSE)
