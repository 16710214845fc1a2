//! What must go when a record goes or no longer enters: its mentions, and outputs at once.
//!
//! Comes in: a record, or identifiers whose mentions have changed, within the transaction that changed them. Goes out:
//! nothing. An output may stay only while a record that enters mentions its identifier; a held, retracted or victim's
//! record does not count, whoever else mentions it does. An identifier is there as long as a record mentions it.

use std::ops::ControlFlow;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::entry::{Mention, Record, restated};
use super::standing::State;
use super::{Register, Standing, outputs};
use crate::store::drawer::{Change, Key, exactly, key, numbers, spans};
use crate::store::{Connection, StoreError};

/// Of these identifiers, which are sorted, those that a record mentions which enters.
pub(super) async fn entering(
    connection: &mut Connection,
    register: &Register,
    identifiers: &[i64],
) -> Result<Vec<i64>, StoreError> {
    let mut entering: Vec<i64> = Vec::new();
    let mut see = |key: &Key, value: &[u8]| {
        let (id, _) = numbers(key);
        if Mention::says_enters(value) && entering.last() != Some(&id) {
            entering.push(id);
        }
        Ok(ControlFlow::Continue(()))
    };
    register.seals.mentions.visit(connection, &spans(identifiers), &mut see).await?;
    Ok(entering)
}

/// Deletes the outputs of those of these identifiers, sorted, that no entering record mentions.
pub(super) async fn forget_outputs(
    tx: &mut Connection,
    rng: &mut (dyn CryptoRng + Send),
    register: &Register,
    identifiers: &[i64],
) -> Result<(), StoreError> {
    if identifiers.is_empty() {
        return Ok(());
    }
    let drawers = outputs::drawers(&mut *tx, &register.store).await?;
    if drawers.is_empty() {
        return Ok(());
    }
    let entering = entering(&mut *tx, register, identifiers).await?;
    let unneeded = identifiers.iter().filter(|id| entering.binary_search(id).is_err());
    let gone: Vec<Change> = unneeded.map(|id| Change { key: key(*id, 0), value: None }).collect();
    for drawer in drawers {
        drawer.apply(&mut *tx, &mut *rng, &gone).await?;
    }
    Ok(())
}

/// Has a record stand so from now on, with its mentions: those of one that is retracted go.
pub(super) async fn restate(
    tx: &mut Connection,
    rng: &mut (dyn CryptoRng + Send),
    register: &Register,
    id: i64,
    entry: &[u8],
    state: State,
) -> Result<(), StoreError> {
    let (records, mentions) = (&register.seals.records, &register.seals.mentions);
    let record = Record::read(entry).ok_or_else(|| records.malformed())?;
    let mut identifiers: Vec<i64> = record.identifiers().collect();
    let enters = (state.standing != Standing::Retracted).then_some(state.enters());
    let value = restated(&record, state);
    let change = Change { key: key(id, 0), value: Some(value) };
    records.apply(&mut *tx, &mut *rng, &[change]).await?;
    identifiers.sort_unstable();
    identifiers.dedup();
    let mut changes = Vec::with_capacity(identifiers.len());
    let mut see = |key: &Key, value: &[u8]| {
        let value = match enters {
            Some(enters) => {
                let mention = Mention::read(value).ok_or_else(|| mentions.malformed())?;
                let mention = Mention { enters, ..mention };
                let mut to = Zeroizing::new(Vec::with_capacity(mention.bytes()));
                mention.write(&mut to);
                Some(to)
            }
            None => None,
        };
        changes.push(Change { key: *key, value });
        Ok(ControlFlow::Continue(()))
    };
    mentions.visit(&mut *tx, &exactly(&identifiers, id), &mut see).await?;
    mentions.apply(&mut *tx, &mut *rng, &changes).await?;
    forget_outputs(tx, rng, register, &identifiers).await
}
