//! The last steps of a ceremony: a record that this holder signs, and the signatures of all who must.

use lianfang_proto::documents::ceremony::Phase;
use lianfang_proto::documents::key_record::{EndorsedKeyRecord, KeyRecord};
use lianfang_trust::Signed;
use zeroize::Zeroizing;

use super::{Applied, Effect, Hands, Stage, sealed};
use crate::ceremony::body::Opening;
use crate::ceremony::dealing::{Secrets, Table};
use crate::ceremony::failure::{Failure, Reason};
use crate::ceremony::papers::Papers;
use crate::ceremony::plan::Role;
use crate::ceremony::sightings::Sightings;

/// The holder whose share is repaired has signed that it fits.
pub(super) fn repaired(papers: Papers, board: &Sightings, hands: &Hands<'_>) -> Applied {
    let Some(record) = papers.plan.base().cloned() else {
        return papers.fail(Failure::nobodys(Reason::Internal), hands);
    };
    match signatures(&papers, board, &record) {
        Ok(Some(_)) => (papers.at(Stage::Done { record: Box::new(record) }), vec![Effect::Repaired]),
        Ok(None) => match papers.no_trouble(board) {
            Ok(()) => (papers.at(Stage::Summed), Vec::new()),
            Err(failure) => papers.fail(failure, hands),
        },
        Err(failure) => papers.fail(failure, hands),
    }
}

pub(super) fn endorse(
    papers: Papers,
    board: &Sightings,
    secrets: Secrets,
    openings: Vec<Opening>,
    hands: &Hands<'_>,
) -> Applied {
    let finish = |papers: &Papers| {
        let Some(sealed) = sealed(papers, board) else { return papers.no_trouble(board).map(|()| None) };
        let table = Table { plan: &papers.plan, openings: &openings, secrets: &secrets, held: hands.held };
        let finished = table.finish(&sealed)?;
        papers.no_trouble(board).map(|()| Some(finished))
    };
    match finish(&papers) {
        Ok(Some((share, record))) => {
            let body = Signed::sign(hands.identity, record.clone()).bytes().to_vec();
            let (share, record) = (share.to_sealed_bytes(), Box::new(record));
            let stage = Stage::Endorsed { share, record, trouble: None };
            papers.go_on(stage, vec![(Phase::Endorse, None, body)], hands)
        }
        Ok(None) => (papers.at(Stage::Dealt { secrets, openings }), Vec::new()),
        Err(failure) => papers.fail(failure, hands),
    }
}

pub(super) fn conclude(
    mut papers: Papers,
    board: &Sightings,
    share: Zeroizing<Vec<u8>>,
    record: Box<KeyRecord>,
    trouble: Option<Failure>,
    hands: &Hands<'_>,
) -> Applied {
    let found = match signatures(&papers, board, &record) {
        Ok(Some(signatures)) => return concluded(papers, share, record, signatures),
        Ok(None) => papers.no_trouble(board).err(),
        Err(failure) => Some(failure),
    };
    // Who is only late, or waited for by nobody any more, does not hide what this holder itself finds. What others
    // complain of takes nothing's place.
    let late = |failure: &Failure| matches!(failure.reason, Reason::Missing | Reason::GivenUp);
    let (trouble, found) = match found {
        Some(found) if trouble.as_ref().is_none_or(|known| late(known) && found.reporter.is_none()) => {
            (None, Some(found))
        }
        Some(_) | None => (trouble, None),
    };
    if let Some(failure) = &found {
        papers.complain(failure, hands.identity);
    }
    (papers.at(Stage::Endorsed { share, record, trouble: trouble.or(found) }), Vec::new())
}

/// Everybody who must has signed. Of a repair the record itself is known and signed already.
fn concluded(
    papers: Papers,
    share: Zeroizing<Vec<u8>>,
    record: Box<KeyRecord>,
    signatures: Vec<[u8; 64]>,
) -> Applied {
    let done = |papers: Papers, effect| (papers.at(Stage::Done { record: record.clone() }), vec![effect]);
    if papers.plan.role() == Role::Loser {
        let effect = Effect::Restore { share, record: record.clone() };
        return done(papers, effect);
    }
    match EndorsedKeyRecord::new((*record).clone(), signatures) {
        Ok(endorsed) => done(papers, Effect::Activate { share, record: Box::new(endorsed) }),
        // Each signature was verified alone; the share is kept whatever this means.
        Err(_) => {
            let trouble = Some(Failure::nobodys(Reason::Internal));
            (papers.at(Stage::Endorsed { share, record, trouble }), Vec::new())
        }
    }
}

/// The signatures of all who must sign, once they stand on the board under this very record. This holder's own counts only
/// there, too: a key that it took into use while its post was on the way would be one that nobody else can come to know of.
fn signatures(
    papers: &Papers,
    board: &Sightings,
    record: &KeyRecord,
) -> Result<Option<Vec<[u8; 64]>>, Failure> {
    let endorsers = papers.plan.endorsers();
    let mut signatures = Vec::new();
    for at in &endorsers {
        let seat = &papers.plan.seats()[*at];
        let shown = board.body(Phase::Endorse, *at);
        let Some(body) = shown.and(papers.body(Phase::Endorse, *at, board)) else { continue };
        let signed = Signed::<KeyRecord>::open(body, &seat.identity)
            .map_err(|_| Failure::of(Reason::EndorsementMalformed, &seat.bank))?;
        if signed.value() != record {
            return Err(Failure::of(Reason::RecordDiffers, &seat.bank));
        }
        signatures.push(*signed.signature().as_bytes());
    }
    Ok((signatures.len() == endorsers.len()).then_some(signatures))
}
