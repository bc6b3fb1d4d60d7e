//! The ceremony: the only way in which a root key signs. A plan is made and reviewed online,
//! rehearsed with throw-away keys, carried out on a machine without a network, and comes back as a
//! response: plan -> rehearse -> run -> verify -> import. What one machine does by itself is a
//! ceremony of one step.

pub mod conclude;
pub mod guard;
pub mod import;
pub mod medium;
pub mod plan;
pub mod rehearse;
pub mod response;
pub mod run;
pub mod script;
pub mod single;
pub mod steps;
pub mod transcript;
pub mod verify;
pub mod watch;
pub mod witnessed;
