//! The node's certificate, over the years: renewed in time, exchanged with its key, reloaded where the bank brings its own.
//!
//! Comes in: the certificate in use, the clock, the bank's own files. Goes out: the next certificate, in use for every
//! connection made from then on; those that are open go on. Trusts: what the coordinator gives only as far as the chain
//! ends at the authority's root and the key is this node's. Fails with a problem; the certificate in use stays.
//!
//! A certificate that has expired opens no connection, so its renewal goes to the one service that strangers may call,
//! where the identity key speaks for the member. It goes over an ordinary connection as long as there is one.

mod life;

use std::sync::Arc;

use lianfang_desk::Problem;
use lianfang_link::client::{DialLimits, enrolment_channel};
use lianfang_link::{CertificateDer, Fingerprint, Identity, possession};
use lianfang_proto::documents::enrolment::CertificateSource;
use lianfang_proto::documents::membership::{CertificateRenewal, renewal_challenge};
use lianfang_proto::documents::roster::Member;
use lianfang_proto::{Fault, FaultCode, v1};
use lianfang_trust::Signed;

pub use self::life::{Due, due};
use self::life::{Step, goes_as_a_stranger, step};
use super::{Membership, own_identity, own_root, pin_roster, read_key, store_chain, unusable};
use crate::app::{App, Joined};
use crate::audit::Event;
use crate::config::OwnCertificate;
use crate::fault::{self, problem};
use crate::peers::coordinator::{Coordinator, NAME};
use crate::ports::Micros;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing was due.
    Nothing,
    /// Another certificate over the same key.
    Renewed,
    /// A certificate over another key, which the roster pins from now on.
    Exchanged,
}

/// The renewal of one node's certificate.
pub struct Renewing<'a> {
    /// The node.
    pub node: &'a App,
    /// Its membership.
    pub joined: &'a Joined,
}

