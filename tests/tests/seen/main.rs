//! What is seen from outside: numbers without data, probes that say what is wrong, a log that is nearly silent.

mod doctor;
mod exposition;
mod guide;
mod numbers;
mod quiet;
mod remedies;
