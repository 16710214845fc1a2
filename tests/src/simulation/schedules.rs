//! Schedules: jobs that begin by themselves, and what each owes to the one before it.
//!
//! Comes in: terms that repeat. Goes out: the jobs that came of them, taken down as soon as they are seen; what their reports
//! must call new. Every run is to have begun once, and what was due has a fate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lianfang_proto::catalogue::Kind;
use serde_json::Value;

use super::engine::is_done;
use super::operations::Terms;
use super::play::{Job, Played, wording};
use crate::oracle::{ClearBank, Told};
use crate::world::COORDINATOR;

/// How far runs are apart; a schedule has them no closer.
const EVERY: &str = "*/10 * * * *";
const A_RUN: Duration = Duration::from_mins(10);

/// Which run of a schedule a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The schedule's place in the list.
    pub schedule: usize,
    /// The planned instant.
    pub planned_at: String,
    /// The job of the run before.
    pub predecessor: Option<String>,
}

impl Played<'_> {
    /// Makes a schedule.
    pub(super) fn plan(&mut self, terms: Terms) {
        let name = format!("s{}", self.schedules.len());
        let words = wording(&terms, "schedule");
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.extend(["--cron", EVERY, "--zone", "UTC"]);
        let added = self.engine.run(COORDINATOR, &[&["schedule", "add", &name], &words[..]].concat());
        if added.as_ref().is_ok_and(|said| !said.exit.is_done()) {
            return;
        }
        // It may have been added though nobody heard of it.
        self.schedules.push(terms);
        self.look();
    }

    /// Takes down the jobs that have begun by themselves since it was looked.
    pub(super) fn look(&mut self) {
        if self.schedules.is_empty() {
            return;
        }
        let said = self.engine.run(COORDINATOR, &["job", "list"]);
        let Some(said) = said.ok().filter(|said| said.exit.is_done()) else { return };
        let jobs = said.json()["jobs"].as_array().cloned().unwrap_or_default();
        let known: BTreeSet<String> = self.jobs.iter().filter_map(|job| job.id.clone()).collect();
        let mut new: Vec<(Run, String)> = Vec::new();
        for job in jobs {
            let schedule = job["schedule"].as_str().and_then(|name| name.strip_prefix('s')?.parse().ok());
            let (Some(schedule), Some(id)) = (schedule, job["job"].as_str()) else { continue };
            if !known.contains(id) {
                let text = |name: &str| job[name].as_str().map(str::to_owned);
                let planned_at = text("planned_at").unwrap_or_default();
                new.push((Run { schedule, planned_at, predecessor: text("predecessor") }, id.to_owned()));
            }
        }
        new.sort_by(|(one, _), (other, _)| one.planned_at.cmp(&other.planned_at));
        for (run, id) in new {
            let Some(terms) = self.schedules.get(run.schedule).copied() else { continue };
            let (from, age) = (self.looked.clone(), self.age);
            self.jobs.push(Job { id: Some(id), terms, from, age, calm: false, run: Some(run) });
        }
        self.looked = self.versions.iter().map(|(bank, all)| (bank.clone(), all.len() - 1)).collect();
    }

    /// One more run of every schedule comes due; then no further.
    pub(super) fn last_runs(&mut self) {
        if self.schedules.is_empty() {
            return;
        }
        // Nobody looks closely.
        self.engine.stride(Duration::from_secs(20));
        self.engine.pass(A_RUN);
        self.engine.stride(Duration::ZERO);
        self.look();
        for number in 0..self.schedules.len() {
            let name = format!("s{number}");
            let shown = self.engine.run(COORDINATOR, &["schedule", "show", &name]);
            if !is_done(&shown) {
                continue;
            }
            let runs = shown.map(|said| said.json()["runs"].clone()).unwrap_or_default();
            if runs.as_array().is_none_or(Vec::is_empty) {
                self.fail("what is due has a fate", name.clone());
            }
            let _ = self.engine.run(COORDINATOR, &["schedule", "pause", &name]);
        }
        self.look();
    }

    /// What the reports of the run before told each bank, as far as `told` has them: by job and bank.
    pub(super) fn told_before(
        &self,
        job: &Job,
        told: &BTreeMap<(String, String), Vec<u8>>,
    ) -> BTreeMap<String, Told> {
        let Some(run) = &job.run else { return BTreeMap::new() };
        let earlier = |other: &&Job| {
            other.run.as_ref().is_some_and(|of_other| {
                let planned_earlier = of_other.planned_at < run.planned_at && !self.descends(other, job);
                of_other.schedule == run.schedule && (other.id == run.predecessor || planned_earlier)
            })
        };
        let mut earlier: Vec<&Job> = self.jobs.iter().filter(earlier).collect();
        // The one that the terms name; else the bank's own last.
        earlier.sort_by_key(|other| {
            let named = other.id == run.predecessor;
            (named, other.run.as_ref().map(|run| run.planned_at.clone()))
        });
        let mut before = BTreeMap::new();
        for bank in self.versions.keys() {
            let last = earlier.iter().rev().find_map(|other| told.get(&(other.id.clone()?, bank.clone())));
            before.extend(last.map(|report| (bank.clone(), self.told(bank, report))));
        }
        before
    }

    /// Whether a run came after another, by what their terms say. A clock that is set back plans a later run for an earlier
    /// time.
    fn descends(&self, job: &Job, from: &Job) -> bool {
        let before = |job: &Job| {
            let named = job.run.as_ref().and_then(|run| run.predecessor.clone());
            named.and_then(|named| self.jobs.iter().find(|job| job.id.as_ref() == Some(&named)))
        };
        let mut chain = std::iter::successors(before(job), |job| before(job)).take(self.jobs.len());
        chain.any(|job| job.id == from.id)
    }

    fn told(&self, bank: &str, report: &[u8]) -> Told {
        let all = Terms { threshold: 2, disclosure: lianfang_proto::catalogue::Disclosure::Count, kinds: 0 };
        let banks: Vec<ClearBank> =
            self.versions[bank].iter().map(|register| register.clear(bank, &all)).collect();
        let values: BTreeSet<(String, Kind, String)> = banks
            .iter()
            .flat_map(|bank| &bank.records)
            .flat_map(|record| {
                record.identifiers.iter().map(|(kind, value)| (record.record.clone(), *kind, value.clone()))
            })
            .collect();
        let text = String::from_utf8_lossy(report);
        let rows: BTreeSet<(&str, &str)> = text
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split(',');
                Some((cells.next()?, cells.nth(1)?))
            })
            .collect();
        values
            .into_iter()
            .filter(|(record, kind, _)| rows.contains(&(record.as_str(), kind.code())))
            .collect()
    }
}

/// No planned run has begun twice.
pub(super) fn check(played: &mut Played<'_>, jobs: &[Value]) {
    let mut begun = BTreeSet::new();
    for job in jobs.iter().filter(|job| job["schedule"].is_string()) {
        if !begun.insert((job["schedule"].to_string(), job["planned_at"].to_string())) {
            played.fail("each run once", job.to_string());
        }
    }
}
