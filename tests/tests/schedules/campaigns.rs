//! Seventeen provinces, each with a campaign of half a year: its own banks, kinds and disclosure, its own first day and last.
//! They share a coordinator, and what their banks have evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, offset};
use lianfang_proto::catalogue::{Disclosure, Kind};
use lianfang_tests::oracle::{ClearBank, ClearRecord, Told};
use lianfang_tests::people::numbers::Numbers;
use lianfang_tests::world::{COORDINATOR, World};
use serde_json::{Value, json};

use super::stage::{DAY, Identifier, add, compared, entering, identifiers, records, shown, started};

/// In microseconds.
const SECOND: i64 = 1_000_000;
const BANKS: [&str; 6] = ["alpha", "beta", "delta", "epsilon", "gamma", "zeta"];
const CAMPAIGNS: usize = 17;
/// So many campaigns run at the same minute of the week.
const WAVE: usize = 6;
/// That minute, its hour, and how many days after the first Monday the wave runs first.
const WAVES: [(&str, i8, i64); 3] = [("mon@02:00", 2, 0), ("wed@09:00", 9, 9), ("fri@22:00", 22, 18)];

/// Who takes part where counts are told: the same banks as the time before, or three others for three. Coordinator and nodes
/// refuse what lies between.
const OF_COUNTS: [&[&str]; 2] = [&["alpha", "beta", "gamma"], &["delta", "epsilon", "zeta"]];
/// Who takes part where banks are told.
const OF_NAMES: [&[&str]; 5] = [
    &["alpha", "gamma"],
    &["beta", "delta"],
    &["alpha", "beta", "zeta"],
    &["beta", "delta", "epsilon", "gamma"],
    &BANKS,
];
const KINDS: [&[Kind]; 4] =
    [&[Kind::CnId], &[Kind::Mobile], &[Kind::CnId, Kind::Mobile], &[Kind::Mobile, Kind::Uscc]];
const DISCLOSURES: [Disclosure; 3] = [Disclosure::Count, Disclosure::Institutions, Disclosure::Labels];

/// The register of a bank when the clock has been moved so often: people come and go.
fn register(bank: usize, moves: usize) -> String {
    let numbers = Numbers::new(17);
    let mut file = "record,role,cn-id,mobile,uscc\n".to_owned();
    for person in 0..24_usize {
        let mix = (person * 31 + bank * 17) % 101;
        let (from, lasts) = (mix % 8, 2 + mix % 5);
        let known = !mix.is_multiple_of(3) || (from..from + lasts).contains(&moves);
        if !(person + bank).is_multiple_of(4) && known {
            let index = person as u64;
            let (id, mobile, firm) = (numbers.cn_id(index), numbers.mobile(index), numbers.uscc(index));
            file.push_str(&format!("P{person:02},agent,{id},{mobile},{firm}\n"));
        }
    }
    file
}

fn instant(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("a time");
    time.as_microsecond()
}

/// What the test knows of a bank.
#[derive(Default)]
struct Known {
    /// Its register.
    file: String,
    /// What of it may enter a job.
    records: Vec<ClearRecord>,
    /// Identifiers whose outputs it has.
    cached: BTreeSet<Identifier>,
}

/// A campaign as it was set, and what has come of it.
struct Campaign {
    name: String,
    banks: &'static [&'static str],
    kinds: &'static [Kind],
    disclosure: Disclosure,
    weekly: &'static str,
    /// Its first day and its last, half a year apart.
    days: [Date; 2],
    /// The instants of its runs, counted by the calendar here.
    planned: Vec<i64>,
    /// Its jobs, in their order.
    jobs: Vec<String>,
    /// What each bank's last report told of.
    told: BTreeMap<String, Told>,
}

