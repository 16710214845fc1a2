//! The life of keys at this node: takes the coordinator's notices, and ends an epoch when its time has come.
//!
//! Comes in: signed notices, the clock, the policy; or a person's word. Goes out: entries in the log, erased shares and
//! outputs. Trusts: the coordinator for the date alone. Fails: with nothing erased, or, cut off in the middle, with an epoch
//! that is marked as closed and whose outputs are erased by the next call.

use lianfang_proto::catalogue::Class;
use lianfang_proto::documents::key_notice::KeyNotice;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::Epoch;
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::{Canonical as _, Digest, Signed};

use super::Context;
use super::state::Stage;
use crate::audit::Event;
use crate::fault::{of_log, of_record, of_store};
use crate::key_holder::notices::{NOTICE_BYTES, Taken};
use crate::key_holder::vault::VaultError;
use crate::peers::coordinator::NAME;
use crate::ports::Micros;
use crate::register::RegisterError;

/// Notices of one reply; a federation has a few epochs of a few classes.
const NOTICES: usize = 1_024;
/// A job under an epoch is let finish for so long after its deadline.
const AFTER_DEADLINE: Micros = 86_400_000_000;

fn internal(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultCode::Internal).got(error)
}

/// What was erased with an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Shares.
    pub shares: u64,
    /// Cached outputs.
    pub outputs: u64,
}

impl Context {
    /// Takes what the coordinator announces, if it has announced something since.
    pub async fn take_notices(&self, highest: u64) -> Result<(), Fault> {
        if highest <= self.notices.highest().await.map_err(|e| of_store(&e))? {
            return Ok(());
        }
        let mut refused = Ok(());
        for bytes in self.coordinator.key_notices().await?.iter().take(NOTICES) {
            // One that cannot be read, or was signed by a key that the coordinator has no longer, hides no other.
            if let Err(fault) = self.take_notice(bytes).await {
                refused = Err(fault);
            }
        }
        refused
    }

    async fn take_notice(&self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.len() > NOTICE_BYTES {
            return Err(Fault::field(FaultCode::MessageTooLarge, "notice").at(NAME));
        }
        let coordinator = self.roster.now().roster.coordinator;
        let signed: Signed<KeyNotice> = checked::open_signed(bytes, "notice", &coordinator)?;
        let notice = *signed.value();
        if !self.vault.is_closed(notice.class, notice.epoch) {
            self.fetch_record(notice.class, notice.epoch).await?;
            let kept = self.records.current(notice.class, notice.epoch).await.map_err(|e| of_record(&e))?;
            let public_key = kept.map(|kept| kept.endorsed.record().public_key);
            if public_key != Some(notice.public_key) {
                return self.contradicted(&signed).await;
            }
        }
        let event = Event::KeyNoticed {
            class: notice.class,
            epoch: notice.epoch,
            state: notice.state.code().to_owned(),
            closes: notice.closes_at.map(time).unwrap_or_default(),
            notice: signed.digest(),
        };
        let said = self.log.says(&event);
        match self.notices.take(&signed, &said).await.map_err(|e| of_store(&e))? {
            Taken::Known | Taken::New => Ok(()),
            Taken::Contradicts => self.contradicted(&signed).await,
        }
    }

    /// A job that would outlive its key is not begun: its outputs would be gone before its end.
    pub(super) async fn in_its_life(&self, terms: &Terms) -> Result<(), Fault> {
        let kept = self.notices.of(terms.key.class, terms.key.epoch).await.map_err(|e| of_store(&e))?;
        let closes_at = kept.and_then(|kept| kept.notice.closes_at);
        match closes_at.filter(|at| *at < terms.last_taken()) {
            None => Ok(()),
            Some(at) => Err(Fault::field(FaultCode::EpochClosed, "terms.deadline").wanted(time(at))),
        }
    }

    /// The coordinator has announced of a key what cannot be; the notice is not taken. The log says it once, though the
    /// coordinator shows the notice at every answer, as one does whose store was put back from a backup.
    async fn contradicted(&self, signed: &Signed<KeyNotice>) -> Result<(), Fault> {
        let digest = signed.digest();
        if self.notices.is_told(&digest) {
            return Ok(());
        }
        tracing::error!(
            event = "key.contradicted",
            epoch = signed.value().epoch.0,
            "a notice about a key contradicts what is known of it"
        );
        let event = Event::Fault { party: NAME.to_owned(), code: FaultCode::TermsDiffer, digest };
        self.log.record(&event).await.map_err(|e| of_log(&e))?;
        self.notices.told(&digest);
        Ok(())
    }