impl Renewing<'_> {
    /// What the life of the certificate in use asks for now.
    fn due(&self) -> Result<Due, Problem> {
        let validity = self.joined.identity.validity().map_err(Problem::bug)?;
        let [spread, ..] = *self.node.secrets.identity.verifying_key().as_bytes();
        Ok(due(validity, self.node.clock().now(), spread))
    }

    /// Does what is due. `doubted` after the coordinator has refused the certificate in use: then it is asked why.
    pub async fn look(&self, doubted: bool) -> Result<Done, Problem> {
        if let Some(own) = &self.node.config.certificate {
            return self.reload(own, doubted).await;
        }
        let begun = self.node.secrets.next_tls()?.is_some();
        match step(self.due()?, doubted, begun) {
            Step::Wait => Ok(Done::Nothing),
            Step::Renew => self.renew().await,
            Step::Exchange => self.exchange(true).await,
        }
    }

    /// Has another certificate issued over the key in use.
    pub async fn renew(&self) -> Result<Done, Problem> {
        if let Some(own) = &self.node.config.certificate {
            return self.reload(own, true).await;
        }
        let request = self.node.secrets.tls().certificate_request().map_err(Problem::bug)?;
        self.issued(CertificateSource::Authority(request), true).await?;
        let ends = self.ends();
        self.node.log.record(&Event::CertificateRenewed { ends }).await.map_err(Problem::bug)?;
        Ok(Done::Renewed)
    }

    /// Exchanges the key in use for another. Without `overlap` the one in use is refused everywhere from then on.
    pub async fn exchange(&self, overlap: bool) -> Result<Done, Problem> {
        if self.node.config.certificate.is_some() {
            return Err(Problem::usage("certificate-is-own"));
        }
        let key = self.node.secrets.prepare_tls(&mut *self.node.ports.chance.rng())?;
        let request = key.certificate_request().map_err(Problem::bug)?;
        self.issued(CertificateSource::Authority(request), overlap).await?;
        self.note_exchange(overlap).await?;
        Ok(Done::Exchanged)
    }

    async fn note_exchange(&self, overlap: bool) -> Result<(), Problem> {
        let key = self.joined.identity.fingerprint().map_err(Problem::bug)?.to_string();
        let event = Event::CertificateExchanged { key, overlap, ends: self.ends() };
        self.node.log.record(&event).await.map_err(Problem::bug)
    }

    fn ends(&self) -> String {
        let ends = self.joined.identity.expires().map(|ends| ends.as_secs()).unwrap_or_default();
        let ends = jiff::Timestamp::from_second(i64::try_from(ends).unwrap_or(i64::MAX));
        ends.map(|ends| ends.to_string()).unwrap_or_default()
    }

    /// Asks for a certificate of the authority's, and uses it.
    async fn issued(&self, source: CertificateSource, overlap: bool) -> Result<(), Problem> {
        let chain = self.ask(source, overlap).await?;
        let leaf = chain.first().ok_or_else(|| wrong("membership.certificate_chain"))?;
        let root = CertificateDer::from(self.joined.context.roster.now().roster.authority_root.clone());
        let (ends, wanted) = (chain.last().map(Fingerprint::of), Fingerprint::of(&root));
        if !matches!((ends, wanted), (Some(Ok(ends)), Ok(wanted)) if ends == wanted) {
            return Err(wrong("membership.certificate_chain"));
        }
        let secrets = &self.node.secrets;
        let ours = [Some(secrets.tls()), secrets.next_tls()?.map(Arc::new)];
        if !ours.iter().flatten().any(|key| key.is_behind(leaf)) {
            return Err(wrong("membership.certificate_chain"));
        }
        // From here on the certificate decides which key is in use.
        store_chain(&self.node.store, &chain).await?;
        let key = secrets.tls_behind(leaf, &mut *self.node.ports.chance.rng())?;
        let key = key.ok_or_else(|| wrong("membership.certificate_chain"))?;
        self.joined.identity.replace(&key.certified(chain).map_err(Problem::bug)?);
        Ok(())
    }

    /// Takes up the bank's own files, if they are others than those in use. A key or root that the roster does not pin yet
    /// is made known first, and used only then.
    async fn reload(&self, own: &OwnCertificate, doubted: bool) -> Result<Done, Problem> {
        let newer = own_identity(own)?;
        let root = own_root(own)?;
        let pinned = self.member()?;
        let key = newer.fingerprint().map_err(Problem::bug)?;
        let is_pinned = pinned.certificate_key == key.0 && pinned.own_root.as_deref() == Some(&*root);
        if is_pinned && !doubted {
            if newer.chain() == self.joined.identity.chain() {
                return Ok(Done::Nothing);
            }
            self.joined.identity.replace(&newer);
            self.node
                .log
                .record(&Event::CertificateRenewed { ends: self.ends() })
                .await
                .map_err(Problem::bug)?;
            return Ok(Done::Renewed);
        }
        let source = self.own_source(own, &newer, root, &pinned)?;
        self.ask(source, true).await?;
        self.joined.identity.replace(&newer);
        if is_pinned {
            return Ok(Done::Nothing);
        }
        self.note_exchange(true).await?;
        Ok(Done::Exchanged)
    }

    fn own_source(
        &self,
        own: &OwnCertificate,
        newer: &Identity,
        root: Vec<u8>,
        pinned: &Member,
    ) -> Result<CertificateSource, Problem> {
        let identity = self.node.secrets.identity.verifying_key();
        let challenge = renewal_challenge(&pinned.certificate_key, &identity);
        let proof = possession::prove(&read_key(own)?, &challenge).map_err(|e| unusable(own, e))?;
        let leaf = newer.chain().first().map(|der| der.to_vec()).unwrap_or_default();
        Ok(CertificateSource::Own { leaf, root, proof })
    }

    /// This node in its roster, whatever its standing.
    fn member(&self) -> Result<Member, Problem> {
        let context = &self.joined.context;
        let member = context.roster.now().roster.member(&context.bank).cloned();
        member.ok_or_else(|| problem(&Fault::new(FaultCode::CertificateUnknown).at(NAME)))
    }

    /// Sends the request, over the connection that there is or as a stranger, and takes up the roster that comes with it.
    async fn ask(
        &self,
        certificate: CertificateSource,
        overlap: bool,
    ) -> Result<Vec<CertificateDer<'static>>, Problem> {
        let context = &self.joined.context;
        let renewal = CertificateRenewal {
            bank: context.bank.clone(),
            replaces: self.member()?.certificate_key,
            at: self.node.ports.clock.now(),
            overlap,
            certificate,
        };
        let signed = Signed::sign(&context.secrets.identity, renewal).bytes().to_vec();
        // Without overlap the ordinary connection ends with the key that it was made with, before the answer is there.
        let given = if goes_as_a_stranger(self.due()?, overlap) {
            self.as_a_stranger(signed).await
        } else {
            let mut given = context.coordinator.renew(signed.clone()).await;
            // An exchange soon after another ends the connections under the key before that one, and with them the one
            // that it came over: over a fresh one the same request is given the same certificate.
            if matches!(&given, Err(fault) if fault.code == FaultCode::Unreachable) {
                given = context.coordinator.renew(signed.clone()).await;
            }
            match given {
                Err(fault) if is_of_certificates(fault.code) => self.as_a_stranger(signed).await,
                given => given,
            }
        };
        self.take(given.map_err(|fault| told(&fault, self.node.ports.clock.now()))?).await
    }

    async fn as_a_stranger(&self, signed: Vec<u8>) -> Result<v1::Membership, Fault> {
        let roster = self.joined.context.roster.now();
        let root = Fingerprint::of(&CertificateDer::from(roster.roster.authority_root.clone()));
        let root = root.map_err(|_| Fault::field(FaultCode::MalformedField, "roster.authority_root"))?;
        let address = Membership::coordinator_of(&self.node.store).await.map_err(|e| fault::of_store(&e))?;
        let transport = Arc::clone(&self.node.transport);
        let clock = self.node.clock();
        let channel = enrolment_channel(transport, &address, root, &clock, DialLimits::default());
        Coordinator::over(channel).renew(signed).await
    }

    /// Why this bank takes no part any more, if it is because the coordinator has suspended or revoked it. That is asked as a
    /// renewal is, for whoever is suspended has no other way to be heard; the request is one of long ago and replaces
    /// nothing, so it brings nothing about at a member that takes part.
    pub async fn ended(&self) -> Option<Fault> {
        let context = &self.joined.context;
        let request = self.node.secrets.tls().certificate_request().ok()?;
        let renewal = CertificateRenewal {
            bank: context.bank.clone(),
            replaces: [0; 32],
            at: 0,
            overlap: true,
            certificate: CertificateSource::Authority(request),
        };
        let signed = Signed::sign(&context.secrets.identity, renewal).bytes().to_vec();
        let fault = self.as_a_stranger(signed).await.err()?;
        matches!(fault.code, FaultCode::MemberSuspended | FaultCode::MemberRevoked).then_some(fault)
    }

    async fn take(&self, given: v1::Membership) -> Result<Vec<CertificateDer<'static>>, Problem> {
        let roster = &self.joined.context.roster;
        if let Some(newer) = roster.newer(&given.roster).map_err(|fault| problem(&fault.at(NAME)))? {
            pin_roster(&self.node.store, &newer).await?;
            roster.take(newer);
        }
        Ok(given.certificate_chain.into_iter().map(|der| CertificateDer::from(der.to_vec())).collect())
    }
}

