//! Schedules over months of a clock that the test moves: each run once, in order, compared with the one before, and only
//! what is new is evaluated. The answer in the clear says what every report must be, byte for byte.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::date;
use lianfang_node::config::{Decide, Policy};
use lianfang_proto::catalogue::Disclosure;
use lianfang_tests::demo::compare::contact_of;
use lianfang_tests::oracle::{ClearBank, Told, answer, read_register};
use lianfang_tests::world::{COORDINATOR, World, automatic};
use serde_json::{Value, json};

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);

/// Adds a schedule of small jobs; further options behind.
async fn add(world: &World, name: &str, options: &[&str]) -> Value {
    let words = ["schedule", "add", name, "--match-threshold", "2", "--purpose", "test", "--basis", "test"];
    let small = ["--chunk", "64", "--least-rows", "64"];
    world.run(COORDINATOR, &[&words[..], &small, options].concat()).await.json()
}

async fn shown(world: &World, name: &str) -> Value {
    world.run(COORDINATOR, &["schedule", "show", name, "--last", "100"]).await.json()
}

/// Lets time pass until the next run is planned.
async fn to_next_run(world: &World, name: &str) {
    let next = world.run(COORDINATOR, &["schedule", "next", name, "--count", "1"]).await.json();
    let next: jiff::Timestamp = next["next"][0]["at"].as_str().expect("a time").parse().expect("a time");
    world.clock.set(next.as_microsecond() + 1_000_000);
}

/// The job of the run that is planned last, once it has one.
async fn started(world: &World, name: &str, number: usize) -> String {
    world
        .until("a run is started", async || {
            let runs = shown(world, name).await["runs"].clone();
            let run = runs.as_array()?.iter().find(|run| run["number"] == number)?.clone();
            run["job"].as_str().map(str::to_owned)
        })
        .await
}

/// The register of a bank in a week: phones come and go.
fn register(bank: usize, week: usize) -> String {
    let mut file = "record,role,mobile\n".to_owned();
    for phone in 0..24_usize {
        let mix = (phone * 31 + bank * 17) % 101;
        let (from, lasts) = (mix % 20, 4 + mix % 13);
        let known = mix.is_multiple_of(3) || (from..from + lasts).contains(&week);
        if (phone + bank).is_multiple_of(2) && known {
            file.push_str(&format!("R{phone:02},agent,139{:08}\n", 10_000 + phone));
        }
    }
    file
}

/// A bank and what the test knows of it.
#[derive(Default)]
struct Known {
    /// Its register.
    file: String,
    /// Identifiers whose outputs it has.
    cached: BTreeSet<String>,
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
        let clear = present.iter().map(|bank| ClearBank {
            id: (*bank).to_owned(),
            group: (*bank).to_owned(),
            records: read_register(self.banks[*bank].file.as_bytes(), date(2026, 11, 22))
                .expect("a register"),
        });
        let clear: Vec<ClearBank> = clear.collect();
        let before = self.banks.iter().filter_map(|(bank, known)| Some((bank.clone(), known.told.clone()?)));
        let before: BTreeMap<String, Told> = before.collect();
        for (bank, (report, told)) in answer(&clear, 2, Disclosure::Institutions, contact_of, &before) {
            let shown = self.world.stage(&bank, job, "done").await;
            let got = self.world.report(&bank, job).await;
            assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&report), "{bank} {shown}");
            let had = before.get(&bank).cloned().unwrap_or_default();
            let figures = &shown["figures"];
            let counts =
                ["new_rows", "still_rows", "gone_rows"].map(|field| figures[field].as_u64().unwrap());
            let wanted = [
                told.difference(&had).count(),
                told.intersection(&had).count(),
                had.difference(&told).count(),
            ];
            assert_eq!(counts.map(|count| usize::try_from(count).unwrap()), wanted, "{bank}");
            self.check_gone(&bank, job, &had, &told);
            let own = clear.iter().find(|one| one.id == bank).expect("a bank");
            let own = own
                .records
                .iter()
                .flat_map(|record| record.identifiers.iter().map(|(_, value)| value.clone()));
            let own: BTreeSet<String> = own.collect();
            let known = self.banks.get_mut(&bank).expect("a bank");
            let new = own.difference(&known.cached).count() as u64;
            assert_eq!(figures["evaluated"], new, "{bank}: only what is new is evaluated");
            // Beyond that, nothing but the padded rows is sent.
            let rows = 64 * lianfang_proto::row::row_bytes(Disclosure::Institutions) as u64;
            if new == 0 {
                assert!(figures["bytes_sent"].as_u64().unwrap() < rows + 2_048, "{bank}: {figures}");
            }
            known.cached = own;
            known.told = Some(told);
        }
    }

    /// `gone.csv` lies beside the report and names what the run before had.
    fn check_gone(&self, bank: &str, job: &str, had: &Told, told: &Told) {
        let path = self.world.dir("reports").join(job).join(bank).join("gone.csv");
        let text = std::fs::read_to_string(path).expect("gone.csv");
        let records: Vec<&str> =
            text.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default()).collect();
        let wanted: Vec<&str> = had.difference(told).map(|(record, ..)| record.as_str()).collect();
        assert_eq!(records, wanted, "{bank}");
        assert!(text.lines().skip(1).all(|line| line.ends_with(",false")));
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

