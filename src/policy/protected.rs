//! Root-protected paths: whoever has the capability needs `sudo` as well.

/// Of the system backend and of the engines that every server has; `*` at the end for any rest.
/// HashiCorp lists them under "root protected API endpoints", OpenBao as `Root` of each backend.
const PROTECTED: &[&str] = &[
    "auth/token/accessors*",
    "auth/token/revoke-orphan",
    "sys/audit",
    "sys/audit/*",
    "sys/auth/*",
    "sys/config/auditing/*",
    "sys/config/cors",
    "sys/config/ui/headers/*",
    "sys/internal/inspect/*",
    "sys/leases",
    "sys/leases/lookup/*",
    "sys/leases/revoke-force/*",
    "sys/leases/revoke-prefix/*",
    "sys/plugins/catalog/*",
    "sys/raw",
    "sys/raw/*",
    "sys/remount",
    "sys/revoke-force/*",
    "sys/revoke-prefix/*",
    "sys/rotate",
    "sys/seal",
    "sys/step-down",
];

/// Is it one of them?
pub fn protected(path: &str) -> bool {
    PROTECTED.iter().any(|known| match known.strip_suffix('*') {
        Some(head) => path.starts_with(head),
        None => path == *known,
    })
}
