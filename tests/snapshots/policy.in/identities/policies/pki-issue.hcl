path "{mounts.pki}/issue/{name}" {
  capabilities = ["update"]
}
