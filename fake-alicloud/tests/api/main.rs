//! The fake from outside: a real HTTP client that signs on its own, against both doors.

mod client;
mod control;
mod control_client;
mod faults;
mod garbage;
mod gateway;
mod https;
mod ims;
mod kms;
mod metadata;
mod oos;
mod permissions;
mod ram;
mod required;
mod slow;
mod sts;
mod world;
