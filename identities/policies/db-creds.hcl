# Draws short-lived database credentials for the identity's own role.
path "{mounts.database}/creds/{name}" {
  capabilities = ["read"]
}
