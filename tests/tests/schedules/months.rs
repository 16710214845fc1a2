//! One schedule, every week for half a year.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lianfang_proto::catalogue::{Disclosure, Kind};
use lianfang_tests::oracle::{ClearBank, Told};
use lianfang_tests::world::{COORDINATOR, World};
use serde_json::json;

use super::stage::{
    DAY, HOUR, Identifier, add, compared, entering, identifiers, records, register, shown, started,
    to_next_run,
};

/// A bank and what the test knows of it.
#[derive(Default)]
struct Known {
    /// Its register.
    file: String,
    /// Identifiers whose outputs it has.
    cached: BTreeSet<Identifier>,
    /// What its last report of the schedule told of.
    told: Option<Told>,
}

struct Months {
    world: World,
    banks: BTreeMap<String, Known>,
    jobs: Vec<String>,
}

impl Months {
    async fn import(&mut self, bank: &str, number: usize, week: usize) {
        let file = register(number, week);
        let known = self.banks.entry(bank.to_owned()).or_default();
        if known.file == file {
            return;
        }
        let path = self.world.dir(bank).join("register.csv");
        std::fs::write(&path, &file).expect("the register is written");
        let words = ["import", &path.display().to_string(), "--full"];
        self.world.run(bank, &words).await.json();
        known.file = file;
    }

    /// Every report of the run is what it must be; only what is new was evaluated.
    async fn check(&mut self, job: &str, present: &[&str]) {
        let clear = present.iter().map(|bank| entering(bank, &records(&self.banks[*bank].file), Kind::ALL));
        let clear: Vec<ClearBank> = clear.collect();
        let before = self.banks.iter().filter_map(|(bank, known)| Some((bank.clone(), known.told.clone()?)));
        let before: BTreeMap<String, Told> = before.collect();
        let found = compared(&self.world, job, &clear, Disclosure::Institutions, &before).await;
        for (bank, (shown, told)) in found {
            let figures = &shown["figures"];
            let own = identifiers(clear.iter().find(|one| one.id == bank).expect("a bank"));
            let known = self.banks.get_mut(&bank).expect("a bank");
            let new = own.difference(&known.cached).count() as u64;
            assert_eq!(figures["evaluated"], new, "{bank}: only what is new is evaluated");
            // Beyond that, nothing but the padded rows is sent.
            let rows = 64 * lianfang_proto::row::row_bytes(Disclosure::Institutions) as u64;
            if new == 0 {
                assert!(figures["bytes_sent"].as_u64().expect("a count") < rows + 2_048, "{bank}: {figures}");
            }
            known.cached = own;
            known.told = Some(told);
        }
    }
}

/// Six months of weekly runs: one bank late, one away, one that joins; the coordinator off for three weeks; a clock that is
/// set back.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn six_months_of_weekly_runs() {
    let five = ["alpha", "beta", "delta", "epsilon", "gamma"];
    let six = ["alpha", "beta", "delta", "epsilon", "gamma", "zeta"];
    let world = World::new(&six).await;
    for bank in five {
        world.enrol(bank, bank).await;
    }
    world.agree(&["alpha", "beta"], 2).await;
    let options =
        ["--weekly", "mon@02:00", "--disclosure", "institutions", "--deadline", "3d", "--grace", "6h"];
    add(&world, "weekly", &[&options[..], &["--remind", "1d", "--until", "2027-12-31"]].concat()).await;
    let mut months = Months { world, banks: BTreeMap::new(), jobs: Vec::new() };
    let mut missed = 0;
    for week in 0..26 {
        if week == 10 {
            months.world.enrol("zeta", "zeta").await;
        }
        let mut present: Vec<&str> = if week < 10 { five.to_vec() } else { six.to_vec() };
        for (number, bank) in six.iter().enumerate().filter(|(_, bank)| present.contains(bank)) {
            months.import(bank, number, week).await;
        }
        if week == 13 {
            months.world.stop(COORDINATOR).await;
            months.world.clock.pass(21 * DAY);
            missed = 2;
            months.world.start(COORDINATOR).await;
        } else {
            let absent = [(5, "delta"), (8, "epsilon")].into_iter().find(|(of, _)| *of == week);
            if let Some((_, bank)) = absent {
                months.world.stop(bank).await;
            }
            to_next_run(&months.world, "weekly").await;
        }
        let job = started(&months.world, "weekly", week + 1).await;
        match week {
            5 => {
                // Late, and within the grace.
                months.world.stage("alpha", &job, "submitted").await;
                months.world.clock.pass(3 * DAY + HOUR);
                months.world.start("delta").await;
            }
            8 => {
                for bank in ["alpha", "beta", "delta", "gamma"] {
                    months.world.stage(bank, &job, "submitted").await;
                }
                months.world.clock.pass(3 * DAY + 7 * HOUR);
                present.retain(|bank| *bank != "epsilon");
            }
            _ => {}
        }
        months.check(&job, &present).await;
        months.world.closed(&job).await;
        if week == 8 {
            months.world.start("epsilon").await;
        }
        if week == 18 {
            months.world.clock.back(2 * DAY);
            tokio::time::sleep(Duration::from_millis(600)).await;
            months.world.clock.pass(2 * DAY);
        }
        months.jobs.push(job);
    }
    let shown = shown(&months.world, "weekly").await;
    let runs = shown["runs"].as_array().expect("runs");
    assert_eq!(runs.iter().filter(|run| run["fate"] == "started").count(), 26);
    assert_eq!(runs.iter().filter(|run| run["fate"] == "missed").count(), missed);
    assert_eq!(runs.len(), 26 + missed);
    let of = |number: usize| runs.iter().find(|run| run["number"] == number).expect("a run");
    assert_eq!((&of(6)["late"], &of(9)["missing"]), (&json!(["delta"]), &json!(["epsilon"])));
    assert!(months.jobs.iter().collect::<BTreeSet<_>>().len() == 26);
    for (number, job) in months.jobs.iter().enumerate() {
        let shown = months.world.run(COORDINATOR, &["job", "show", job]).await.json();
        let before = number.checked_sub(1).map(|before| months.jobs[before].clone());
        assert_eq!((&shown["predecessor"], &shown["schedule"]), (&json!(before), &json!("weekly")));
    }
    months.world.end().await;
}
