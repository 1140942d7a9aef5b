use rstest::rstest;

use super::*;

fn milliseconds(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
    values.into_iter().map(Duration::from_millis).collect()
}

fn ceilings(figure: Figure, generator: f64, fake: f64) -> Ceilings {
    Ceilings { generator: Figures::from([(figure, generator)]), fake: Figures::from([(figure, fake)]) }
}

#[rstest]
#[case(50, 50)]
#[case(99, 99)]
#[case(100, 100)]
#[case(0, 1)]
fn a_percentile_is_a_value_that_was_measured(#[case] percent: usize, #[case] expected: u64) {
    let sorted = milliseconds(1..=100);
    assert_eq!(percentile(&sorted, percent), Some(Duration::from_millis(expected)));
    assert_eq!(percentile(&milliseconds([7]), percent), Some(Duration::from_millis(7)));
    assert_eq!(percentile(&[], percent), None);
}

#[test]
fn the_99th_of_few_is_the_worst() {
    assert_eq!(percentile(&milliseconds(1..=50), 99), Some(Duration::from_millis(50)));
}

#[test]
fn the_median_does_not_mind_one_bad_run() {
    assert_eq!(median(vec![3.0, 900.0, 1.0, 2.0, 4.0]), Some(3.0));
    assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
    assert_eq!(median(Vec::new()), None);
}

#[test]
fn medians_are_taken_figure_by_figure_of_the_runs_that_have_it() {
    let runs = [
        Figures::from([(Figure::P50, 1.0), (Figure::P99, 9.0)]),
        Figures::from([(Figure::P50, 2.0)]),
        Figures::from([(Figure::P50, 30.0)]),
    ];
    assert_eq!(medians(&runs), Figures::from([(Figure::P50, 2.0), (Figure::P99, 9.0)]));
}

#[rstest]
#[case::latency(Figure::P99, 200.0, 200.0, true)]
#[case::late(Figure::P99, 200.0, 200.1, false)]
#[case::rate(Figure::SecretRate, 6000.0, 6000.0, true)]
#[case::slow(Figure::SecretRate, 6000.0, 5999.0, false)]
#[case::nothing(Figure::StsCalls, 0.0, 0.0, true)]
#[case::something(Figure::StsCalls, 0.0, 1.0, false)]
fn a_goal_is_met_at_its_limit(
    #[case] figure: Figure,
    #[case] limit: f64,
    #[case] value: f64,
    #[case] met: bool,
) {
    let reached = Figures::from([(figure, value)]);
    assert_eq!(Goal::new(figure, limit).judge(&reached, &Ceilings::default(), 0).met, met);
}

#[test]
fn who_failed_once_has_met_nothing() {
    let judged =
        Goal::new(Figure::P99, 200.0).judge(&Figures::from([(Figure::P99, 1.0)]), &Ceilings::default(), 1);
    assert!(!judged.met && judged.note.contains("1 failed"), "{judged:?}");
}

#[test]
fn what_was_not_measured_is_not_met() {
    let judged = Goal::new(Figure::StsCalls, 0.0).judge(&Figures::new(), &Ceilings::default(), 0);
    assert!(!judged.met && judged.reached.is_none(), "{judged:?}");
}

#[rstest]
#[case::enough(Figure::SecretRate, 6000.0, 0.8, 4000.0, true)]
#[case::slow(Figure::SecretRate, 6000.0, 0.8, 3999.0, false)]
#[case::early(Figure::P99, 200.0, 1.2, 10_800.0, true)]
#[case::late(Figure::P99, 200.0, 1.2, 10_801.0, false)]
fn a_part_of_the_ceiling_does_as_well(
    #[case] figure: Figure,
    #[case] limit: f64,
    #[case] part: f64,
    #[case] value: f64,
    #[case] met: bool,
) {
    // The lower rate is the ceiling of a rate, and the longer time that of a time.
    let (reached, ceilings) = (Figures::from([(figure, value)]), ceilings(figure, 9000.0, 5000.0));
    assert_eq!(Goal::new(figure, limit).or_of_ceiling(part).judge(&reached, &ceilings, 0).met, met);
    assert!(!Goal::new(figure, limit).judge(&reached, &ceilings, 0).met);
}

#[rstest]
#[case(Figure::SecretRate, 4600.0, Some("fake"))]
#[case(Figure::SecretRate, 4400.0, None)]
#[case(Figure::P99, 9900.0, Some("generator"))]
#[case(Figure::P99, 9901.0, None)]
#[case(Figure::Processor, 5000.0, None)]
fn within_a_tenth_the_ceiling_was_the_limit(
    #[case] figure: Figure,
    #[case] value: f64,
    #[case] whose: Option<&str>,
) {
    assert_eq!(ceilings(figure, 9000.0, 5000.0).limit_of(figure, value), whose);
}

#[rstest]
#[case(0.0, "0")]
#[case(0.1234, "0.123")]
#[case(1.5, "1.50")]
#[case(22.34, "22.3")]
#[case(12345.6, "12346")]
#[case(200.0, "200")]
fn numbers_have_few_digits(#[case] value: f64, #[case] text: &str) {
    assert_eq!(number(value), text);
}
