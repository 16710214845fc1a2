//! Copies that are put aside, and parties that go on with them.
//!
//! Comes in: a party under way. Goes out: the same as it was before. A bank's folder is copied as it lies there, behind its
//! back: nothing tells it that it went back in time. The coordinator's is what its commands `backup` and `restore` make,
//! for a roster that is not signed anew is refused by everybody who has seen a newer one.

use lianfang_coordinator::Coordinator;

use super::engine::is_done;
use super::operations::Change;
use super::play::Played;
use crate::world::COORDINATOR;

/// A copy that was put aside.
pub(super) struct Kept {
    name: String,
    version: usize,
    unsure: Option<(Change, u8)>,
}

impl Played<'_> {
    pub(super) fn keep(&mut self, party: &str) {
        if !self.knows(party) || !self.engine.lives(party) || self.lost.contains_key(party) {
            return;
        }
        self.numbers += 1;
        let name = format!("kept-{party}-{}", self.numbers);
        if party == COORDINATOR {
            let folder = self.engine.root().join(&name).display().to_string();
            if !is_done(&self.engine.run(party, &["backup", &folder])) {
                return;
            }
        } else {
            self.engine.keep(party, &name);
        }
        let version = self.versions.get(party).map_or(0, |versions| versions.len() - 1);
        let unsure = self.unsure.get(party).copied();
        self.kept.insert(party.to_owned(), Kept { name, version, unsure });
    }

    pub(super) fn bring_back(&mut self, party: &str) {
        let Some(kept) = self.kept.get(party) else { return };
        let (name, version, unsure) = (kept.name.clone(), kept.version, kept.unsure);
        self.engine.kill(party);
        if party == COORDINATOR {
            self.put_back(&name);
        } else {
            self.engine.bring_back(party, &name);
        }
        self.restored.insert(party.to_owned());
        // The copy is of a bank that had joined.
        self.lost.remove(party);
        if let Some(versions) = self.versions.get_mut(party) {
            versions.push(versions[version].clone());
            self.unsure.remove(party);
            self.unsure.extend(unsure.map(|unsure| (party.to_owned(), unsure)));
        }
        self.start(party);
    }

    /// The coordinator's folder is what its command makes of a backup.
    fn put_back(&mut self, name: &str) {
        let (dir, kept) = (self.engine.dir(COORDINATOR), self.engine.root().join(name));
        let ports = self.engine.coordinators_ports();
        let restored = self.engine.outside(async move {
            Coordinator::restore(&dir, &kept, &ports).await.map_err(|e| format!("{e:?}"))
        });
        if restored != Ok(Ok(())) {
            self.fail("is put back", format!("{restored:?}"));
        }
        self.age += 1;
    }
}
