//! Parties that start, stop, die, and go on with an earlier folder.

use std::sync::Arc;

use lianfang_coordinator::Coordinator;
use lianfang_node::Node;
use lianfang_ports::Ports;

use super::{Engine, Life, Machine, Silent, copy};
use crate::simulation::chance::Seeded;
use crate::simulation::quiet;
use crate::simulation::turn::Turns;
use crate::world::COORDINATOR;

impl Engine {
    /// Starts a party that is set up. It may refuse, or die.
    ///
    /// # Panics
    /// If it runs already.
    pub fn start(&mut self, party: &str) -> Result<(), String> {
        assert!(!self.lives(party), "{party} runs already");
        let (clock, net, seed) = (Arc::new(self.clock(party)), self.net.of(party), self.seed);
        let member = self.member(party);
        member.lives += 1;
        let chance = Arc::new(Seeded::of(seed, party, member.lives));
        let dir = member.dir.clone();
        member.life = Some(Life { turns: Turns::new(), machine: None });
        let ports = Ports { clock, chance };
        let started = if party == COORDINATOR {
            self.perform(party, async move {
                let started = Coordinator::start(&dir, ports, net).await;
                started.map(|coordinator| Machine::Coordinator(Arc::new(coordinator)))
            })
        } else {
            self.perform(party, async move {
                Node::start(&dir, ports, net).await.map(|node| Machine::Node(Arc::new(node)))
            })
        };
        match started {
            Ok(Ok(machine)) => {
                if let Some(life) = &mut self.member(party).life {
                    life.machine = Some(machine);
                }
                Ok(())
            }
            Ok(Err(problem)) => {
                self.kill(party);
                Err(format!("{problem:?}"))
            }
            // A fuse may burn while it starts.
            Err(Silent::Dead) => Ok(()),
            Err(Silent::Late) => Err("it does not start".to_owned()),
        }
    }

    /// Time and chance for a command of the coordinator's that is run while it is down.
    pub fn coordinators_ports(&mut self) -> Ports {
        let clock = Arc::new(self.clock(COORDINATOR));
        let (seed, member) = (self.seed, self.member(COORDINATOR));
        member.lives += 1;
        let chance = Arc::new(Seeded::of(seed, COORDINATOR, member.lives));
        Ports { clock, chance }
    }

    /// Stops a party as its operator would.
    ///
    /// # Panics
    /// Where the course of the ordinary fails.
    pub fn stop(&mut self, party: &str) {
        let Some(machine) = self.member(party).life.as_mut().and_then(|life| life.machine.take()) else {
            return;
        };
        let stopped = self.perform(party, async move {
            match machine {
                // A command that nobody waits for any more may still hold it: then it just ends.
                Machine::Coordinator(coordinator) => {
                    if let Some(coordinator) = Arc::into_inner(coordinator) {
                        coordinator.shutdown().await;
                    }
                }
                Machine::Node(node) => {
                    if let Some(node) = Arc::into_inner(node) {
                        node.shutdown().await;
                    }
                }
            }
        });
        assert_ne!(stopped, Err(Silent::Late), "{party} does not stop");
        if let Some(life) = self.member(party).life.take() {
            life.turns.kill(());
        }
        self.net.gone(party);
    }

    /// A party is gone at once. Its folder is what it was at that moment: its threads have ended what they were at, as
    /// system calls do, and nothing was closed.
    pub fn kill(&mut self, party: &str) {
        self.net.gone(party);
        quiet::wait();
        let (root, member) = (self.root.clone(), self.member(party));
        let Some(life) = member.life.take() else { return };
        member.fuse = None;
        let image = root.join(format!("{party}.{}", member.lives));
        copy(&member.dir, &image);
        let left = std::mem::replace(&mut member.dir, image);
        let Life { turns, machine } = life;
        turns.kill(machine);
        // Closing a store writes to its file: that is no longer the party's.
        quiet::wait();
        let _ = std::fs::remove_dir_all(left);
    }

    /// What a backup of the party's folder would hold now, under this name.
    pub fn keep(&mut self, party: &str, name: &str) {
        quiet::wait();
        let kept = self.root.join(name);
        let _ = std::fs::remove_dir_all(&kept);
        copy(&self.dir(party), &kept);
    }

    /// A party that is down goes on with what was kept under this name.
    ///
    /// # Panics
    /// Where the course of the ordinary fails.
    pub fn bring_back(&mut self, party: &str, name: &str) {
        assert!(!self.lives(party), "{party} runs");
        let (dir, kept) = (self.dir(party), self.root.join(name));
        let _ = std::fs::remove_dir_all(&dir);
        copy(&kept, &dir);
    }
}