/// Seventeen provinces, each with its own banks and kinds, all due at the same minute, for two weeks.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_of_seventeen_provinces() {
    let banks = ["alpha", "beta", "gamma", "delta"];
    let world = World::ready(&banks, 2, 2).await;
    for (number, bank) in banks.iter().enumerate() {
        world.import(bank, register(number % 2, 0).as_bytes()).await;
    }
    let kinds = ["mobile", "cn-id", "mobile,cn-id", "mobile,uscc"];
    let names: Vec<String> = (1..=17).map(|number| format!("province-{number:02}")).collect();
    let until = jiff::Timestamp::from_microsecond(world.clock.micros()).expect("a time")
        + 13 * 24 * jiff::ToSpan::hours(1);
    let until = until.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    for (number, name) in names.iter().enumerate() {
        let pairs = ["alpha,gamma", "beta,delta", "alpha,beta,gamma", "alpha,beta,gamma,delta"];
        let (who, kinds) = (pairs[number % 4], kinds[number % 3]);
        let disclosure = ["count", "institutions", "labels"][number % 3];
        let options = ["--weekly", "mon@02:00", "--until", &until, "--banks", who, "--kinds", kinds];
        add(&world, name, &[&options[..], &["--disclosure", disclosure, "--min-change", "0"]].concat()).await;
    }
    let mut jobs = BTreeSet::new();
    let planned = world.run(COORDINATOR, &["schedule", "next", &names[0], "--count", "9"]).await.json();
    let weeks = planned["next"].as_array().expect("runs").len();
    assert!((1..=2).contains(&weeks), "{planned}");
    for week in 1..=weeks {
        to_next_run(&world, &names[0]).await;
        for name in &names {
            let job = started(&world, name, week).await;
            // Counts of jobs that differ by one bank would single it out: nodes refuse those by themselves.
            world
                .until("the job is over", async || {
                    let shown = world.run(COORDINATOR, &["job", "show", &job]).await.json();
                    (shown["state"] == "closed").then_some(())
                })
                .await;
            assert!(jobs.insert(job), "each run has its own job");
        }
    }
    assert_eq!(jobs.len(), 17 * weeks);
    world.clock.pass(14 * DAY);
    for name in &names {
        world
            .until("the campaign is over", async || {
                (shown(&world, name).await["standing"] == "ended").then_some(())
            })
            .await;
    }
    world.end().await;
}

async fn reminders_in_log(world: &World, bank: &str) -> usize {
    let log = world.run(bank, &["audit", "list", "--limit", "1000"]).await;
    log.out.matches("job.reminded").count()
}

