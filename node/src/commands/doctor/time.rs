//! What is found of time: whether certificates hold by this machine's clock, and how far other clocks are away.

use lianfang_desk::{Exit, Problem};
use lianfang_link::{CertificateDer, Validity};
use lianfang_telemetry::doctor::Finding;

use crate::app::{App, Joined};
use crate::ports::Micros;

/// Days before a certificate's end from which on it is a matter; from the smaller number on it is a problem.
const DAYS: (u64, u64) = (30, 7);
/// Seconds that two clocks may lie apart; from the larger number on deadlines and certificates are judged wrongly.
const SECONDS: (u64, u64) = (5, 60);

/// The own certificate and the authority's, by this machine's clock.
pub(super) fn certificates(node: &App, joined: &Joined) -> Vec<Finding> {
    let now = node.clock().now().as_secs();
    let days = |ends: u64| ends.saturating_sub(now) / 86_400;
    let own = joined.identity.validity().map_err(Problem::bug).map(|own| {
        let (begins, ends) = (own.not_before.as_secs(), own.not_after.as_secs());
        if now < begins { behind(now, begins) } else { own_certificate(days(ends), ends <= now) }
    });
    let pinned = joined.context.roster.now();
    let root = CertificateDer::from(pinned.roster.authority_root.as_slice());
    let ends = Validity::of(&root).map(|validity| validity.not_after.as_secs());
    let authority = ends.map(|ends| authority(days(ends), ends <= now)).map_err(Problem::bug);
    vec![Finding::of("certificate", own), Finding::of("authority", authority)]
}

/// Certificates are issued with a few minutes to spare, so it is the clock that is wrong and not the certificate.
fn behind(now: u64, begins: u64) -> Finding {
    let shown = |seconds: u64| {
        let time = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(i64::MAX));
        time.map(|time| time.to_string()).unwrap_or_default()
    };
    Finding::fail("clock", "doctor-clock-behind").with("now", shown(now)).with("begins", shown(begins))
}

fn own_certificate(days: u64, over: bool) -> Finding {
    let finding = match days {
        _ if over => return Finding::fail("certificate", "doctor-certificate-over").exiting(Exit::Refused),
        _ if days < DAYS.1 => Finding::fail("certificate", "doctor-certificate-soon").exiting(Exit::Refused),
        _ if days < DAYS.0 => Finding::warn("certificate", "doctor-certificate-soon"),
        _ => Finding::ok("certificate", "doctor-certificate-ok"),
    };
    finding.with("days", days)
}

fn authority(days: u64, over: bool) -> Finding {
    let finding = match days {
        _ if over => return Finding::fail("authority", "doctor-authority-over").exiting(Exit::Refused),
        _ if days < DAYS.0 => Finding::warn("authority", "doctor-authority-soon"),
        _ => Finding::ok("authority", "doctor-authority-ok"),
    };
    finding.with("days", days)
}

/// How far another clock is away: what it said lies somewhere between question and answer.
pub(super) fn clock(
    check: &'static str,
    party: &str,
    theirs: Micros,
    asked: Micros,
    answered: Micros,
) -> Finding {
    let away =
        if theirs < asked { asked.saturating_sub(theirs) } else { theirs.saturating_sub(answered).max(0) };
    let seconds = u64::try_from(away / 1_000_000).unwrap_or(0);
    let finding = match seconds {
        _ if seconds >= SECONDS.1 => Finding::fail(check, "doctor-clock-off"),
        _ if seconds >= SECONDS.0 => Finding::warn(check, "doctor-clock-off"),
        _ => return Finding::ok(check, "doctor-clock-ok").with("party", party),
    };
    finding.with("party", party).with("seconds", seconds)
}

#[cfg(test)]
mod tests {
    use lianfang_telemetry::doctor::State;

    use super::*;

    fn state(finding: &Finding) -> (State, String) {
        (finding.state(), finding.code().to_owned())
    }

    #[test]
    fn a_clock_is_judged_by_what_lies_between_question_and_answer() {
        let s = 1_000_000;
        let judged = |theirs| clock("clock", "alpha", theirs, 1_000 * s, 1_010 * s).state();
        assert_eq!(judged(1_000 * s), State::Ok);
        assert_eq!(judged(1_010 * s), State::Ok);
        assert_eq!(judged(1_014 * s), State::Ok);
        assert_eq!(judged(1_016 * s), State::Warn);
        assert_eq!(judged(994 * s), State::Warn);
        assert_eq!(judged(939 * s), State::Fail);
        assert_eq!(judged(1_071 * s), State::Fail);
        assert_eq!(judged(i64::MIN), State::Fail);
        assert_eq!(judged(i64::MAX), State::Fail);
    }

    #[test]
    fn certificates_are_told_in_time() {
        assert_eq!(own_certificate(300, false).state(), State::Ok);
        assert_eq!(own_certificate(29, false).state(), State::Warn);
        assert_eq!(own_certificate(6, false).state(), State::Fail);
        assert_eq!(state(&own_certificate(0, true)), (State::Fail, "doctor-certificate-over".to_owned()));
        assert_eq!(authority(29, false).state(), State::Warn);
        assert_eq!(authority(0, true).state(), State::Fail);
        let early = behind(1_000_000_000, 1_700_000_000);
        assert_eq!(
            (early.check(), early.state(), early.code()),
            ("clock", State::Fail, "doctor-clock-behind")
        );
        let said = early.sentence(lianfang_desk::Lang::En);
        assert!(said.contains("2001-09-09") && said.contains("2023-11-14"), "{said}");
        assert!(!early.remedy(lianfang_desk::Lang::Zh).is_empty());
    }
}
