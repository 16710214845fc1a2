//! Jobs of a federation in memory: started, waited for, and what came of them.

use std::collections::BTreeMap;

use lianfang_proto::catalogue::Disclosure;
use serde_json::Value;

use super::{COORDINATOR, PATIENCE, World};

/// The terms that a test chooses.
#[derive(Clone, Debug)]
pub struct JobTerms {
    /// `t`.
    pub match_threshold: usize,
    /// What may be told.
    pub disclosure: Disclosure,
    /// Further options of `job start`.
    pub options: Vec<String>,
}

impl JobTerms {
    /// With chunks of 64 elements, the least padding, and ten minutes.
    pub fn new(match_threshold: usize, disclosure: Disclosure) -> Self {
        let options = ["--chunk", "64", "--least-rows", "64", "--deadline", "10m"];
        Self { match_threshold, disclosure, options: options.map(str::to_owned).to_vec() }
    }

    /// With another option, or another value of one.
    #[must_use]
    pub fn with(mut self, option: &str, value: &str) -> Self {
        if let Some(place) = self.options.iter().position(|known| known == option) {
            value.clone_into(&mut self.options[place + 1]);
        } else {
            self.options.extend([option.to_owned(), value.to_owned()]);
        }
        self
    }
}

impl World {
    /// Starts a job; gives its id.
    pub async fn start_job(&self, terms: &JobTerms) -> String {
        let threshold = terms.match_threshold.to_string();
        let mut words = vec!["job", "start", "--match-threshold", &threshold];
        words.extend(["--disclosure", terms.disclosure.code(), "--purpose", "test", "--basis", "test"]);
        words.extend(terms.options.iter().map(String::as_str));
        let started = self.run(COORDINATOR, &words).await.json();
        started["job"].as_str().expect("an id").to_owned()
    }

    /// What a bank says of a job; nothing before it has heard of it.
    pub async fn job_at(&self, bank: &str, job: &str) -> Option<Value> {
        let said = self.run(bank, &["job", "show", job]).await;
        said.exit.is_done().then(|| said.json())
    }

    /// Waits until the job has come to `stage` at the bank.
    pub async fn stage(&self, bank: &str, job: &str, stage: &str) -> Value {
        let seen = std::cell::RefCell::new(Value::Null);
        let reached = self.within(PATIENCE, async || {
            let shown = self.job_at(bank, job).await?;
            seen.replace(shown.clone());
            let now = shown["stage"].as_str().unwrap_or_default();
            let over = ["done", "failed", "missed", "refused"].contains(&now);
            assert!(now == stage || !over, "{bank}: {shown}");
            (now == stage).then_some(shown)
        });
        reached.await.unwrap_or_else(|| panic!("in vain: {bank} is {stage}: {}", seen.take()))
    }

    /// Waits until the bank tells of a fault of the job.
    pub async fn fault(&self, bank: &str, job: &str) -> Value {
        self.until(&format!("{bank} has a fault"), async || {
            let shown = self.job_at(bank, job).await?;
            (!shown["fault"].is_null()).then(|| shown["fault"].clone())
        })
        .await
    }

    /// Waits until the coordinator has closed the job.
    pub async fn closed(&self, job: &str) -> Value {
        self.until("the job is closed", async || {
            let shown = self.run(COORDINATOR, &["job", "show", job]).await.json();
            assert_ne!(shown["state"], "failed", "{shown}");
            (shown["state"] == "closed").then_some(shown)
        })
        .await
    }

    /// Runs a job among all banks to its end; what every bank says of it.
    pub async fn whole_job(&self, terms: &JobTerms) -> (String, BTreeMap<String, Value>) {
        let job = self.start_job(terms).await;
        let mut shown = BTreeMap::new();
        for bank in self.nodes.keys() {
            shown.insert(bank.clone(), self.stage(bank, &job, "done").await);
        }
        self.closed(&job).await;
        (job, shown)
    }

    /// The bytes of a bank's report.
    pub async fn report(&self, bank: &str, job: &str) -> Vec<u8> {
        let folder = self.folder.path().join("reports").join(job).join(bank);
        self.run(bank, &["report", job, "--out", &folder.display().to_string()]).await.json();
        std::fs::read(folder.join("report.csv")).expect("a report")
    }

    /// All banks' reports.
    pub async fn reports(&self, job: &str) -> BTreeMap<String, Vec<u8>> {
        let mut reports = BTreeMap::new();
        for bank in self.nodes.keys() {
            reports.insert(bank.clone(), self.report(bank, job).await);
        }
        reports
    }
}