/// A bank whose people decide is reminded before its own deadline, once for each reminder, and is late within the grace.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_is_reminded_once_for_each_reminder() {
    let asks = |bank: &str| if bank == "beta" { Decide::Ask } else { Decide::Automatic };
    let banks = ["alpha", "beta"];
    let mut world = World::with_policy(&banks, |bank| Policy { accept: asks(bank), ..automatic() }).await;
    for bank in banks {
        world.enrol(bank, bank).await;
    }
    world.agree(&banks, 2).await;
    for (number, bank) in banks.iter().enumerate() {
        world.import(bank, register(2 * number, 0).as_bytes()).await;
    }
    let options = ["--monthly", "last@02:00", "--disclosure", "labels", "--deadline", "3d", "--grace", "12h"];
    let more = ["--deadline-of", "beta=4d", "--remind", "1d,6h"];
    add(&world, "monthly", &[&options[..], &more].concat()).await;
    let run = world.run(COORDINATOR, &["schedule", "run", "monthly"]).await.json();
    let job = run["job"].as_str().expect("a job").to_owned();
    world.stage("alpha", &job, "submitted").await;
    world.fault("beta", &job).await;
    let reminder = async |world: &World, wanted: Value, told: usize| {
        world
            .until("beta is reminded", async || {
                let shown = world.job_at("beta", &job).await?;
                let told = reminders_in_log(world, "beta").await == told;
                (shown["reminder"] == wanted && told).then_some(())
            })
            .await;
    };
    reminder(&world, Value::Null, 0).await;
    world.clock.pass(3 * DAY + HOUR);
    reminder(&world, json!("due-soon"), 1).await;
    // Neither another start nor the same moment again tells it twice.
    world.stop("beta").await;
    world.start("beta").await;
    world.clock.back(2 * HOUR);
    world.clock.pass(2 * HOUR);
    tokio::time::sleep(Duration::from_millis(300)).await;
    reminder(&world, json!("due-soon"), 1).await;
    world.clock.pass(18 * HOUR);
    reminder(&world, json!("due-soon"), 2).await;
    world.clock.pass(6 * HOUR);
    reminder(&world, json!("overdue"), 3).await;
    assert_eq!(reminders_in_log(&world, "alpha").await, 0, "who has submitted is not reminded");
    world.run_in_time("beta", &["job", "accept", &job]).await.json();
    for bank in banks {
        world.stage(bank, &job, "done").await;
    }
    world.closed(&job).await;
    let shown = shown(&world, "monthly").await;
    assert_eq!(shown["runs"][0]["late"], json!(["beta"]));
    world.end().await;
}

/// A record enters only as often as its bank's policy lets it: that bank leaves runs out, and is reported.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_bounds_how_often_a_record_enters() {
    let banks = ["alpha", "beta", "gamma"];
    let seldom = |bank: &str| if bank == "gamma" { 2 } else { 0 };
    let policy = |bank: &str| Policy { jobs_of_a_record: seldom(bank), jobs_days: 20, ..automatic() };
    let world = World::with_policy(&banks, policy).await;
    for bank in banks {
        world.enrol(bank, bank).await;
    }
    world.agree(&banks, 2).await;
    for (number, bank) in banks.iter().enumerate() {
        world.import(bank, register(2 * number, 0).as_bytes()).await;
    }
    add(&world, "weekly", &["--weekly", "mon@02:00", "--disclosure", "labels"]).await;
    for week in 1..=6 {
        to_next_run(&world, "weekly").await;
        let job = started(&world, "weekly", week).await;
        world.closed(&job).await;
    }
    let runs = shown(&world, "weekly").await["runs"].clone();
    let declined = |run: &Value| run["declined"] == json!(["gamma"]);
    // Twice, then not until 20 days after the first.
    let expected = [false, false, true, false, false, true];
    let mut found: Vec<bool> = runs.as_array().expect("runs").iter().map(declined).collect();
    found.reverse();
    assert_eq!(found, expected);
    world.end().await;
}
