use super::*;
use time::macros::datetime;

const BEGIN: OffsetDateTime = datetime!(2026-11-22 10:00:00 UTC);

fn life(days: i64, child: i64, cadence: &Cadence) -> Deadlines {
    let end = BEGIN + Duration::days(days) - Duration::SECOND;
    cadence.deadlines(BEGIN, end, Duration::days(child))
}

/// In whole days since the beginning, rounded.
fn days(moment: OffsetDateTime) -> i64 {
    ((moment - BEGIN).whole_seconds() + 43_200) / 86_400
}

#[test]
fn an_intermediate_is_rotated_a_lead_before_its_signing_stop() {
    let it = life(3 * 365, 90, &Cadence::intermediate());
    assert_eq!([it.due, it.rotate_by, it.signing_stop].map(days), [754, 975, 1005]);
    assert_eq!(it.signing_stop - it.rotate_by, Duration::days(30));
    let stages: Vec<(Stage, i64)> =
        it.stages.iter().map(|(stage, at)| (*stage, days(*at))).collect();
    let expected = [
        (Stage::Notice, 795),
        (Stage::Warning, 915),
        (Stage::Critical, 945),
        (Stage::Overdue, 975),
        (Stage::Stopped, 1005),
        (Stage::Expired, 1095),
    ];
    assert_eq!(stages, expected);
}

#[test]
fn a_leaf_is_due_after_two_thirds_and_to_be_replaced_a_floor_before_its_end() {
    let it = life(30, 0, &Cadence::identity());
    assert_eq!([it.due, it.rotate_by, it.signing_stop, it.end].map(days), [20, 25, 30, 30]);
    assert_eq!(it.stages[0], (Stage::Notice, it.due.max(it.rotate_by - Duration::days(5))));
    // A leaf signs nothing: its signing stop is its end, and one stage stands for both.
    assert!(it.stages.iter().all(|(stage, _)| *stage != Stage::Stopped));
}

#[test]
fn a_stage_begins_at_its_moment_and_not_a_second_before() {
    for it in [life(30, 0, &Cadence::identity()), life(7300, 1095, &Cadence::root())] {
        let mut before = Stage::Quiet;
        for (stage, at) in &it.stages {
            assert_eq!(it.stage(*at - Duration::SECOND), before);
            assert_eq!(it.stage(*at), *stage);
            assert_eq!(it.next(*at - Duration::SECOND), Some((*stage, *at)));
            before = *stage;
        }
        // The last second is part of the life (RFC 5280 section 4.1.2.5).
        assert!(it.stage(it.end) < Stage::Expired);
        assert_eq!(it.stage(it.end + Duration::SECOND), Stage::Expired);
        assert_eq!(it.next(it.end + Duration::SECOND), None);
    }
}

/// However short a life and long its floor, lead and warnings: it is announced before it is to be
/// replaced, and that is before its end.
#[test]
fn in_every_life_there_is_time_to_be_told() {
    let long = Cadence::new((9, 10), 400, 400, Warnings::days(&[900, 800, 700]));
    let cadences = [Cadence::root(), Cadence::intermediate(), Cadence::root_crl(), long];
    for cadence in cadences.into_iter().chain([Cadence::crl(), Cadence::identity()]) {
        for hours in [1, 2, 24, 72, 200, 720, 8760, 175_200] {
            let end = BEGIN + Duration::hours(hours);
            let it = cadence.deadlines(BEGIN, end, Duration::ZERO);
            assert!(it.begin < it.due && it.due < it.rotate_by, "{it:?}");
            assert!(it.rotate_by < it.signing_stop && it.signing_stop <= it.end, "{it:?}");
            assert_eq!(it.stage(it.due - Duration::SECOND), Stage::Quiet);
            let said = it.stages[0];
            assert!(said.0 < Stage::Overdue && said.1 < it.rotate_by, "{it:?}");
            assert!(it.stages.windows(2).all(|pair| pair[0] < pair[1] && pair[0].1 < pair[1].1));
        }
    }
}

#[test]
fn children_that_live_long_make_a_parent_useless_early() {
    let cadence = Cadence::intermediate();
    assert!(!life(1095, 90, &cadence).is_useless_early());
    assert!(life(1095, 700, &cadence).is_useless_early());
    // Nothing of full lifetime can ever be signed.
    let never = life(365, 730, &cadence);
    assert!(never.is_useless_early());
    assert_eq!(never.signing_stop, never.begin);
}

#[test]
fn declarations_say_what_they_change() {
    let declared: Declared =
        toml::from_str("rotate = \"75%\"\nfloor = \"3d\"\nwarn = [\"9d\", \"2d\"]\n").unwrap();
    let cadence = Cadence::identity().with(&declared);
    let it = life(100, 0, &cadence);
    assert_eq!([it.due, it.rotate_by].map(days), [75, 97]);
    let stages: Vec<Stage> = it.stages.iter().map(|(stage, _)| *stage).collect();
    assert_eq!(stages, [Stage::Notice, Stage::Warning, Stage::Overdue, Stage::Expired]);
    assert_eq!(Cadence::root().with(&Declared::default()), Cadence::root());
}

#[test]
fn nonsense_is_named() {
    for text in
        ["", "2", "/", "2/", "/3", "0/3", "3/3", "4/3", "-1/3", "+1/3", "100%", "0%", "2/300"]
    {
        assert!(text.parse::<Fraction>().is_err(), "{text}");
    }
    for text in ["2/3", "75%", "1/2"] {
        assert_eq!(text.parse::<Fraction>().unwrap().to_string(), text);
    }
    for text in ["[]", "[\"1d\", \"2d\"]", "[\"1d\", \"1d\"]", "[\"4d\", \"3d\", \"2d\", \"1d\"]"] {
        let error = toml::from_str::<Declared>(&format!("warn = {text}")).unwrap_err();
        assert!(error.to_string().contains("expected one to three, each shorter"), "{error}");
    }
    for stage in Stage::SAID {
        assert_eq!(stage.word().parse(), Ok(stage));
    }
}
