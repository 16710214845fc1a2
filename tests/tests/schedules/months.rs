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

const FIVE: [&str; 5] = ["alpha", "beta", "delta", "epsilon", "gamma"];
const SIX: [&str; 6] = ["alpha", "beta", "delta", "epsilon", "gamma", "zeta"];
/// What happens, and in which week: a bank is late, one is away, one joins; the coordinator is off; a clock is set back.
const LATE: (usize, &str) = (5, "delta");
const AWAY: (usize, &str) = (8, "epsilon");
const JOINS: usize = 10;
const OFF: usize = 13;
const SET_BACK: usize = 18;

impl Months {
    async fn new() -> Self {
        let world = World::new(&SIX).await;
        for bank in FIVE {
            world.enrol(bank, bank).await;
        }
        world.agree(&["alpha", "beta"], 2).await;
        let options =
            ["--weekly", "mon@02:00", "--disclosure", "institutions", "--deadline", "3d", "--grace", "6h"];
        add(&world, "weekly", &[&options[..], &["--remind", "1d", "--until", "2027-12-31"]].concat()).await;
        Self { world, banks: BTreeMap::new(), jobs: Vec::new() }
    }

    /// Lets the week's run come; gives the banks that take part.
    async fn pass_to(&mut self, week: usize) -> Vec<&'static str> {
        if week == JOINS {
            self.world.enrol("zeta", "zeta").await;
        }
        let present: Vec<&str> = if week < JOINS { FIVE.to_vec() } else { SIX.to_vec() };
        for (number, bank) in SIX.iter().enumerate().filter(|(_, bank)| present.contains(bank)) {
            self.import(bank, number, week).await;
        }
        if week == OFF {
            self.world.stop(COORDINATOR).await;
            self.world.clock.pass(21 * DAY);
            self.world.start(COORDINATOR).await;
            return present;
        }
        if let Some((_, bank)) = [LATE, AWAY].into_iter().find(|(of, _)| *of == week) {
            self.world.stop(bank).await;
        }
        to_next_run(&self.world, "weekly").await;
        present
    }

    /// What goes another way than usual while the week's job runs.
    async fn disturb(&mut self, week: usize, job: &str, present: &mut Vec<&str>) {
        if week == LATE.0 {
            // Within the grace.
            self.world.stage("alpha", job, "submitted").await;
            self.world.clock.pass(3 * DAY + HOUR);
            self.world.start(LATE.1).await;
        }
        if week == AWAY.0 {
            present.retain(|bank| *bank != AWAY.1);
            for bank in &*present {
                self.world.stage(bank, job, "submitted").await;
            }
            self.world.clock.pass(3 * DAY + 7 * HOUR);
        }
    }

    async fn run_of(&mut self, week: usize) {
        let mut present = self.pass_to(week).await;
        let job = started(&self.world, "weekly", week + 1).await;
        self.disturb(week, &job, &mut present).await;
        self.check(&job, &present).await;
        self.world.closed(&job).await;
        if week == AWAY.0 {
            self.world.start(AWAY.1).await;
        }
        if week == SET_BACK {
            self.world.clock.back(2 * DAY);
            tokio::time::sleep(Duration::from_millis(600)).await;
            self.world.clock.pass(2 * DAY);
        }
        self.jobs.push(job);
    }
}

/// Six months of weekly runs: one bank late, one away, one that joins; the coordinator off for three weeks, so that two runs
/// are missed; a clock that is set back.
#[tokio::test(flavor = "multi_thread")]
async fn six_months_of_weekly_runs() {
    let mut months = Months::new().await;
    for week in 0..26 {
        months.run_of(week).await;
    }
    let shown = shown(&months.world, "weekly").await;
    let runs = shown["runs"].as_array().expect("runs");
    assert_eq!(runs.iter().filter(|run| run["fate"] == "started").count(), 26);
    assert_eq!(runs.iter().filter(|run| run["fate"] == "missed").count(), 2);
    assert_eq!(runs.len(), 26 + 2);
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
