//! Connections from outside: who gets in, who does not and why, and what faults of the wire look like.

#[cfg(test)]
mod authority;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod world;
