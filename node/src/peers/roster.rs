//! The roster in force: the one that this node has pinned, and what follows from it.
//!
//! Comes in: signed rosters. Goes out: who is admitted to a connection, by which keys members sign. A roster is taken
//! only under the authority's key that a person compared at enrolment, and never if it is older than the one in force
//! or another one of the same version.

mod confirmation;

use std::sync::{Arc, PoisonError, RwLock};

use lianfang_link::{CertificateDer, Directory, Fingerprint, Party, Root};
use lianfang_proto::documents::roster::{Member, Roster};
use lianfang_proto::ids::BankId;
use lianfang_proto::{Fault, FaultCode, checked};
use lianfang_trust::envelope::SealingPublicKey;
use lianfang_trust::{Digest, Signed, VerifyingKey};

use tokio::sync::{Notify, watch};

use self::confirmation::{Confirmation, Event};
use crate::key_holder::ports::{MemberKeys, Members};
use crate::ports::Micros;

/// One roster, opened.
pub struct Pinned {
    /// The roster.
    pub roster: Roster,
    /// Its digest.
    pub digest: Digest,
    /// As it was signed.
    pub bytes: Vec<u8>,
}

/// The roster in force. Cheap to clone; all clones change together.
#[derive(Clone)]
pub struct RosterInForce {
    authority: VerifyingKey,
    pinned: Arc<RwLock<Arc<Pinned>>>,
    state: Arc<State>,
}

/// What is known of the roster beside what it says.
struct State {
    /// The version in force, for those who wait for the next.
    version: watch::Sender<u64>,
    /// When the coordinator confirmed that there is no newer one.
    confirmation: RwLock<Confirmation>,
    /// Rings when somebody could not be answered because that is too long ago.
    wanted: Notify,
}

impl RosterInForce {
    /// Begins with the roster of the enrolment, or the last that was stored.
    pub fn begin(authority: VerifyingKey, bytes: &[u8]) -> Result<Self, Fault> {
        let pinned = Arc::new(open(bytes, &authority)?);
        let version = watch::Sender::new(pinned.roster.version);
        let state = State { version, confirmation: RwLock::default(), wanted: Notify::new() };
        Ok(Self { authority, pinned: Arc::new(RwLock::new(pinned)), state: Arc::new(state) })
    }

    /// Reads a roster of whatever version that the authority has signed, without taking it.
    pub fn read(&self, bytes: &[u8]) -> Result<Pinned, Fault> {
        open(bytes, &self.authority)
    }

    /// Whether there is no newer roster where `newest` is the coordinator's.
    pub fn is_newest(&self, newest: u64) -> bool {
        newest <= self.now().roster.version
    }

    /// The coordinator says at this time that `newest` is its version: if that is no later than the one in force, it has
    /// confirmed it.
    pub fn confirm(&self, newest: u64, now: Micros) {
        let in_force = self.now().roster.version;
        self.heard(Event::Named { newest, in_force, now });
    }

    fn heard(&self, event: Event) {
        let mut confirmation = self.state.confirmation.write().unwrap_or_else(PoisonError::into_inner);
        *confirmation = confirmation.after(event);
    }

    /// Resolves when somebody could not be answered because the roster was not confirmed for too long.
    pub async fn wanted(&self) {
        self.state.wanted.notified().await;
    }

    /// The roster in force now.
    pub fn now(&self) -> Arc<Pinned> {
        // A poisoned lock still holds a whole roster: it is replaced in one assignment.
        Arc::clone(&self.pinned.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Judges a roster that came. `Ok(None)` if it is the one in force. The caller stores a newer one before it
    /// [takes](Self::take) it: a roster that was in force and is forgotten could be replaced by another of its version.
    pub fn newer(&self, bytes: &[u8]) -> Result<Option<Pinned>, Fault> {
        let newer = open(bytes, &self.authority)?;
        let now = self.now();
        let (have, came) = (now.roster.version, newer.roster.version);
        if came < have {
            return Err(Fault::field(FaultCode::RosterOlder, "roster.version").wanted(have).got(came));
        }
        if newer.digest == now.digest {
            return Ok(None);
        }
        if came == have {
            let fault = Fault::field(FaultCode::RosterDiffers, "roster");
            return Err(fault.wanted(now.digest.short()).got(newer.digest.short()));
        }
        Ok(Some(newer))
    }

    /// Puts a roster into force that [`Self::newer`] has judged and that is stored. A later one stays.
    pub fn take(&self, newer: Pinned) {
        let version = newer.roster.version;
        {
            let mut slot = self.pinned.write().unwrap_or_else(PoisonError::into_inner);
            if version > slot.roster.version {
                *slot = Arc::new(newer);
            }
        }
        self.heard(Event::Taken);
        // Told after it is in force: who hears of it reads no older one.
        self.state.version.send_if_modified(|known| {
            let newer = version > *known;
            *known = version.max(*known);
            newer
        });
    }

    /// A member that takes part, with its address.
    pub fn member(&self, bank: &BankId) -> Option<Member> {
        self.now().roster.active(bank).cloned()
    }
}

fn open(bytes: &[u8], authority: &VerifyingKey) -> Result<Pinned, Fault> {
    let signed: Signed<Roster> = checked::open_signed(bytes, "roster", authority)?;
    Ok(Pinned { digest: signed.digest(), bytes: bytes.to_vec(), roster: signed.into_value() })
}

impl Directory for RosterInForce {
    fn roots(&self) -> Vec<Root> {
        let now = self.now();
        let own = now
            .roster
            .own_roots()
            .map(|(bank, root)| Root::of_bank(CertificateDer::from(root.to_vec()), bank.as_str()));
        let authority = CertificateDer::from(now.roster.authority_root.clone());
        std::iter::once(Root::authority(authority)).chain(own).collect()
    }

    fn party(&self, key: &Fingerprint) -> Option<Party> {
        let now = self.now();
        if now.roster.coordinator_certificate_key == key.0 {
            return Some(Party::Coordinator);
        }
        now.roster.holder_of(&key.0).map(|member| Party::Bank(member.bank.as_str().to_owned()))
    }

    fn changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.state.version.subscribe())
    }
}