/// A day's exchanges that are used up are told with their number, and when the next may be.
fn told(fault: &Fault, now: Micros) -> Problem {
    let (Some("renewal.certificate"), Some(limit), Some(wait)) =
        (fault.field.as_deref().filter(|_| fault.code == FaultCode::Busy), &fault.wanted, fault.retry_after)
    else {
        return problem(fault);
    };
    // The next whole second: a moment too early would be refused again.
    let seconds = now / 1_000_000 + i64::try_from(wait.as_secs()).unwrap_or(i64::from(u32::MAX)) + 1;
    let until = jiff::Timestamp::from_second(seconds).map(|until| until.to_string()).unwrap_or_default();
    let problem = Problem::later("certificate-exchanges").at(NAME).field("renewal.certificate");
    problem.with("limit", limit.clone()).with("until", until)
}

fn wrong(field: &str) -> Problem {
    problem(&Fault::field(FaultCode::CertificateUnknown, field).at(NAME))
}

/// Whether it is the certificate, on either side, that stands in the way.
pub fn is_of_certificates(code: FaultCode) -> bool {
    matches!(
        code,
        FaultCode::CertificateExpired
            | FaultCode::CertificateEarly
            | FaultCode::CertificateUnknown
            | FaultCode::Unauthenticated
            | FaultCode::WrongParty
            | FaultCode::NotAdmitted
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_days_exchanges_are_told_with_their_number_and_the_time_of_the_next() {
        let busy = Fault::field(FaultCode::Busy, "renewal.certificate").at(NAME);
        assert_eq!(told(&busy, 0).code(), "busy");
        let wait = Some(Duration::from_mins(90));
        let spent = Fault { retry_after: wait, ..busy.wanted(4) };
        let problem = told(&spent, 500_000);
        assert_eq!((problem.code(), problem.exit()), ("certificate-exchanges", lianfang_desk::Exit::Later));
        for lang in lianfang_desk::Lang::ALL {
            let said = problem.sentence(lang);
            assert!(said.contains('4') && said.contains("1970-01-01T01:30:01Z"), "{said}");
        }
    }
}
