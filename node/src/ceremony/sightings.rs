//! What the board shows, as far as its signatures hold.
//!
//! * Comes in: bytes from the board. Goes out: one body per holder and phase, complaints, and who posted twice.
//! * Trusts: the pinned keys of the plan. What no holder has signed for this ceremony says nothing of any holder, only of
//!   the board, and is passed over: so neither a forged post nor one replayed from another ceremony stops anything.
//! * Never sees: what is sealed to others. Fails: never.

use std::collections::BTreeMap;

use lianfang_proto::documents::ceremony::{Complaint, Phase, Post};
use lianfang_trust::{Canonical, Signed};

use super::failure::{Failure, Reason};
use super::plan::Plan;

/// How many posts of one holder are looked at.
const POSTS_PER_HOLDER: usize = 80;

/// The posts that concern this holder.
#[derive(Default)]
pub struct Sightings {
    bodies: BTreeMap<(Phase, usize), Vec<u8>>,
    wrong: Option<Failure>,
}

impl Sightings {
    /// Reads what the board shows.
    pub fn read(plan: &Plan, posts: &[Vec<u8>]) -> Self {
        let mut sightings = Self::default();
        for bytes in posts.iter().take(POSTS_PER_HOLDER * plan.seats().len()) {
            if let Some((from, post)) = open(plan, bytes) {
                sightings.take(plan, from, &post);
            }
        }
        sightings
    }

    /// The body that the holder at this position has posted in this phase.
    pub fn body(&self, phase: Phase, from: usize) -> Option<&[u8]> {
        self.bodies.get(&(phase, from)).map(Vec::as_slice)
    }

    /// What alone makes the ceremony fail: two different posts in one place, or a complaint.
    pub fn trouble(&self, plan: &Plan) -> Option<Failure> {
        self.wrong.clone().or_else(|| plan.others().find_map(|from| self.complaint(plan, from)))
    }

    fn complaint(&self, plan: &Plan, from: usize) -> Option<Failure> {
        let body = self.body(Phase::Complaint, from)?;
        let reporter = &plan.seats()[from].bank;
        let complaint = Complaint::decode(body).ok();
        let complaint = complaint.filter(|c| plan.proposal().takes_part(&c.accused));
        let said = complaint.and_then(|c| Some((c.accused, Reason::from_number(c.reason)?)));
        Some(match said {
            None => Failure::of(Reason::ComplaintMalformed, reporter),
            Some((accused, reason)) => {
                Failure { reporter: Some(reporter.clone()), ..Failure::of(reason, &accused) }
            }
        })
    }

    fn take(&mut self, plan: &Plan, from: usize, post: &Post) {
        let own = &plan.own().bank;
        let concerns = match post.phase {
            Phase::RoundTwo | Phase::RoundThree => post.to.as_ref() == Some(own) && from != plan.me(),
            Phase::RoundOne | Phase::Echo | Phase::Endorse | Phase::Complaint => post.to.is_none(),
        };
        if !concerns {
            return;
        }
        let phase = post.phase;
        let first = self.bodies.entry((phase, from)).or_insert_with(|| post.body.clone());
        if *first != post.body && self.wrong.is_none() {
            let reason = if phase == Phase::RoundOne { Reason::TwoOpenings } else { Reason::PostedTwice };
            self.wrong = Some(Failure::of(reason, &plan.seats()[from].bank));
        }
    }
}

/// A post that a holder of this plan has signed for this ceremony.
fn open(plan: &Plan, bytes: &[u8]) -> Option<(usize, Post)> {
    let signer = Signed::<Post>::claimed_signer(bytes).ok()?;
    let from = plan.seats().iter().position(|seat| seat.identity == signer)?;
    let post = Signed::<Post>::open(bytes, &plan.seats()[from].identity).ok()?.into_value();
    let ours = post.ceremony == plan.proposal().ceremony
        && post.proposal_digest == plan.digest()
        && post.from == plan.seats()[from].bank
        && plan.proposal().takes_part(&post.from);
    ours.then_some((from, post))
}
