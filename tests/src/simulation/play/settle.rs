//! After the last line of a list: all is whole again, and time passes until nothing is open.

use std::collections::BTreeSet;
use std::time::Duration;

use lianfang_desk::Exit;
use lianfang_proto::catalogue::Disclosure;
use serde_json::Value;

use super::{Played, REST};
use crate::simulation::keys;
use crate::simulation::operations::Terms;
use crate::simulation::time::{BEGINNING, Moment, micros};
use crate::world::COORDINATOR;

impl Played<'_> {
    /// Everything is whole again and everybody runs; then time passes until nothing is open.
    pub(super) fn rest(&mut self) {
        self.heal();
        self.engine.put_out_fuses();
        self.engine.set_all_clocks();
        for party in self.engine.parties() {
            self.start(&party);
        }
        // A coordinator that went back in time is told again, as its operator would do.
        for bank in self.revoked.clone() {
            self.revoke(&bank);
        }
        if self.age > 0 {
            self.suspended.extend(self.members());
        }
        for bank in self.suspended.clone() {
            self.resume(&bank);
        }
        for bank in self.lost.keys().cloned().collect::<Vec<_>>() {
            self.recover(&bank);
        }
        if !self.lost.is_empty() {
            self.fail("joins again", format!("{:?}", self.lost.keys()));
        }
        self.last_runs();
        self.settle();
        self.renew_keys();
        if self.tended || !self.restored.is_empty() || !self.revoked.is_empty() {
            self.prove();
        }
    }

    /// A last job, when all is calm: whoever went back in time is looked in the face, and keys are seen to work.
    fn prove(&mut self) {
        let members = self.members();
        let groups: BTreeSet<&str> = members.iter().map(|bank| self.template.shape.group(bank)).collect();
        if groups.len() >= 2 {
            self.begin_job(Terms { threshold: 2, disclosure: Disclosure::Institutions, kinds: 0 }, true);
            self.settle();
        }
    }

    pub(super) fn settle(&mut self) {
        self.engine.stride(Duration::from_secs(1));
        let end = self.engine.time.now().max(self.last_deadline()) + micros(REST);
        let mut open = self.open();
        while !open.is_empty() && self.engine.time.now() < end {
            self.engine.pass(Duration::from_secs(5));
            open = self.open();
        }
        self.engine.stride(Duration::ZERO);
        if !open.is_empty() {
            self.fail("ends", open.join("; "));
        }
    }

    /// The last deadline of a job, which may have been chosen by a clock that ran ahead.
    fn last_deadline(&mut self) -> Moment {
        let jobs = self.jobs_at(COORDINATOR);
        let open = jobs.iter().filter(|job| job["state"] == "open");
        let last = open.filter_map(|job| keys::time_of(job, "taken_until")).max().unwrap_or(BEGINNING);
        Moment::try_from(last - BEGINNING).unwrap_or_default()
    }

    /// What is not over, where.
    fn open(&mut self) -> Vec<String> {
        let mut open = Vec::new();
        for party in self.engine.parties() {
            // Who was revoked hears of nothing any more.
            if self.revoked.contains(&party) {
                continue;
            }
            let jobs = self.jobs_at(&party);
            let (field, over): (_, &[&str]) = if party == COORDINATOR {
                ("state", &["closed", "failed"])
            } else {
                ("stage", &["done", "refused", "missed", "failed"])
            };
            let not_over = jobs.iter().filter(|job| !over.contains(&job[field].as_str().unwrap_or_default()));
            open.extend(not_over.map(|job| format!("{party}: {job}")));
        }
        open.extend(self.open_keys());
        open
    }

    /// All jobs as a party shows them.
    pub fn jobs_at(&mut self, party: &str) -> Vec<Value> {
        match self.engine.run(party, &["job", "list"]) {
            Ok(said) if said.exit == Exit::Done => {
                said.json()["jobs"].as_array().cloned().unwrap_or_default()
            }
            Ok(said) => {
                self.fail("answers", format!("{party}: {} {}", said.out, said.notes));
                Vec::new()
            }
            Err(silent) => {
                self.fail("answers", format!("{party}: {silent:?}"));
                Vec::new()
            }
        }
    }
}
