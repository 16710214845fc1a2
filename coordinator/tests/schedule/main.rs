//! Schedules as functions: when runs are planned, which are due, what becomes of those that were missed.

#![expect(clippy::unwrap_used, reason = "tests")]

mod clocks;
mod due;
mod fates;
mod rhythm;

use lianfang_coordinator::job::template::{Template, Who};
use lianfang_coordinator::ports::Micros;
use lianfang_coordinator::schedule::plan::{CatchUp, Plan, TooSoon};
use lianfang_coordinator::schedule::rhythm::{Rhythm, Zone};
use lianfang_proto::catalogue::{Class, Disclosure};

const MINUTE: Micros = 60 * 1_000_000;
const HOUR: Micros = 60 * MINUTE;
const DAY: Micros = 24 * HOUR;

/// The instant that this names, with its distance from UTC.
fn at(text: &str) -> Micros {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn template() -> Template {
    Template {
        class: Class::Subject,
        who: Who::All,
        match_threshold: 2,
        disclosure: Disclosure::Labels,
        kinds: Vec::new(),
        roles: Vec::new(),
        chunk_elements: 64,
        size_cap: 1_000,
        least_rows: 64,
        deadline: 3 * DAY,
        deadlines: std::collections::BTreeMap::new(),
        reminders: vec![DAY, 6 * HOUR],
        grace: HOUR,
        purpose: "test".to_owned(),
        legal_basis: "test".to_owned(),
    }
}

/// Mondays at two in Shanghai, and no rule that bites.
fn weekly() -> Plan {
    Plan {
        rhythm: Rhythm::weekly("mon@02:00").unwrap(),
        zone: zone("Asia/Shanghai"),
        from: None,
        until: None,
        catch_up: CatchUp::RunLast,
        overlap: TooSoon::Wait,
        min_interval: 0,
        min_change: 0,
        template: template(),
    }
}

#[test]
fn a_plan_survives_the_store() {
    let until = "2027-06-30".parse().unwrap();
    let rhythms = [
        Rhythm::weekly("mon,thu@02:00").unwrap(),
        Rhythm::monthly("last@23:59").unwrap(),
        Rhythm::cron("0 2 29 2 *").unwrap(),
        Rhythm::once("2027-01-15T02:00").unwrap(),
    ];
    for rhythm in rhythms {
        let bank = |name| lianfang_proto::ids::BankId::parse(name, "bank").unwrap();
        let mut plan = Plan { rhythm, until: Some(until), catch_up: CatchUp::RunAll(5), ..weekly() };
        plan.template.who = Who::Banks(vec![bank("alpha"), bank("beta")]);
        plan.template.deadlines.insert(bank("beta"), 5 * DAY);
        let stored = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
        assert!(serde_json::from_str::<Plan>(&stored.replacen("rhythm", "rythm", 1)).is_err());
    }
}
