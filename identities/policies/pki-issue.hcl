# Has workload certificates issued by the identity's own role. Whoever may issue
# a name can become that name: the role must allow no name but its own.
path "{mounts.pki}/issue/{name}" {
  capabilities = ["update"]
}
