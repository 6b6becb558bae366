"""The report's figures say in words what they show, and show what there is."""

from scipy import stats

from analysis.articles import distributions, summarise_articles
from analysis.crossed import crossed_contrasts
from analysis.mixed.result import VarianceShare
from analysis.plan import Plan
from analysis.report import ArmInfo, StudyInfo, build_report
from analysis.report_figures import MOST_ARTICLES, forest_figure, trend_figure, variance_figure
from analysis.report_json import to_dict
from tests.analysis.ratings import simulated

ARMS = (
    ArmInfo("real", "Originals", "real", level=6000),
    ArmInfo("small", "Small <model>", "synthetic", level=355),
    ArmInfo("large", "Large", "synthetic", level=1500),
)


def test_a_report_holds_all_figures_that_its_data_carry() -> None:
    report = build_report(simulated(people=60), None, Plan(reference="real"), StudyInfo("T", arms=ARMS))
    names = [figure.name for figure in report.figures]
    assert names == [
        "share-credible",
        "mean-outcome",
        "equivalence",
        "trend",
        "distributions",
        "ecdf",
        "articles",
        "variance",
        "models",
        "odds",
        "specifications",
        "agreement",
    ]
    assert all(figure.alt and figure.caption for figure in report.figures)
    assert "<model>" not in "".join(figure.svg for figure in report.figures)


def test_the_main_sentence_and_table_are_the_crossed_models() -> None:
    report = build_report(simulated(people=60), None, Plan(reference="real"), StudyInfo("T", arms=ARMS))
    assert report.crossed is not None
    row = report.crossed.rows[0]
    assert "crossed mixed model of 60 readers and 18 articles" in report.main_sentence
    assert f"{abs(row.estimate):.2f}" in report.sentences[0]
    assert [table.name for table in report.tables][:2] == ["design", "crossed"]
    assert "articles-fixed" not in {caution.code for caution in report.cautions}
    # What holds the articles fixed says so where it stands, and the sentence has no interval of it.
    assert "(no test)" in report.sentences[0]
    assert report.sentences[0].count("interval") == 1
    tables = {table.name: table for table in report.tables}
    assert "people and articles are both samples" in tables["crossed"].caption
    for name in ("arms", "means", "shares", "share-pairs", "omnibus", "pairwise", "ranks", "distribution-tests"):
        assert "held fixed" in tables[name].caption, name


def test_one_article_an_arm_is_no_sample_of_articles_anywhere() -> None:
    ratings = simulated(people=60, within=True).assign(article=lambda rows: rows["arm"])
    report = build_report(ratings, None, Plan(reference="real"), StudyInfo("T", arms=ARMS))
    assert report.crossed is not None
    assert report.crossed.fit is not None
    (table,) = (table for table in report.tables if table.name == "crossed")
    assert "the articles are held fixed" in table.caption
    assert "3 articles held fixed, so that it speaks of these articles only" in report.sentences[0]
    everything = " ".join([*report.sentences, *report.methods, table.caption])
    assert "both samples" not in everything
    assert "crossed random samples" not in everything


def test_people_who_read_every_arm_have_the_models_omnibus_test_and_pairs() -> None:
    report = build_report(simulated(people=60, within=True), None, Plan(reference="real"), StudyInfo("T", arms=ARMS))
    assert report.crossed is not None
    tables = {table.name: table for table in report.tables}
    ((name, _, statistic, df, _, _),) = tables["omnibus"].rows
    assert (name, statistic, df) == ("Mixed model F", f"{report.crossed.omnibus.statistic:.2f}", "2")
    assert len(tables["crossed-pairs"].rows) == 3
    found = to_dict(report)["results"]["crossed"]
    assert found["omnibus"]["p_value"] == report.crossed.omnibus.p_value
    assert [row["contrast"] for row in found["pairs"]] == ["small - real", "large - real", "large - small"]


def test_the_sentence_and_the_equivalence_section_judge_a_difference_by_the_same_p() -> None:
    frame = simulated(people=60, shift=0)
    for row, p in zip(crossed_contrasts(frame, Plan(reference="real")).rows, (0.8, 0.035), strict=True):
        # A constant added to an arm moves its estimate alone.
        wanted = float(stats.t.isf(p / 2, row.df)) * row.std_error
        frame.loc[frame["arm"] == row.arm, "credibility"] += wanted - row.estimate
    report = build_report(frame, None, Plan(reference="real", equivalence_bound=0.1), StudyInfo("T"))
    assert report.crossed is not None
    (row,) = (row for row in report.crossed.rows if row.p_value < 0.05 < row.p_adjusted)
    (section,) = (section for section in report.sections if section.name == "equivalence")
    main = next(sentence for sentence in report.sentences if sentence.startswith(row.arm))
    again = next(sentence for sentence in section.sentences if sentence.startswith(row.arm))
    assert "was not shown to differ" in main
    assert "undecided" in again
    assert f"p = {row.p_adjusted:.3f} (Holm)" in again
    would = f"difference of {row.detectable_adjusted:.2f} would "
    assert f"{would}have been found in at least four of five" in main
    assert f"{would}be found in at least four of five" in again


def test_without_articles_there_is_no_model_and_people_are_compared() -> None:
    frame = simulated(people=60).drop(columns="article").drop_duplicates(["participant", "arm"])
    report = build_report(frame, None, Plan(reference="real"), StudyInfo("T", arms=ARMS, articles_known=False))
    assert report.crossed is None
    assert "Welch t, Holm" in report.main_sentence
    assert "articles" not in {figure.name for figure in report.figures}


def test_of_many_articles_the_lowest_and_highest_of_each_arm_are_shown_and_that_is_said() -> None:
    frame = simulated(people=400)
    frame["article"] = [f"{arm}-{n % 90}" for n, arm in enumerate(frame["arm"])]
    rows = summarise_articles(frame, "credibility", ["real", "small", "large"], 0.05).rows
    assert len(rows) > MOST_ARTICLES
    figure = forest_figure(rows, {}, "real", 0.95, "index")
    assert f"of {len(rows)} articles" in figure.caption
    assert rows[0].article in figure.svg


def test_the_trend_is_on_a_logarithmic_axis_where_sizes_differ_by_far() -> None:
    points = [("L", 1500.0, 6.9, 6.5, 7.2), ("S", 355.0, 6.1, float("nan"), float("nan"))]
    assert "logarithmic" in trend_figure(points, ("Originals", 7.0), "index").caption
    near = [("A", 1.0, 5.0, 4.0, 6.0), ("B", 2.0, 6.0, 5.0, 7.0)]
    assert "logarithmic" not in trend_figure(near, None, "index").caption


def test_sources_of_variance_are_named_in_words() -> None:
    figure = variance_figure([VarianceShare("participant", 1.0, 0.25)], {"participant": "between people"})
    assert "between people: 25.0%" in figure.alt
    assert distributions(simulated(people=6), "credibility", ["real"])
