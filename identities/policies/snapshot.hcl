# Takes backups of the server's storage; cannot restore one.
path "sys/storage/raft/snapshot" {
  capabilities = ["read"]
}