    /// Ends every epoch whose announced date has come, where the policy does that. One under which a job goes on waits
    /// for it, as long as the job has time and a day.
    pub async fn close_due(&self) -> Result<(), Fault> {
        let now = self.ports.clock.now();
        for kept in self.notices.all().await.map_err(|e| of_store(&e))? {
            let due = kept.closes_by_itself_at(&self.config.policy).is_some_and(|at| at <= now);
            let (class, epoch) = (kept.notice.class, kept.notice.epoch);
            if !due || self.is_erased(class, epoch).await? {
                continue;
            }
            if self.job_under(class, epoch, AFTER_DEADLINE).await?.is_some() {
                continue;
            }
            self.close_epoch(class, epoch, "policy").await?;
        }
        Ok(())
    }

    /// Whether nothing of this epoch is left here.
    async fn is_erased(&self, class: Class, epoch: Epoch) -> Result<bool, Fault> {
        let closed = self.vault.is_closed(class, epoch);
        Ok(closed && !self.register.has_outputs(class, epoch).await.map_err(|e| of_store(&e))?)
    }

    /// Erases share and outputs of an epoch for good.
    pub async fn close_epoch(&self, class: Class, epoch: Epoch, by: &str) -> Result<Erased, Fault> {
        let kept = self.records.current(class, epoch).await.map_err(|e| of_record(&e))?;
        let digest = kept.map_or_else(
            || Digest::of("lianfang/epoch-close", &epoch.0.to_be_bytes()),
            |kept| kept.endorsed.record().digest(),
        );
        let what = "lianfang/epoch-close".to_owned();
        let event = Event::Approved { by: by.to_owned(), what, digest };
        self.log.record(&event).await.map_err(|e| of_log(&e))?;
        let shares = self.vault.close_epoch(class, epoch, by).await.map_err(|error| match error {
            VaultError::Store(error) => of_store(&error),
            other => internal(other),
        })?;
        let outputs = self.register.close_epoch(class, epoch).await.map_err(|error| match error {
            RegisterError::Store(error) => of_store(&error),
            other => internal(other),
        })?;
        self.store.forget().await;
        Ok(Erased { shares, outputs })
    }

    /// A job under this epoch that is under way, until so long after its deadline: its outputs are needed.
    pub async fn job_under(
        &self,
        class: Class,
        epoch: Epoch,
        after_deadline: Micros,
    ) -> Result<Option<String>, Fault> {
        let now = self.ports.clock.now();
        let under_way = self.book.unfinished().await.map_err(|e| of_store(&e))?.into_iter();
        for entry in under_way.filter(|entry| entry.stage != Stage::Proposed) {
            // Whoever signed them: what counts is which outputs the job needs.
            let signer = Signed::<Terms>::claimed_signer(&entry.terms);
            let terms = signer.and_then(|signer| Signed::<Terms>::open(&entry.terms, &signer));
            let Ok(terms) = terms.map(Signed::into_value) else { continue };
            let needed = now < terms.last_taken().saturating_add(after_deadline);
            if (terms.key.class, terms.key.epoch) == (class, epoch) && needed {
                return Ok(Some(entry.job.to_string()));
            }
        }
        Ok(None)
    }
}

fn time(micros: Micros) -> String {
    jiff::Timestamp::from_microsecond(micros).map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::key_notice::KeyState;

    use super::*;
    use crate::job::tests::Alone;
    use crate::key_holder::tests::KEY;

    #[tokio::test]
    async fn a_contradiction_stands_in_the_log_once_however_often_it_comes() {
        let alone = Alone::new().await;
        let context = &alone.context;
        let notice = |number: u64| {
            let notice = KeyNotice {
                class: KEY.class,
                epoch: KEY.epoch,
                public_key: [1; 32],
                number,
                state: KeyState::Active,
                announced_at: 0,
                closes_at: None,
            };
            Signed::sign(&alone.coordinator, notice)
        };
        let before = context.log.last(100).await.unwrap().len();
        for (number, entries) in [(1, 1), (1, 1), (2, 2), (1, 2), (2, 2)] {
            context.contradicted(&notice(number)).await.unwrap();
            assert_eq!(context.log.last(100).await.unwrap().len() - before, entries, "{number}");
        }
    }
}