impl Campaign {
    fn new(number: usize, monday: Date) -> Self {
        let (weekly, hour, later) = WAVES[number / WAVE];
        let first_run = monday + later.days();
        // One begins on the day of its first run, others up to five days before it.
        let early = i64::try_from(number % WAVE).expect("a few");
        let from = first_run - early.days();
        let until = from + 6.months();
        let clock = TimeZone::fixed(offset(8));
        let instant = |day: Date| {
            let wall = day.at(hour, 0, 0, 0).to_zoned(clock.clone()).expect("an instant");
            wall.timestamp().as_microsecond()
        };
        let disclosure = DISCLOSURES[number % DISCLOSURES.len()];
        let who: &[&[&str]] = if disclosure == Disclosure::Count { &OF_COUNTS } else { &OF_NAMES };
        Self {
            name: format!("province-{:02}", number + 1),
            banks: who[number / DISCLOSURES.len() % who.len()],
            kinds: KINDS[number % KINDS.len()],
            disclosure,
            weekly,
            days: [from, until],
            planned: first_run.series(7.days()).take_while(|day| *day <= until).map(instant).collect(),
            jobs: Vec::new(),
            told: BTreeMap::new(),
        }
    }

    /// Makes the schedule. By how many banks runs must differ is left to the coordinator.
    async fn set(&self, world: &World) {
        let [from, until] = self.days.map(|day| day.to_string());
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.code()).collect();
        let (banks, kinds) = (self.banks.join(","), kinds.join(","));
        let when = ["--weekly", self.weekly, "--from", &from, "--until", &until, "--catch-up", "skip"];
        let terms = ["--banks", &banks, "--kinds", &kinds, "--disclosure", self.disclosure.code()];
        let added = add(world, &self.name, &[&when[..], &terms].concat()).await;
        assert_eq!(instant(&added["next"]), self.planned[0], "{}: not before its first day", self.name);
    }

    /// The first two runs and the last: for these the clock is moved.
    fn moments(&self) -> [i64; 3] {
        [self.planned[0], self.planned[1], self.planned[self.planned.len() - 1]]
    }

    /// The run that is due now, to its end. Gives how many identifiers each bank had evaluated for it.
    async fn run(&mut self, world: &World, banks: &BTreeMap<&'static str, Known>) -> BTreeMap<String, u64> {
        let name = self.name.as_str();
        let job = started(world, name, self.jobs.len() + 1).await;
        let clear = self.banks.iter().map(|bank| entering(bank, &banks[bank].records, self.kinds));
        let clear: Vec<ClearBank> = clear.collect();
        let found = compared(world, &job, &clear, self.disclosure, &self.told).await;
        assert!(found.values().all(|(_, told)| !told.is_empty()), "{name}: each has something to report");
        let closed = world.closed(&job).await;
        let parties = closed["participants"].as_array().expect("participants");
        let submitted = parties.iter().filter(|party| party["submitted"] == true).count();
        assert!(submitted >= 2 && submitted == self.banks.len(), "{name}: {closed}");
        let before = self.jobs.last();
        assert_eq!((&closed["schedule"], &closed["predecessor"]), (&json!(name), &json!(before)));
        let mut evaluated = BTreeMap::new();
        for (bank, (shown, told)) in found {
            let count = shown["figures"]["evaluated"].as_u64().expect("a count");
            evaluated.insert(bank.clone(), count);
            self.told.insert(bank, told);
        }
        self.jobs.push(job);
        evaluated
    }

    /// Every planned run is in the book once: those of these moments were started, each at its time, and over the others the
    /// clock leapt. There is none before the first day and none after the last.
    async fn check_book(&self, world: &World, moments: &BTreeSet<i64>) {
        let shown = shown(world, &self.name).await;
        let min_change = if self.disclosure == Disclosure::Count { 3 } else { 0 };
        assert_eq!(shown["min_change"], min_change, "{shown}");
        let runs: Vec<&Value> = shown["runs"].as_array().expect("runs").iter().rev().collect();
        let told = |run: &&Value| (instant(&run["planned_at"]), run["fate"].clone(), run["job"].clone());
        let found: Vec<(i64, Value, Value)> = runs.iter().map(told).collect();
        let mut jobs = self.jobs.iter();
        let wanted = self.planned.iter().map(|at| {
            let started = moments.contains(at);
            let job = if started { json!(jobs.next()) } else { Value::Null };
            (*at, Value::from(if started { "started" } else { "missed" }), job)
        });
        let wanted: Vec<(i64, Value, Value)> = wanted.collect();
        assert_eq!(found, wanted, "{}", self.name);
        assert!(jobs.next().is_none() && self.jobs.len() >= 3, "{}: {:?}", self.name, self.jobs);
        for run in runs {
            let after = instant(&run["decided_at"]) - instant(&run["planned_at"]);
            assert!(
                after >= 0 && (run["fate"] == "missed" || after < 3_600 * SECOND),
                "{}: {run}",
                self.name
            );
        }
    }
}

