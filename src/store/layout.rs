//! Where things are in a workspace; all paths are relative to it.

use crate::model::name::Name;

/// Every act, one line each.
pub const JOURNAL: &str = "ca/journal.jsonl";
/// The number and the hash of the journal's last entry.
pub const HEAD: &str = "ca/journal.head";
/// An act under way, or interrupted.
pub const PENDING: &str = "ca/.pending";
/// Holds the lock, and the root and the environments.
pub const CA: &str = "ca";
/// What makes a directory a workspace.
pub const ROOT: &str = "ca/root/root.toml";
/// One directory for each ceremony.
pub const CEREMONIES: &str = "ca/ceremonies";
/// What a root key was asked to do.
pub const PLAN: &str = "plan.toml";
/// What happened, signed by the root.
pub const TRANSCRIPT: &str = "transcript.txt";
/// What comes back to the side that planned.
pub const RESPONSE: &str = "response.toml";

/// The keys that the witnesses' signatures were checked with.
pub const ALLOWED_SIGNERS: &str = "allowed_signers";

/// A file of the ceremony of that number.
pub fn ceremony(number: u64, file: &str) -> String {
    format!("{CEREMONIES}/{number:04}/{file}")
}

/// How the key of a generation of the root is held, beside it.
pub const CUSTODY: &str = "custody.toml";
/// The transcript while it is being written: each plan's own, as a plan that is refused keeps it.
pub fn draft(number: u64, plan: &str) -> String {
    let plan: String = plan.chars().take(8).collect();
    ceremony(number, &format!("draft-{plan}.txt"))
}

/// What is so on this machine alone; not in Git.
pub const SITE: &str = "ca/site.toml";
/// Where reminders go.
pub const REMINDERS: &str = "ca/reminders.toml";
/// What was said by them: of this machine alone; not in Git.
pub const REMINDED: &str = "ca/.reminded.json";

/// ACL templates.
pub const POLICIES: &str = "identities/policies";

/// What the lint of policies lets pass, with reasons.
pub const EXCEPTIONS: &str = "identities/policies/exceptions.toml";

/// A policy template.
pub fn policy(name: &Name) -> String {
    format!("{POLICIES}/{name}.hcl")
}

/// The directory of one generation of the root.
pub fn root(generation: u32) -> String {
    format!("ca/root/g{generation}")
}

/// The declaration of an environment.
pub fn environment(environment: &Name) -> String {
    format!("ca/{environment}/environment.toml")
}

/// What relying parties of the environment load.
pub fn trust(environment: &Name) -> String {
    format!("ca/{environment}/trust.pem")
}

/// The directory of one generation of an intermediate.
pub fn intermediate(environment: &Name, name: &Name, generation: u32) -> String {
    format!("ca/{environment}/{name}/g{generation}")
}

/// Where every leaf is kept.
pub fn issued_dir(environment: &Name) -> String {
    format!("ca/{environment}/issued")
}

/// Every leaf ever issued, once.
pub fn issued(environment: &Name, serial: &str) -> String {
    format!("ca/{environment}/issued/{serial}.pem")
}

/// The directory of an identity: its declaration and what is current.
pub fn identity(environment: &Name, name: &Name) -> String {
    format!("identities/{environment}/{name}")
}

/// The current certificate of an identity, `ENV/NAME`.
pub fn certificate(identity: &str) -> String {
    ["identities/", identity, "/cert.pem"].concat()
}

/// The declaration of an identity.
pub fn declaration(environment: &Name, name: &Name) -> String {
    format!("identities/{environment}/{name}/identity.toml")
}
