//! The whole coordinator over the network's twin in memory, with banks that are nothing but keys and a channel.

#[cfg(test)]
mod bank;
#[cfg(test)]
mod ceremonies;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod rests;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod shared;
#[cfg(test)]
mod submissions;
#[cfg(test)]
mod world;
