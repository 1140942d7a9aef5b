//! The fake from outside: a real HTTP client that signs on its own, against both doors.

mod client;
mod control;
mod garbage;
mod gateway;
mod kms;
mod world;
