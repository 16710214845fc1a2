//! What stays with a holder through all stages: the plan, and what it has said.
//!
//! Comes in: bodies to be said. Goes out: signed posts, kept in their order with whether the board has them, and what
//! all holders have said in a phase. Never sees: secrets. Fails: naming the holder whose body is not of its form.

use lianfang_proto::documents::ceremony::{Complaint, Phase, Post};
use lianfang_trust::{Canonical, Signed, SigningKey};

use super::failure::{Failure, Reason};
use super::plan::Plan;
use super::sightings::Sightings;

/// A post of this holder.
pub struct Outgoing {
    /// The very bytes.
    pub post: Signed<Post>,
    /// Whether the board has taken them.
    pub sent: bool,
}

/// What stays through all stages.
pub struct Papers {
    /// Who takes part in what.
    pub plan: Plan,
    /// Every post of this holder, in their order.
    pub outbox: Vec<Outgoing>,
}

impl Papers {
    pub(super) fn complain(&mut self, failure: &Failure, key: &SigningKey) {
        let (None, [culprit]) = (&failure.reporter, failure.culprits.as_slice()) else { return };
        let complaint = Complaint { accused: culprit.clone(), reason: failure.reason.number() };
        if self.said(Phase::Complaint).is_none() {
            self.say(Phase::Complaint, None, complaint.encode(), key);
        }
    }

    pub(super) fn say(&mut self, phase: Phase, to: Option<usize>, body: Vec<u8>, key: &SigningKey) {
        let post = Post {
            ceremony: self.plan.proposal().ceremony,
            proposal_digest: self.plan.digest(),
            from: self.plan.own().bank.clone(),
            phase,
            to: to.map(|at| self.plan.seats()[at].bank.clone()),
            body,
        };
        self.outbox.push(Outgoing { post: Signed::sign(key, post), sent: false });
    }

    /// What this holder has said to all in this phase.
    pub(super) fn said(&self, phase: Phase) -> Option<&[u8]> {
        let mut own = self.outbox.iter().map(|outgoing| outgoing.post.value());
        own.find(|post| post.phase == phase && post.to.is_none()).map(|post| post.body.as_slice())
    }

    /// The body of one holder in this phase; our own needs no board.
    pub(super) fn body<'a>(&'a self, phase: Phase, at: usize, board: &'a Sightings) -> Option<&'a [u8]> {
        if at == self.plan.me() { self.said(phase) } else { board.body(phase, at) }
    }

    /// The body of everyone who takes part in this phase, in their order, each as its type; nothing while one is missing.
    pub(super) fn gathered<T: Canonical>(
        &self,
        phase: Phase,
        board: &Sightings,
        reason: Reason,
    ) -> Result<Option<Vec<T>>, Failure> {
        let participants = self.plan.participants();
        let bodies = participants.iter().map(|at| self.body(phase, *at, board));
        let Some(bodies) = bodies.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let decode = |(body, at): (&[u8], &usize)| {
            T::decode(body).map_err(|_| Failure::of(reason, &self.plan.seats()[*at].bank))
        };
        bodies.into_iter().zip(&participants).map(decode).collect::<Result<_, _>>().map(Some)
    }

    /// Posts of ours that we know nothing of: this store was lost or put back.
    fn is_strange_to_itself(&self, board: &Sightings) -> bool {
        [Phase::RoundOne, Phase::Echo, Phase::Endorse].into_iter().any(|phase| {
            let shown = board.body(phase, self.plan.me());
            shown.is_some() && shown != self.said(phase)
        })
    }

    pub(super) fn no_trouble(&self, board: &Sightings) -> Result<(), Failure> {
        if self.is_strange_to_itself(board) {
            return Err(Failure::of(Reason::OwnStateLost, &self.plan.own().bank));
        }
        board.trouble(&self.plan).map_or(Ok(()), Err)
    }
}
