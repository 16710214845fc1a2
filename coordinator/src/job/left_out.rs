//! Participants that were suspended or revoked in the middle of a job, or were given another identity.
//!
//! Comes in: the roster in force at the moment when submissions are no longer taken. Goes out: who is left out of the job
//! for good. The participants are fixed by the terms, so the job itself goes on, and:
//!
//! * Before that moment nobody waits for such a bank, nor for one under another identity than that which has signed its
//!   header: it can neither send more rows under that header, nor another header. One that is resumed goes on where it was.
//! * At that moment both are left out, whatever they have submitted: their rows are compared with nobody's, for the key of an
//!   earlier identity is accepted by nobody any more, whoever has it now; and the certificate says that they were missing. A
//!   resumption after that comes too late for this job.
//! * After that moment what others have been told stays, but the bank itself is told nothing as long as it takes no part, and
//!   nobody waits for its return or its countersignature. One under another identity has another folder, which is not named
//!   the job and cannot finish it: nobody waits for it either.

use lianfang_proto::documents::roster::Roster;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_trust::Signed;
use serde_json::json;

use super::ledger::{self, Job, Party};
use super::participant::{Event, Participant};
use crate::audit;
use crate::fault::{Error, StoredAs as _};
use crate::ports::Micros;
use crate::store::Connection;

/// Leaves out whoever takes part no longer. Called in the transaction in which the job stops to take submissions.
pub async fn leave_out(
    tx: &mut Connection,
    job: &Job,
    parties: &[Party],
    roster: &Roster,
    now: Micros,
) -> Result<(), Error> {
    let id = job.agreed.job();
    for party in parties {
        let event = Event::gathered(stands_behind(party, roster)?);
        // The clock has nothing to do with it.
        let after = Participant::of(party).apply(event, job.state, false);
        let after = after.map_err(|refused| refused.fault(&party.bank, job.state))?;
        if after.is_some_and(|after| after.left_out) {
            ledger::set_left_out(tx, id, &party.bank).await?;
            let body = json!({"job": id.to_string(), "bank": party.bank.as_str(), "submitted": party.sealed});
            audit::append(tx, now, "job.left-out", &body).await?;
        }
    }
    Ok(())
}

/// Whether nobody waits for the bank. One whose header cannot be read is waited for: the step that needs the header says so.
pub(super) fn is_away(party: &Party, roster: &Roster) -> bool {
    matches!(stands_behind(party, roster), Ok(false))
}

/// Whether the bank takes part by this roster, under the identity that has signed its header if there is one.
fn stands_behind(party: &Party, roster: &Roster) -> Result<bool, Error> {
    let Some(member) = roster.active(&party.bank) else { return Ok(false) };
    let Some(header) = &party.header else { return Ok(true) };
    let signer = Signed::<SubmissionHeader>::claimed_signer(header).stored_as("header")?;
    Ok(signer == member.identity)
}

#[cfg(test)]
mod tests {
    use lianfang_proto::catalogue::Disclosure;
    use lianfang_proto::documents::roster::Standing;
    use lianfang_proto::listed;
    use lianfang_trust::SigningKey;

    use super::*;
    use crate::job::answers;
    use crate::job::clerk::Errand;
    use crate::job::participant::Submission;
    use crate::job::state::{self, State, Task};
    use crate::job::step;
    use crate::tests::{Bench, ROWS, bank, id};

    listed! {
        /// What has happened to a bank by the time when submissions are gathered.
        enum Since {
            Nothing,
            Suspended,
            Revoked,
            /// It was invited and confirmed anew.
            NewIdentity,
            /// It has another certificate key and sealing key, and its identity still.
            NewCertificate,
        }
    }

    impl Bench {
        /// Another roster is in force, in which this has happened to beta.
        fn happened(&self, since: Since) {
            let before = self.us.book.now().roster().clone();
            let mut members = before.members.clone();
            let beta = members.iter_mut().find(|member| member.bank == bank("beta")).unwrap();
            match since {
                Since::Nothing => {}
                Since::Suspended => beta.standing = Standing::Suspended,
                Since::Revoked => beta.standing = Standing::Revoked,
                Since::NewIdentity => beta.identity = SigningKey::from_bytes(&[77; 32]).verifying_key(),
                Since::NewCertificate => (beta.certificate_key, beta.sealing) = ([77; 32], [77; 32]),
            }
            let next = Roster { version: before.version + 1, members, ..before };
            self.us.book.replace(Signed::sign(&self.us.keys.roster, next));
        }
    }

    #[tokio::test]
    async fn who_takes_part_no_longer_or_under_another_identity_is_left_out_when_rows_are_gathered() {
        for (number, since) in (1..).zip(Since::ALL) {
            let (bench, id) = (Bench::new().await, id(number));
            let terms = bench.job(id, Disclosure::Labels).await;
            for name in ["alpha", "beta"] {
                bench.submit(&bench.us, &terms, name, ROWS).await;
            }
            bench.happened(since);
            bench.hand.pass(1);
            step::take(&bench.us, Errand::Job(id, Task::Enter(state::Event::Gathered))).await;
            let stays = match since {
                Since::Nothing | Since::NewCertificate => true,
                Since::Suspended | Since::Revoked | Since::NewIdentity => false,
            };
            let (job, beta) = bench.party(&terms, "beta").await;
            assert_eq!(job.state, State::Matching, "{since:?}");
            assert_eq!((beta.sealed, beta.left_out), (stays, !stays), "{since:?}");
            let (_, alpha) = bench.party(&terms, "alpha").await;
            assert!(alpha.sealed && !alpha.left_out, "{since:?}: the others lose nothing");
        }
    }

    /// Who has not submitted has signed nothing: new keys take nothing from it.
    #[tokio::test]
    async fn nobody_waits_for_who_cannot_go_on_and_it_is_not_named_the_job() {
        for since in Since::ALL {
            let bench = Bench::new().await;
            let mut jobs = Vec::new();
            for (number, submission) in (1..).zip(Submission::ALL) {
                let terms = bench.job(id(number), Disclosure::Labels).await;
                match submission {
                    Submission::Nothing => {}
                    Submission::Announced => bench.submit(&bench.us, &terms, "beta", 0).await,
                    Submission::Sealed => bench.submit(&bench.us, &terms, "beta", ROWS).await,
                }
                jobs.push((submission, terms));
            }
            bench.happened(since);
            let named = answers::concerning(&bench.us, &bank("beta")).await.unwrap();
            for (submission, terms) in jobs {
                let away = match (since, submission) {
                    (Since::Nothing | Since::NewCertificate, _) => false,
                    (Since::Suspended | Since::Revoked, _) => true,
                    (Since::NewIdentity, Submission::Nothing) => false,
                    (Since::NewIdentity, Submission::Announced | Submission::Sealed) => true,
                };
                let (job, beta) = bench.party(&terms, "beta").await;
                assert_eq!(Participant::of(&beta).submission, submission);
                let in_force = bench.us.book.now();
                let facts = ledger::facts(&job, &[beta], 0, false, in_force.roster());
                assert_eq!(facts.parts[0].declined, away, "{since:?}, {submission:?}");
                assert_eq!(named.contains(&terms.job), !away, "{since:?}, {submission:?}");
            }
        }
    }
}
