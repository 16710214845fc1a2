//! Keeping: parts, replacement, files.

use std::io;
use std::path::Path;

use lianfang_proto::catalogue::Kind::Mobile;
use lianfang_proto::catalogue::{Disclosure, Role};
use lianfang_trust::Digester;

use super::world::*;
use crate::report::*;
use crate::store::tests::Bench;

pub(super) const SALT: [u8; 32] = [9; 32];

/// A report in a store of its own.
pub(super) struct Kept {
    bench: Bench,
    pub(super) outcome: Outcome,
}

impl Kept {
    pub(super) async fn of(world: &World, name: &str, script: &Script) -> Result<Self, ReportError> {
        let bench = Bench::new().await;
        for job in [1_i64, 2] {
            let insert = "INSERT INTO job (id, job, terms_digest, terms, stage, seen_at, updated_at)
                          VALUES ($1, $2, $3, $4, 0, 0, 0)";
            let number = u8::try_from(job).unwrap();
            let (id, digest) = (vec![number; 16], vec![number; 64]);
            sqlx::query(insert)
                .bind(job)
                .bind(id)
                .bind(digest)
                .bind(Vec::new())
                .execute(bench.store.pool())
                .await
                .unwrap();
        }
        let outcome =
            keep(&bench.store, 1, world.accepted(name, script).await?, Earlier::NoSchedule, &SALT).await?;
        Ok(Self { bench, outcome })
    }

    pub(super) async fn text(&self, form: Form) -> String {
        self.text_of(1, form).await
    }

    pub(super) async fn text_of(&self, job: i64, form: Form) -> String {
        let mut text = Vec::new();
        copy_out(&self.bench.store, job, form, &mut text).await.unwrap();
        String::from_utf8(text).unwrap()
    }

    /// Another job's report, compared.
    pub(super) async fn compared(
        &self,
        world: &World,
        name: &str,
        earlier: Earlier,
    ) -> Result<Outcome, ReportError> {
        let accepted = world.accepted(name, &world.script(name)).await?;
        keep(&self.bench.store, 2, accepted, earlier, &SALT).await
    }

    pub(super) fn store(&self) -> &crate::store::Store {
        &self.bench.store
    }

    async fn run(&self, statement: &'static str) {
        for statement in statement.split(';').filter(|statement| !statement.trim().is_empty()) {
            sqlx::query(statement).execute(self.bench.store.pool()).await.unwrap();
        }
    }

    async fn bodies(&self) -> Vec<Vec<u8>> {
        sqlx::query_scalar("SELECT body FROM report_part ORDER BY id")
            .fetch_all(self.bench.store.pool())
            .await
            .unwrap()
    }
}

/// Two banks that share a phone in this many records of the first one.
pub(super) fn crowd(records: usize) -> World {
    let reference = |number: usize| -> &'static str { format!("case/{number:08}").leak() };
    let phone = (Mobile, "+8613912345678");
    let alpha = (0..records).map(|number| record(reference(number), Role::Agent, &[phone])).collect();
    let banks = vec![
        member("alpha", "alpha", alpha),
        member("beta", "beta", vec![record("B1", Role::Agent, &[phone])]),
    ];
    World::new(banks, 2, Disclosure::Labels)
}

#[tokio::test]
async fn a_long_report_comes_in_sealed_parts_and_out_again() {
    let world = crowd(4_000);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    assert_eq!(kept.outcome.rows, 4_000);
    let bodies = kept.bodies().await;
    assert!(bodies.len() > 4);
    assert!(bodies.iter().all(|body| body.len() <= 256 * 1024));
    assert!(bodies.iter().all(|body| !body.windows(5).any(|w| w == b"case/")), "clear text in the store");
    let csv = kept.text(Form::Csv).await;
    assert_eq!(csv.lines().count(), 4_001);
    assert!(csv.lines().skip(1).is_sorted());
    assert_eq!(kept.text(Form::JsonLines).await.lines().count(), 4_000);
    let mut digest = Digester::new("lianfang/result");
    digest.update(&SALT).update(csv.as_bytes());
    assert_eq!(digest.finish(), kept.outcome.digest);
}

#[tokio::test]
async fn a_second_report_replaces_the_first() {
    let world = crowd(1_500);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    let small = crowd(1);
    let accepted = small.accepted("alpha", &small.script("alpha")).await.unwrap();
    keep(&kept.bench.store, 1, accepted, Earlier::NoSchedule, &SALT).await.unwrap();
    assert_eq!(kept.text(Form::Csv).await.lines().count(), 2);
    assert_eq!(kept.bodies().await.len(), 3);
}

#[tokio::test]
async fn parts_that_were_moved_or_cut_off_are_noticed() {
    let world = crowd(1_500);
    for damage in [
        "DELETE FROM report_part WHERE form = 1 AND part = (SELECT max(part) FROM report_part WHERE form = 1)",
        "UPDATE report_part SET job_id = 2",
        "DELETE FROM report_part WHERE form <> 2; UPDATE report_part SET form = 1",
        "UPDATE report_part SET part = -1 - part WHERE part < 2; UPDATE report_part SET part = 2 + part WHERE part < 0",
        "UPDATE report_part SET body = (SELECT body FROM report_part WHERE form = 1 AND part = 1) WHERE part = 0",
    ] {
        let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
        kept.run(damage).await;
        for job in [1, 2] {
            let copied = copy_out(&kept.bench.store, job, Form::Csv, &mut io::sink()).await;
            assert!(matches!(copied, Err(ReportError::Store(_) | ReportError::NotKept)), "{damage}");
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_alone_and_whole() {
    use std::os::unix::fs::PermissionsExt;
    let world = crowd(3);
    let kept = Kept::of(&world, "alpha", &world.script("alpha")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.csv.unfinished"), "left by a crash").unwrap();
    std::fs::write(folder.path().join("report.csv"), "an earlier one").unwrap();
    let [csv, json]: [_; 2] = export(&kept.bench.store, 1, folder.path()).await.unwrap().try_into().unwrap();
    assert_eq!(names(folder.path()), ["report.csv", "report.jsonl"]);
    assert_eq!(std::fs::read_to_string(&csv).unwrap(), kept.text(Form::Csv).await);
    assert_eq!(std::fs::read_to_string(&json).unwrap(), kept.text(Form::JsonLines).await);
    for path in [&csv, &json] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // What cannot be read leaves what was there.
    kept.run("UPDATE report_part SET body = substr(body, 1, 1) WHERE form = 2").await;
    assert!(export(&kept.bench.store, 1, folder.path()).await.is_err());
    assert!(matches!(export(&kept.bench.store, 2, folder.path()).await, Err(ReportError::NotKept)));
    assert_eq!(names(folder.path()), ["report.csv", "report.jsonl"]);
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 4);
}
