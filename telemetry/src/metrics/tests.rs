use super::*;

#[test]
fn names_follow_the_rules() {
    let mut names: Vec<_> = ALL.iter().map(|metric| metric.name).collect();
    let units = ["_seconds", "_bytes", "_elements", "_ratio", "_total", "_info", "_rows", "_files"];
    let bare = [
        "_jobs",
        "_fault",
        "_submissions",
        "_open",
        "_members",
        "_version",
        "_alarm",
        "_entries",
        "_ready",
        "_way",
    ];
    for metric in ALL {
        assert!(metric.name.starts_with("lianfang_") && metric.help.ends_with('.'), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
        let known = units.iter().chain(&bare).any(|end| metric.name.ends_with(end));
        assert!(known, "{} tells no unit", metric.name);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn counters_last_and_gauges_do_not() {
    let metrics = Metrics::default();
    let code = [Label::word(Key::Code, "expired")];
    metrics.count(&HANDSHAKES_FAILED, &code, 2);
    metrics.clone().count(&HANDSHAKES_FAILED, &code, 1);
    let moment = Moment::default();
    moment.set(&QUOTA_LEFT, &[Label::party(Key::Entity, "alpha"), Label::word(Key::Class, "hashed")], 4.0);
    let text = metrics.render(&moment);
    assert!(text.contains("lianfang_handshakes_failed_total{code=\"expired\"} 3\n"), "{text}");
    assert!(text.contains("lianfang_quota_left_elements{entity=\"alpha\",class=\"hashed\"} 4\n"), "{text}");
    assert!(text.contains("# HELP lianfang_quota_left_elements Elements that"), "{text}");
    let later = metrics.render(&Moment::default());
    assert!(later.contains("} 3\n") && !later.contains("lianfang_quota_left"), "{later}");
}

#[test]
fn parties_do_not_share_numbers() {
    let (one, other) = (Metrics::default(), Metrics::default());
    one.count(&BYTES_SENT, &[Label::word(Key::Peer, "holders")], 5);
    let told = "lianfang_bytes_sent_total{peer=\"holders\"} 5\n";
    assert!(one.render(&Moment::default()).contains(told));
    assert!(!other.render(&Moment::default()).contains(told));
}

#[test]
fn durations_fall_into_bounds() {
    let metrics = Metrics::default();
    let labels = [Label::word(Key::Service, "Jobs"), Label::word(Key::Method, "GetJob")];
    for _ in 0..3 * UPKEEP {
        metrics.took(&CALL_SECONDS, &labels, Duration::from_millis(30));
    }
    let text = metrics.render(&Moment::default());
    let series = "lianfang_call_seconds_bucket{service=\"Jobs\",method=\"GetJob\"";
    assert!(text.contains(&format!("{series},le=\"0.02\"}} 0\n")), "{text}");
    assert!(text.contains(&format!("{series},le=\"0.05\"}} 3072\n")), "{text}");
    assert!(text.contains(&format!("{series},le=\"+Inf\"}} 3072\n")), "{text}");
}

#[test]
fn what_is_no_name_is_not_told() {
    for data in ["110105 491231002", "139 1234", "A", "a\"b", "", &"x".repeat(33), "-a"] {
        let label = Label::party(Key::Bank, data);
        assert_eq!(label, Label::word(Key::Bank, "other"), "{data}");
    }
    assert_eq!(Label::party(Key::Bank, "bank-1"), Label::word(Key::Bank, "bank-1"));
}