fn keys(member: &Member) -> Option<MemberKeys> {
    Some(MemberKeys {
        bank: member.bank.clone(),
        group: member.group.clone(),
        identity: member.identity,
        sealing: SealingPublicKey::from_bytes(&member.sealing).ok()?,
        certificate_key: member.certificate_key,
    })
}

impl Members for RosterInForce {
    fn active(&self, bank: &BankId) -> Option<MemberKeys> {
        self.now().roster.active(bank).and_then(keys)
    }

    fn coordinator(&self) -> VerifyingKey {
        self.now().roster.coordinator
    }

    fn version(&self) -> u64 {
        self.now().roster.version
    }

    fn digest(&self) -> Digest {
        self.now().digest
    }

    fn unconfirmed_for(&self, now: Micros) -> Micros {
        self.state.confirmation.read().unwrap_or_else(PoisonError::into_inner).age(now)
    }

    fn confirm_again(&self) {
        self.state.wanted.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::roster::Standing;
    use lianfang_proto::ids::GroupId;
    use lianfang_proto::listed;
    use lianfang_trust::SigningKey;

    use super::confirmation::CLOCK_STEP;
    use super::*;

    fn roster(version: u64, coordinator: &SigningKey) -> Roster {
        let bank = BankId::parse("alpha", "bank").unwrap();
        Roster {
            version,
            signed_at: 0,
            authority_root: vec![1],
            coordinator: coordinator.verifying_key(),
            coordinator_certificate_key: [9; 32],
            retiring: Vec::new(),
            members: vec![Member {
                group: GroupId::parse("alpha", "group").unwrap(),
                bank,
                standing: Standing::Active,
                identity: coordinator.verifying_key(),
                sealing: [0; 32],
                certificate_key: [7; 32],
                own_root: None,
                address: "a:1".into(),
            }],
        }
    }

    #[test]
    fn only_a_newer_roster_of_the_authority_is_taken() {
        let authority = SigningKey::from_bytes(&[1; 32]);
        let other = SigningKey::from_bytes(&[2; 32]);
        let sign = |key: &SigningKey, roster: Roster| Signed::sign(key, roster).bytes().to_vec();
        let first = sign(&authority, roster(2, &other));
        let force = RosterInForce::begin(authority.verifying_key(), &first).unwrap();
        assert!(force.newer(&first).unwrap().is_none());
        let code = |bytes: &[u8]| force.newer(bytes).err().unwrap().code;
        assert_eq!(code(&sign(&authority, roster(1, &other))), FaultCode::RosterOlder);
        assert_eq!(code(&sign(&authority, roster(2, &authority))), FaultCode::RosterDiffers);
        assert_eq!(code(&sign(&other, roster(3, &other))), FaultCode::SignatureInvalid);
        let (third, fourth) = (sign(&authority, roster(3, &other)), sign(&authority, roster(4, &other)));
        let (third, fourth) = (force.newer(&third).unwrap().unwrap(), force.newer(&fourth).unwrap().unwrap());
        assert_eq!(force.now().roster.version, 2, "nothing is in force before it is stored");
        force.take(fourth);
        force.take(third);
        assert_eq!(
            force.now().roster.version,
            4,
            "an older one that was judged earlier takes nobody's place"
        );
    }

    #[test]
    fn a_roster_is_only_as_good_as_its_last_confirmation() {
        let authority = SigningKey::from_bytes(&[1; 32]);
        let bytes = Signed::sign(&authority, roster(1, &authority)).bytes().to_vec();
        let force = RosterInForce::begin(authority.verifying_key(), &bytes).unwrap();
        let now = 1_800_000_000_000_000;
        assert_eq!(force.unconfirmed_for(now), Micros::MAX, "not since the start");
        force.confirm(1, now);
        assert_eq!(force.unconfirmed_for(now + 7), 7);
        assert_eq!(force.unconfirmed_for(now - 7), 0);
        assert_eq!(force.unconfirmed_for(now - CLOCK_STEP - 1), Micros::MAX, "the clock was set back");
    }

    /// For how long somebody is answered after a confirmation.
    const WITHIN: Micros = 3_600_000_000;

    listed! { enum State { NotSinceTheStart, Confirmed, TooLongAgo } }
    listed! { enum Deed {
        TheSameIsNamed,
        AnOlderIsNamed,
        ANewerIsNamed,
        ANewerIsTaken,
        ANewerIsTakenAndNamed,
        TheSameComesAgain,
        ARosterIsRefused,
        MinutesPass,
        MoreMinutesPass,
        TheClockGoesBackALittle,
        TheClockGoesFarBack,
        Restart,
    } }

    /// The table: whether somebody is answered.
    fn answered(state: State, deed: Deed) -> bool {
        match (state, deed) {
            (
                State::NotSinceTheStart | State::Confirmed | State::TooLongAgo,
                Deed::TheSameIsNamed | Deed::AnOlderIsNamed | Deed::ANewerIsTakenAndNamed,
            ) => true,
            (
                State::NotSinceTheStart | State::TooLongAgo,
                Deed::ANewerIsNamed
                | Deed::ANewerIsTaken
                | Deed::TheSameComesAgain
                | Deed::ARosterIsRefused
                | Deed::MinutesPass
                | Deed::MoreMinutesPass,
            ) => false,
            (
                State::Confirmed,
                Deed::ANewerIsNamed
                | Deed::ANewerIsTaken
                | Deed::TheSameComesAgain
                | Deed::ARosterIsRefused
                | Deed::MinutesPass,
            ) => true,
            (State::Confirmed, Deed::MoreMinutesPass) => false,
            (State::NotSinceTheStart, Deed::TheClockGoesBackALittle) => false,
            // Then it is not too long ago any more.
            (State::Confirmed | State::TooLongAgo, Deed::TheClockGoesBackALittle) => true,
            (
                State::NotSinceTheStart | State::Confirmed | State::TooLongAgo,
                Deed::TheClockGoesFarBack | Deed::Restart,
            ) => false,
        }
    }

    #[test]
    fn somebody_is_answered_under_a_confirmed_roster_alone() {
        let authority = SigningKey::from_bytes(&[1; 32]);
        let other = SigningKey::from_bytes(&[2; 32]);
        let sign = |key: &SigningKey, roster: Roster| Signed::sign(key, roster).bytes().to_vec();
        let first = sign(&authority, roster(2, &other));
        let second = sign(&authority, roster(3, &other));
        let forged = sign(&other, roster(3, &other));
        let begin = || RosterInForce::begin(authority.verifying_key(), &first).unwrap();
        for state in State::ALL {
            for deed in Deed::ALL {
                let (mut force, mut now) = (begin(), 1_800_000_000_000_000);
                match state {
                    State::NotSinceTheStart => {}
                    State::Confirmed => force.confirm(2, now),
                    State::TooLongAgo => {
                        force.confirm(2, now);
                        now += WITHIN + 1;
                    }
                }
                assert_eq!(force.is_confirmed(now, WITHIN), state == State::Confirmed);
                let take = || force.take(force.newer(&second).unwrap().unwrap());
                match deed {
                    Deed::TheSameIsNamed => force.confirm(2, now),
                    Deed::AnOlderIsNamed => force.confirm(1, now),
                    Deed::ANewerIsNamed => force.confirm(3, now),
                    Deed::ANewerIsTaken => take(),
                    Deed::ANewerIsTakenAndNamed => {
                        take();
                        force.confirm(3, now);
                    }
                    Deed::TheSameComesAgain => assert!(force.newer(&first).unwrap().is_none()),
                    Deed::ARosterIsRefused => assert!(force.newer(&forged).is_err()),
                    Deed::MinutesPass => now += WITHIN,
                    Deed::MoreMinutesPass => now += WITHIN + 1,
                    Deed::TheClockGoesBackALittle => now -= CLOCK_STEP,
                    Deed::TheClockGoesFarBack => now -= WITHIN + CLOCK_STEP + 2,
                    Deed::Restart => force = begin(),
                }
                let confirmed = force.is_confirmed(now, WITHIN);
                assert_eq!(confirmed, answered(state, deed), "{state:?} {deed:?}");
            }
        }
    }

    #[test]
    fn a_suspended_member_is_nobody() {
        let authority = SigningKey::from_bytes(&[1; 32]);
        let mut listed = roster(1, &authority);
        let bytes = Signed::sign(&authority, listed.clone()).bytes().to_vec();
        let force = RosterInForce::begin(authority.verifying_key(), &bytes).unwrap();
        assert_eq!(force.party(&Fingerprint([7; 32])), Some(Party::Bank("alpha".into())));
        assert_eq!(force.party(&Fingerprint([9; 32])), Some(Party::Coordinator));
        assert_eq!(force.party(&Fingerprint([8; 32])), None);
        listed.version = 2;
        listed.members[0].standing = Standing::Suspended;
        force.take(force.newer(Signed::sign(&authority, listed).bytes()).unwrap().unwrap());
        assert_eq!(force.party(&Fingerprint([7; 32])), None);
        assert!(force.member(&BankId::parse("alpha", "bank").unwrap()).is_none());
    }
}