struct Provinces {
    world: World,
    campaigns: Vec<Campaign>,
    banks: BTreeMap<&'static str, Known>,
}

impl Provinces {
    async fn import(&mut self, moves: usize) {
        for (number, bank) in BANKS.into_iter().enumerate() {
            let file = register(number, moves);
            let known = self.banks.entry(bank).or_default();
            if known.file == file {
                continue;
            }
            let path = self.world.dir(bank).join("register.csv");
            std::fs::write(&path, &file).expect("the register is written");
            let words = ["import", &path.display().to_string(), "--full"];
            self.world.run(bank, &words).await.json();
            known.records = records(&file);
            known.file = file;
            // With the last record of somebody the outputs go.
            let mentioned = identifiers(&entering(bank, &known.records, Kind::ALL));
            known.cached.retain(|one| mentioned.contains(one));
        }
    }

    /// Moves the clock to this instant; all campaigns that run then do so beside each other.
    async fn visit(&mut self, moves: usize, at: i64) {
        self.import(moves).await;
        self.world.clock.set(at + SECOND);
        let mut evaluated: BTreeMap<String, u64> = BTreeMap::new();
        let mut needed: BTreeMap<&str, BTreeSet<Identifier>> = BTreeMap::new();
        for campaign in self.campaigns.iter_mut().filter(|campaign| campaign.planned.contains(&at)) {
            for (bank, count) in campaign.run(&self.world, &self.banks).await {
                *evaluated.entry(bank).or_default() += count;
            }
            for bank in campaign.banks.iter().copied() {
                let own = entering(bank, &self.banks[bank].records, campaign.kinds);
                needed.entry(bank).or_default().extend(identifiers(&own));
            }
        }
        for (bank, needed) in needed {
            let known = self.banks.get_mut(bank).expect("a bank");
            let new = needed.difference(&known.cached).count() as u64;
            assert_eq!(evaluated[bank], new, "{bank}: what is new, and once, however many jobs need it");
            known.cached.extend(needed);
        }
    }
}

/// Each campaign from its first run to its last, and the time before and after; all that its banks are told is compared.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_of_seventeen_provinces() {
    let world = World::ready(&BANKS, 2, 2).await;
    let now = jiff::Timestamp::from_microsecond(world.clock.micros()).expect("a time");
    let today = now.to_zoned(TimeZone::fixed(offset(8))).date();
    let monday = today.series(1.day()).skip(8).find(|day| day.weekday() == Weekday::Monday);
    let monday = monday.expect("a Monday");
    let campaigns: Vec<Campaign> = (0..CAMPAIGNS).map(|number| Campaign::new(number, monday)).collect();
    for campaign in &campaigns {
        campaign.set(&world).await;
    }
    let moments: BTreeSet<i64> = campaigns.iter().flat_map(Campaign::moments).collect();
    let mut provinces = Provinces { world, campaigns, banks: BTreeMap::new() };
    for (moves, at) in moments.iter().enumerate() {
        provinces.visit(moves, *at).await;
    }
    let Provinces { world, campaigns, .. } = provinces;
    world.clock.pass(14 * DAY);
    for campaign in &campaigns {
        world
            .until("the campaign is over", async || {
                (shown(&world, &campaign.name).await["standing"] == "ended").then_some(())
            })
            .await;
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    for campaign in &campaigns {
        campaign.check_book(&world, &moments).await;
    }
    let jobs: BTreeSet<&String> = campaigns.iter().flat_map(|campaign| &campaign.jobs).collect();
    let listed = world.run(COORDINATOR, &["job", "list"]).await.json();
    assert_eq!(listed["jobs"].as_array().expect("jobs").len(), jobs.len(), "there is no other job");
    world.end().await;
}
